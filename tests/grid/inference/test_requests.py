"""Requests: what the public SDKs of both forms send passes through our types unharmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidRequest
from bot.grid.inference.requests import ChatRequest, MessagesRequest
from tests.grid.inference.scripted_web import CHAT, HELLO, MESSAGE

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "x-order": 10**30}
FUNCTION = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA, "strict": True}}
TOOL = {"name": "weather", "description": "Tells it.", "input_schema": SCHEMA, "cache_control": {"type": "ephemeral"}}
PICTURE = "data:image/png;base64,iVBORw0KGgo="

CHATS: dict[str, dict[str, Any]] = {
    "plain": {"messages": HELLO},
    "numbers": {"messages": HELLO, "max_tokens": 5, "temperature": 0, "top_p": 0.5, "seed": 7, "n": 2, "stop": ["a"]},
    "nulls": {"messages": HELLO, "temperature": None, "stop": None, "max_completion_tokens": 9},
    "tools": {
        "messages": [
            *HELLO,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ],
        "tools": [FUNCTION],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "parallel_tool_calls": False,
    },
    "parts": {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "żółć ✓"}, {"type": "image_url", "image_url": {"url": PICTURE}}],
            },
        ]
    },
    "streaming": {"messages": HELLO, "stream": True, "stream_options": {"include_usage": True}},
    "schema": {
        "messages": HELLO,
        "response_format": {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}},
        "reasoning_effort": "low",
        "metadata": {"a": "b"},
        "logit_bias": {"50256": -100},
    },
    "unknown": {
        "messages": HELLO,
        "service_tier": "flex",
        "extra_body": {"thinking": {"budget": 1}, "grid": [None, 1.5]},
    },
}

MESSAGES: dict[str, dict[str, Any]] = {
    "plain": {"messages": HELLO},
    "system": {"messages": HELLO, "system": "Be brief.", "stop_sequences": ["a"], "extra_body": {"temperature": 1}},
    "system blocks": {
        "messages": HELLO,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "metadata": {"user_id": "u"},
    },
    "tools": {
        "messages": [
            *HELLO,
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "rain"}]},
        ],
        "tools": [TOOL],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    },
    "parts": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
                ],
            }
        ]
    },
    "streaming": {"messages": HELLO, "stream": True},
    "thinking": {"messages": HELLO, "thinking": {"type": "enabled", "budget_tokens": 1024}},
    "unknown": {"messages": HELLO, "service_tier": "auto", "extra_body": {"grid": [None, 1.5]}},
}


class Wire:
    """Keeps what an SDK sends."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.bodies: list[bytes] = []
        self._answer = answer

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self._handle))

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(request.content)
        if json.loads(request.content).get("stream"):
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=b"data: [DONE]\n\n")
        return httpx2.Response(200, json=self._answer)


@pytest.fixture
def openai_wire() -> Wire:
    return Wire(CHAT)


@pytest.fixture
def chats(openai_wire: Wire) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="k", base_url="http://grid/v1", http_client=openai_wire.client()) as client:
        yield client


@pytest.fixture
def anthropic_wire() -> Wire:
    return Wire(MESSAGE)


@pytest.fixture
def claude(anthropic_wire: Wire) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="k", base_url="http://grid", http_client=anthropic_wire.client()) as client:
        yield client


@pytest.mark.parametrize("fields", CHATS.values(), ids=CHATS)
def test_what_the_openai_package_sends_passes_unharmed(
    fields: dict[str, Any], chats: openai.OpenAI, openai_wire: Wire
) -> None:
    chats.chat.completions.create(model="text-prime", **fields)
    (sent,) = openai_wire.bodies
    request = ChatRequest.decode(sent)
    assert json.loads(request.encode()) == json.loads(sent)
    assert request.body["model"] == "text-prime"
    assert request.body["messages"] == fields["messages"]


