"""Whole answers in both forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadAnswer, OutcomeUnknown
from bot.grid.inference.answers import Answer, ToolCall, Usage, chat_answer, messages_answer
from bot.grid.inference.requests import ChatRequest
from tests.grid.inference.scripted_web import CHAT, HELLO, KEY, MESSAGE, client_of, said


async def test_a_chat_has_text_reason_model_usage_and_the_request_id() -> None:
    inference, web = client_of(said(CHAT, x_request_id="r1"))
    answer = await inference.chat("text-prime", HELLO, max_tokens=100, extra={"grid": 1})
    assert answer == Answer("Hi!", "stop", "text-prime-2026", (), Usage(8, 2, 10), "r1", CHAT)
    (request,) = web.requests
    assert (request.method, request.url) == ("POST", "https://api.thegrid.ai/v1/chat/completions")
    assert web.bodies == [{"model": "text-prime", "messages": HELLO, "max_tokens": 100, "grid": 1}]
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert web.opened[0].closed


async def test_a_message_has_them_too() -> None:
    inference, web = client_of(said(MESSAGE, request_id="r1"))
    answer = await inference.messages("text-prime", HELLO, max_tokens=100, system="Be brief.")
    assert answer == Answer("Hi!", "end_turn", "text-prime-2026", (), Usage(8, 2, 10), "r1", MESSAGE)
    assert web.bodies == [{"model": "text-prime", "messages": HELLO, "max_tokens": 100, "system": "Be brief."}]


def chat_with(**message: Any) -> dict[str, Any]:
    return {"choices": [{"message": message}]}


def test_tool_calls_of_a_chat() -> None:
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}},
        {"id": "c2", "type": "function", "function": {"name": "time"}},
        {"id": None, "function": None},
        "nonsense",
    ]
    answer = chat_answer(chat_with(content=None, tool_calls=calls), None)
    assert answer.text == ""
    assert answer.tool_calls == (
        ToolCall("c1", "weather", '{"city": "Oslo"}'),
        ToolCall("c2", "time", "{}"),
        ToolCall("", "", "{}"),
    )


def test_tool_calls_of_a_message() -> None:
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "Let me "},
        {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
        {"type": "text", "text": "see."},
        {"type": "tool_use", "id": "t2", "name": "time", "input": {}},
    ]
    answer = messages_answer({"content": content, "stop_reason": "tool_use"}, None)
    assert (answer.text, answer.finish_reason) == ("Let me see.", "tool_use")
    assert answer.tool_calls == (ToolCall("t1", "weather", '{"city":"Oslo"}'), ToolCall("t2", "time", "{}"))


def test_of_several_choices_the_first_counts() -> None:
    choices = [{"message": {"content": "one"}, "finish_reason": "stop"}, {"message": {"content": "two"}}]
    assert chat_answer({"choices": choices}, None).text == "one"


def test_a_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    assert chat_answer(chat_with(content=parts), None).text == "ab"


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        ({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, Usage(1, 2, 3)),
        ({"prompt_tokens": 1, "completion_tokens": 2}, Usage(1, 2, 3)),
        ({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": None}, Usage(1, 2, 3)),
        ({"prompt_tokens": "1", "completion_tokens": 2.0, "total_tokens": "9"}, Usage(1, 2, 9)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, Usage(0, 0, 0)),
        ({"prompt_tokens": 1}, None),
        ({"prompt_tokens": 1, "completion_tokens": None}, None),
        ({"prompt_tokens": 1, "completion_tokens": True}, None),
        ({"prompt_tokens": -1, "completion_tokens": 2}, None),
        ({"prompt_tokens": 1.5, "completion_tokens": 2}, None),
        ({"prompt_tokens": "many", "completion_tokens": 2}, None),
        ({"total_tokens": 3}, None),
        ({}, None),
        (None, None),
        ("3", None),
    ],
)
def test_usage_is_what_the_exchange_says_and_never_guessed(raw: Any, usage: Usage | None) -> None:
    assert chat_answer({"usage": raw}, None).usage == usage


def test_input_through_a_cache_is_input() -> None:
    raw = {
        "input_tokens": 1,
        "cache_creation_input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation": None,
        "output_tokens": 5,
    }
    assert messages_answer({"usage": raw}, None).usage == Usage(111, 5, 116)
    assert messages_answer({"usage": {"input_tokens": 1}}, None).usage is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "text", "type", "usage", "tool_calls", "function", "input"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(raw=st.dictionaries(st.sampled_from(["choices", "content", "usage", "model", "stop_reason"]), JSON))
def test_whatever_is_missing_or_odd_is_taken_as_nothing(raw: dict[str, Any]) -> None:
    for answer_of in (chat_answer, messages_answer):
        answer = answer_of(raw, None)
        assert isinstance(answer.text, str)
        assert answer.raw == raw


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"[" * 100_000, b"\xff"])
async def test_a_success_that_is_no_json_object_cannot_be_understood(body: bytes) -> None:
    inference, web = client_of(said(body, x_request_id="r1"))
    with pytest.raises(BadAnswer, match=r"cannot be understood.*\(request r1\)\. Tokens may have been used"):
        await inference.chat("text-prime", HELLO)
    assert web.opened[0].closed


async def test_an_error_that_says_it_is_a_success_is_none() -> None:
    inference, _ = client_of(said({"error": {"message": "overloaded", "code": "busy"}}))
    with pytest.raises(OutcomeUnknown, match="200: overloaded") as failed:
        await inference.chat("text-prime", HELLO)
    assert failed.value.code == "busy"


async def test_an_error_that_is_null_is_none_at_all() -> None:
    inference, _ = client_of(said({**CHAT, "error": None}))
    assert (await inference.chat("text-prime", HELLO)).text == "Hi!"


async def test_the_models_are_listed() -> None:
    listed = {"object": "list", "data": [{"id": "text-prime"}, {"id": "code-max", "x": 1}, {"id": None}, 3]}
    inference, web = client_of(said(listed))
    assert await inference.models() == ["text-prime", "code-max"]
    (request,) = web.requests
    assert (request.method, request.url, request.body) == ("GET", "https://api.thegrid.ai/v1/models", b"")
    assert "content-type" not in request.headers


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": "text-prime"}, b"nonsense"])
async def test_a_list_of_models_that_is_none_cannot_be_understood(body: object) -> None:
    inference, _ = client_of(said(body))
    with pytest.raises(BadAnswer) as failed:
        await inference.models()
    assert "Tokens" not in str(failed.value)


async def test_a_request_made_elsewhere_can_be_sent() -> None:
    body = {"model": "m", "messages": HELLO, "stream": True, "thinking": {"budget": 1}}
    inference, web = client_of(said(CHAT))
    assert (await inference.send(ChatRequest.decode(json.dumps(body).encode()))).text == "Hi!"
    assert web.bodies == [{"model": "m", "messages": HELLO, "thinking": {"budget": 1}}]
