"""Answers to inference, in one shape for both forms. What the exchange leaves out is empty or None, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from bot.grid.inference.requests import Json

_THROUGH_CACHE = ("cache_creation_input_tokens", "cache_read_input_tokens")
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that an exchange of messages took; input and output are billed alike."""

    input: int
    output: int
    total: int

    @classmethod
    def of_chat(cls, raw: Any) -> Self | None:
        """Usage in the Chat Completions form; None where it is missing or incomplete."""
        fields = mapping(raw)
        took, gave = count(fields.get("prompt_tokens")), count(fields.get("completion_tokens"))
        if took is None or gave is None:
            return None
        total = count(fields.get("total_tokens"))
        return cls(took, gave, took + gave if total is None else total)

    @classmethod
    def of_messages(cls, raw: Any) -> Self | None:
        """Usage in the Messages form, input through a cache included; None where it is missing or incomplete."""
        fields = mapping(raw)
        took, gave = count(fields.get("input_tokens")), count(fields.get("output_tokens"))
        if took is None or gave is None:
            return None
        took += sum(count(fields.get(name)) or 0 for name in _THROUGH_CACHE)
        return cls(took, gave, took + gave)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants called. `arguments` is the model's own text, most likely JSON; `{}` for none."""

    id: str
    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        text: what the model said; of several choices the first.
        finish_reason: why it stopped, in the exchange's words: `stop`, `length`, `end_turn`, `tool_use`...
        model: what answered.
        tool_calls: the tools that it wants called, in order.
        usage: tokens used; None when the exchange did not say.
        request_id: the exchange's id of the request, for its support desk.
        raw: the answer's JSON.
    """

    text: str
    finish_reason: str | None = None
    model: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    request_id: str | None = None
    raw: Json = field(default_factory=dict, repr=False)


def chat_answer(raw: Json, request_id: str | None) -> Answer:
    """An answer in the Chat Completions form."""
    choice = next(mappings(raw.get("choices")), {})
    message = mapping(choice.get("message"))
    return Answer(
        text=joined_text(message.get("content")),
        finish_reason=word(choice.get("finish_reason")) or None,
        model=word(raw.get("model")),
        tool_calls=tuple(_chat_call(call) for call in mappings(message.get("tool_calls"))),
        usage=Usage.of_chat(raw.get("usage")),
        request_id=request_id,
        raw=raw,
    )


def messages_answer(raw: Json, request_id: str | None) -> Answer:
    """An answer in the Messages form."""
    blocks = [block for block in mappings(raw.get("content")) if block.get("type") == "tool_use"]
    return Answer(
        text=joined_text(raw.get("content")),
        finish_reason=word(raw.get("stop_reason")) or None,
        model=word(raw.get("model")),
        tool_calls=tuple(_messages_call(block) for block in blocks),
        usage=Usage.of_messages(raw.get("usage")),
        request_id=request_id,
        raw=raw,
    )


def _chat_call(call: Json) -> ToolCall:
    function = mapping(call.get("function"))
    return ToolCall(word(call.get("id")), word(function.get("name")), word(function.get("arguments")) or "{}")


def _messages_call(block: Json) -> ToolCall:
    return ToolCall(word(block.get("id")), word(block.get("name")), arguments_of(block) or "{}")


def arguments_of(block: Json) -> str:
    """The arguments in a `tool_use` block, as JSON; empty where it has none."""
    given = block.get("input")
    return msgspec.json.encode(given).decode() if given else ""


def joined_text(content: Any) -> str:
    """The text in a message's content, which is a text or a list of parts, of which some are texts."""
    if isinstance(content, str):
        return content
    return "".join(word(part.get("text")) for part in mappings(content) if part.get("type") == "text")


def mapping(value: Any) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> Iterator[Json]:
    """The JSON objects in a list; none if it is no list."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def word(value: Any) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int | None:
    """A number of tokens, which may be written as a text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