@pytest.mark.parametrize("fields", MESSAGES.values(), ids=MESSAGES)
def test_what_the_anthropic_package_sends_passes_unharmed(
    fields: dict[str, Any], claude: anthropic.Anthropic, anthropic_wire: Wire
) -> None:
    claude.messages.create(model="text-prime", max_tokens=2048, **fields)
    (sent,) = anthropic_wire.bodies
    request = MessagesRequest.decode(sent)
    assert json.loads(request.encode()) == json.loads(sent)
    assert request.body["max_tokens"] == 2048


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(unknown=st.dictionaries(st.text().map(lambda name: f"x-{name}"), JSON, max_size=5))
def test_fields_that_nobody_documented_pass_unharmed(unknown: dict[str, Any]) -> None:
    fields = {**unknown, "model": "m", "messages": [{"role": "user", "content": "Hi", **unknown}]}
    assert json.loads(ChatRequest.decode(json.dumps(fields).encode()).encode()) == fields


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"messages": HELLO}, "missing required field `model`"),
        ({"model": "m"}, "missing required field `messages`"),
        ({"model": "m", "messages": "Hello"}, r"Expected `array`, got `str` - at `\$\.messages`"),
        ({"model": "m", "messages": ["Hello"]}, r"at `\$\.messages\[0\]`"),
        ({"model": 4, "messages": HELLO}, r"at `\$\.model`"),
        ({"model": "m", "messages": HELLO, "max_tokens": "100"}, r"at `\$\.max_tokens`"),
        ({"model": "m", "messages": HELLO, "max_tokens": True}, r"at `\$\.max_tokens`"),
        ({"model": "m", "messages": HELLO, "tools": {}}, r"at `\$\.tools`"),
    ],
)
def test_a_documented_field_of_the_wrong_type_is_refused_by_name(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint) as refused:
        ChatRequest.of(fields)
    assert str(refused.value).startswith("POST /chat/completions: ")
    assert str(refused.value).endswith("Nothing was sent.")


def test_the_messages_form_needs_max_tokens() -> None:
    with pytest.raises(InvalidRequest, match="POST /messages: Object missing required field `max_tokens`"):
        MessagesRequest.of({"model": "m", "messages": HELLO})


@pytest.mark.parametrize("text", [b"", b"nonsense", b"[]", b"null", b"[" * 100_000, b'"\xff"'])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidRequest):
        ChatRequest.decode(text)


@pytest.mark.parametrize("value", [object(), "\ud800", {1, object()}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest, match="not possible in JSON"):
        ChatRequest.of({"model": "m", "messages": HELLO, "x": value}).encode()


def test_a_misspelt_option_is_refused_with_what_was_meant() -> None:
    with pytest.raises(TypeError, match=r"there is no option max_token; did you mean max_tokens\?"):
        ChatRequest.build("m", HELLO, {"max_token": 5})
    with pytest.raises(TypeError, match="there is no option zzz; what is not documented goes into `extra`"):
        MessagesRequest.build("m", HELLO, {"zzz": 5}, max_tokens=1)


def test_options_win_over_extra_fields() -> None:
    request = ChatRequest.build("m", tuple(HELLO), {"seed": 1}, {"model": "other", "seed": 2, "grid": True})
    assert request.body == {"model": "m", "messages": HELLO, "seed": 1, "grid": True}


def test_a_stream_asks_for_its_usage_unless_told_otherwise() -> None:
    request = ChatRequest.of({"model": "m", "messages": HELLO})
    assert request.streamed().body == {**request.body, "stream": True, "stream_options": {"include_usage": True}}
    told = ChatRequest.of({**request.body, "stream_options": {"include_usage": False, "x": 1}})
    assert told.streamed().body["stream_options"] == {"include_usage": False, "x": 1}
    assert request.streamed().whole() == request


def test_a_stream_of_messages_tells_its_usage_unasked() -> None:
    request = MessagesRequest.of({"model": "m", "messages": HELLO, "max_tokens": 1})
    assert request.streamed().body == {**request.body, "stream": True}
    assert request.streamed().whole() == request
