"""Both forms of inference requests and answers, whole and streamed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.sim.inference.completion import MAX_OUTPUT_TOKENS, NOTHING_SAID
from bot.sim.inference.examples import example
from tests.sim.inference import CHAT, MESSAGES, User, chat, events_of, json_of, message

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
    "required": ["city"],
}
ARGUMENTS = {"city": "text", "days": 2}
CHAT_TOOLS = [
    {"type": "function", "function": {"name": "other"}},
    {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": SCHEMA}},
]
MESSAGES_TOOLS = [{"name": "other", "input_schema": {}}, {"name": "weather", "input_schema": SCHEMA}]


@pytest.fixture
def user() -> User:
    """Has a unit of text-prime in Consumption."""
    user = User()
    user.stock(1_000_000)
    return user


def test_a_chat_completion_repeats_the_users_last_words(user: User) -> None:
    asked = chat(messages=[
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One."},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": [{"type": "text", "text": "Three,"}, {"type": "text", "text": "four."}]},
    ])  # fmt: skip
    assert user.whole(CHAT, asked) == {
        "id": "chatcmpl-00000002",
        "object": "chat.completion",
        "created": int(user.now.timestamp()),
        "model": "text-prime",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Three,\nfour.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 15, "completion_tokens": 4, "total_tokens": 19},
    }


def test_a_message_repeats_the_users_last_words(user: User) -> None:
    asked = message(
        system=[{"type": "text", "text": "Be brief."}],
        messages=[{"role": "user", "content": [{"type": "text", "text": "One."}]}],
    )
    assert user.whole(MESSAGES, asked) == {
        "id": "msg_00000002",
        "type": "message",
        "role": "assistant",
        "model": "text-prime",
        "content": [{"type": "text", "text": "One."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 2},
    }


def test_answers_end_at_max_tokens(user: User) -> None:
    for limit in ({"max_tokens": 2}, {"max_completion_tokens": 2}):
        (choice,) = user.whole(CHAT, chat(**limit))["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("Hello,", "length")
    answer = user.whole(MESSAGES, message() | {"max_tokens": 2})
    assert (answer["content"][0]["text"], answer["stop_reason"]) == ("Hello,", "max_tokens")


def test_no_answer_is_longer_than_the_model_can_speak(user: User) -> None:
    answer = user.whole(CHAT, chat("word " * 10_000))
    assert (answer["usage"]["completion_tokens"], answer["choices"][0]["finish_reason"]) == (
        MAX_OUTPUT_TOKENS,
        "length",
    )


@pytest.mark.parametrize("messages", [[{"role": "user", "content": " "}], [{"role": "system", "content": "Hi"}]])
def test_there_is_an_answer_to_silence(user: User, messages: object) -> None:
    assert user.whole(CHAT, chat(messages=messages))["choices"][0]["message"]["content"] == NOTHING_SAID


def test_a_chat_stream_has_a_chunk_for_every_token_and_ends_with_done(user: User) -> None:
    *chunks, done = [data for _, data in events_of(user.ask(CHAT, chat(stream=True)))]
    assert done == "[DONE]"
    assert {(chunk["id"], chunk["object"], chunk["model"]) for chunk in chunks} == {
        ("chatcmpl-00000002", "chat.completion.chunk", "text-prime")
    }
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0]["delta"]["role"] == "assistant"
    assert [choice["delta"].get("content") for choice in choices] == ["", "Hello", ",", " world", "!", None]
    assert [choice["finish_reason"] for choice in choices] == [None] * 5 + ["stop"]
    assert all("usage" not in chunk for chunk in chunks)


def test_a_chat_stream_tells_the_usage_when_it_is_asked_for(user: User) -> None:
    asked = chat(stream=True, stream_options={"include_usage": True})
    *chunks, last, done = [data for _, data in events_of(user.ask(CHAT, asked))]
    assert done == "[DONE]"
    assert {chunk["usage"] for chunk in chunks} == {None}
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9}


def test_a_message_stream_is_typed_and_tells_the_usage(user: User) -> None:
    answer = user.ask(MESSAGES, message(stream=True) | {"max_tokens": 2})
    events = events_of(answer)
    assert all(kind == data["type"] for kind, data in events)
    assert [kind for kind, _ in events] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    told = dict(events)
    assert told["message_start"]["message"]["usage"] == {"input_tokens": 5, "output_tokens": 0}
    assert told["content_block_start"]["content_block"] == {"type": "text", "text": ""}
    deltas = [data["delta"] for kind, data in events if kind == "content_block_delta"]
    assert deltas == [{"type": "text_delta", "text": "Hello"}, {"type": "text_delta", "text": ","}]
    assert told["message_delta"]["delta"] == {"stop_reason": "max_tokens", "stop_sequence": None}
    assert told["message_delta"]["usage"] == {"output_tokens": 2}


@pytest.mark.parametrize(
    ("choice", "name", "arguments"),
    [
        ({"type": "function", "function": {"name": "weather"}}, "weather", ARGUMENTS),
        ("required", "other", {}),
    ],
)
def test_a_forced_function_is_called_with_arguments_of_its_shape(
    user: User, choice: object, name: str, arguments: object
) -> None:
    asked = chat(tools=CHAT_TOOLS, tool_choice=choice)
    answer = user.whole(CHAT, asked)
    (told,) = answer["choices"]
    assert (told["message"]["content"], told["finish_reason"]) == (None, "tool_calls")
    (call,) = told["message"]["tool_calls"]
    assert (call["type"], call["function"]["name"]) == ("function", name)
    assert msgspec.json.decode(call["function"]["arguments"]) == arguments

    chunks = [data for _, data in events_of(user.ask(CHAT, asked | {"stream": True}))][:-2]
    (first,) = chunks[0]["choices"][0]["delta"]["tool_calls"]
    assert (first["index"], first["function"]) == (0, {"name": name, "arguments": ""})
    pieces = [chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"] for chunk in chunks]
    assert "".join(pieces) == call["function"]["arguments"]
    assert len(pieces) - 1 == answer["usage"]["completion_tokens"]


@pytest.mark.parametrize(
    ("choice", "name", "arguments"),
    [({"type": "tool", "name": "weather"}, "weather", ARGUMENTS), ({"type": "any"}, "other", {})],
)
def test_a_forced_tool_is_used_with_input_of_its_shape(
    user: User, choice: object, name: str, arguments: object
) -> None:
    asked = message(tools=MESSAGES_TOOLS, tool_choice=choice)
    answer = user.whole(MESSAGES, asked)
    (block,) = answer["content"]
    assert (block["type"], block["name"], block["input"]) == ("tool_use", name, arguments)
    assert answer["stop_reason"] == "tool_use"

    events = events_of(user.ask(MESSAGES, asked | {"stream": True}))
    opened = dict(events)["content_block_start"]["content_block"]
    assert (opened["name"], opened["input"]) == (name, {})
    pieces = [data["delta"]["partial_json"] for kind, data in events if kind == "content_block_delta"]
    assert msgspec.json.decode("".join(pieces)) == arguments
    assert len(pieces) == answer["usage"]["output_tokens"]


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_tools_that_need_not_be_called_are_not_but_count_as_prompt(user: User, choice: object) -> None:
    answer = user.whole(CHAT, chat(tools=CHAT_TOOLS, tool_choice=choice))
    assert answer["choices"][0]["message"]["content"] == "Hello, world!"
    assert answer["usage"]["prompt_tokens"] > 5
    assert user.whole(MESSAGES, message(tools=MESSAGES_TOOLS))["content"][0]["text"] == "Hello, world!"


def test_a_call_that_does_not_fit_is_answered_by_text(user: User) -> None:
    answer = user.whole(CHAT, chat(tools=CHAT_TOOLS, tool_choice="required", max_tokens=1))
    assert answer["choices"][0]["message"]["content"] == "Hello"


def test_a_conversation_with_tool_calls_goes_on_in_either_form(user: User) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    answer = user.whole(CHAT, chat(messages=[
        {"role": "user", "content": "Rain?"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "No."},
    ]))  # fmt: skip
    assert answer["choices"][0]["message"]["content"] == "Rain?"
    assert answer["usage"]["prompt_tokens"] > 8

    answer = user.whole(MESSAGES, message(messages=[
        {"role": "user", "content": "Rain?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "weather", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "No."}]},
            {"type": "tool_result", "tool_use_id": "t2"},
        ]},
    ]))  # fmt: skip
    assert answer["content"][0]["text"] == "No."


BAD_CHATS: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "robot", "content": ""}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0]"),
    ({"messages": [{"role": "assistant", "tool_calls": []}]}, "messages[0]"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"temperature": 2.1}, "temperature"),
    ({"top_p": -0.1}, "top_p"),
    ({"n": 2}, "n"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"tools": [{"type": "function", "function": {"name": "no blanks"}}]}, "tools[0].function.name"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tools": CHAT_TOOLS, "tool_choice": {"type": "function", "function": {"name": "no"}}}, "tool_choice"),
]


@pytest.mark.parametrize(("wrong", "parameter"), BAD_CHATS, ids=lambda value: str(value))
def test_a_bad_parameter_of_a_chat_is_named(user: User, wrong: dict[str, Any], parameter: str) -> None:
    answer = user.at_front(user.request(CHAT, chat() | wrong))
    assert (answer.status, json_of(answer)["error"]["param"]) == (422, parameter)


def test_a_missing_parameter_is_named(user: User) -> None:
    answer = user.at_front(user.request(CHAT, {"model": "text-prime"}))
    assert (answer.status, json_of(answer)["error"]["param"]) == (422, "messages")


def test_a_body_that_is_no_object_is_a_bad_parameter_without_a_name(user: User) -> None:
    answer = user.at_front(user.request(CHAT, b"[]"))
    assert (answer.status, json_of(answer)["error"]["param"]) == (422, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_tokens": None},
        {"messages": [{"role": "system", "content": ""}]},
        {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
        {"temperature": 1.1},
        {"tool_choice": {"type": "tool", "name": "no"}},
        {"tool_choice": {"type": "tool"}, "tools": MESSAGES_TOOLS},
        {"tools": [{"name": "weather"}]},
    ],
)
def test_a_bad_parameter_of_a_message_is_refused(user: User, wrong: dict[str, Any]) -> None:
    assert user.at_front(user.request(MESSAGES, message() | wrong)).status == 422


@pytest.mark.parametrize("body", [b'{"model": "\xff"}', b"[" * 100_000])
def test_what_no_decoder_can_hold_is_malformed(user: User, body: bytes) -> None:
    assert user.at_front(user.request(CHAT, body)).status == 400


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 1}, 1),
        ({"type": "string", "default": "d"}, "d"),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "string"}, "text"),
        ({"type": "number"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {}}, []),
        ({"type": "object"}, {}),
        ({"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"$ref": "#/x"}}}, {"a": False, "b": None}),
        ({"enum": []}, None),
        ({"type": ["string"]}, None),
        (None, None),
    ],
)
def test_examples_have_the_shape_of_their_schema(schema: object, value: object) -> None:
    assert example(schema) == value
