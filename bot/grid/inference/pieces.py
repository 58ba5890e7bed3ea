"""What a stream's events say, in one shape for both forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bot.grid.inference.answers import Usage, arguments_of, count, joined_text, mapping, mappings, word
from bot.grid.inference.requests import Json


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """A fragment of a tool call; fragments with the same index belong to one. The first has its id and name."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a stream: text and tool calls that it adds, if any, and its JSON."""

    text: str = ""
    tool_calls: tuple[ToolCallPart, ...] = ()
    raw: Json = field(default_factory=dict, repr=False)


class PieceReader(Protocol):
    """Reads the events of one stream, and remembers what they say about the whole.

    Attributes:
        model: what answers.
        finish_reason: why it stopped; None as long as it has not said.
        usage: tokens used; None as long as it has not said.
    """

    model: str
    finish_reason: str | None
    usage: Usage | None

    def read(self, raw: Json) -> Piece:
        """What one event adds."""
        ...


class ChatPieces:
    """Reads a stream in the Chat Completions form; of several choices the first."""

    def __init__(self) -> None:
        self.model = ""
        self.finish_reason: str | None = None
        self.usage: Usage | None = None

    def read(self, raw: Json) -> Piece:
        """What one event adds."""
        self.model = word(raw.get("model")) or self.model
        self.usage = Usage.of_chat(raw.get("usage")) or self.usage
        choice = next((one for one in mappings(raw.get("choices")) if not one.get("index")), {})
        self.finish_reason = word(choice.get("finish_reason")) or self.finish_reason
        delta = mapping(choice.get("delta"))
        calls = tuple(_chat_part(call, place) for place, call in enumerate(mappings(delta.get("tool_calls"))))
        return Piece(joined_text(delta.get("content")), calls, raw)


class MessagesPieces:
    """Reads a stream in the Messages form. The output that its first event counts is not the whole yet."""

    def __init__(self) -> None:
        self.model = ""
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self._counted: Json = {}

    def read(self, raw: Json) -> Piece:
        """What one event adds."""
        match raw:
            case {"type": "message_start", "message": dict() as message}:
                self.model = word(message.get("model"))
                self._counted = mapping(message.get("usage")) | {"output_tokens": None}
            case {"type": "message_delta"}:
                self.finish_reason = word(mapping(raw.get("delta")).get("stop_reason")) or self.finish_reason
                self._counted |= {name: value for name, value in mapping(raw.get("usage")).items() if value is not None}
                self.usage = Usage.of_messages(self._counted)
            case {"type": "content_block_start", "content_block": dict() as block}:
                return Piece(joined_text([block]), _started(block, raw), raw)
            case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}}:
                return Piece(text, raw=raw)
            case {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": str(part)}}:
                return Piece(tool_calls=(ToolCallPart(_index(raw, 0), arguments=part),), raw=raw)
        return Piece(raw=raw)


def _chat_part(call: Json, place: int) -> ToolCallPart:
    function = mapping(call.get("function"))
    return ToolCallPart(
        _index(call, place), word(call.get("id")), word(function.get("name")), word(function.get("arguments"))
    )


def _started(block: Json, raw: Json) -> tuple[ToolCallPart, ...]:
    if block.get("type") != "tool_use":
        return ()
    return (ToolCallPart(_index(raw, 0), word(block.get("id")), word(block.get("name")), arguments_of(block)),)


def _index(raw: Json, otherwise: int) -> int:
    index = count(raw.get("index"))
    return otherwise if index is None else index
