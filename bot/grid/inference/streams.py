"""An answer that comes piece by piece."""

from __future__ import annotations

from collections import deque
from typing import Self

import msgspec

from bot.grid.inference.answers import ToolCall, Usage, word
from bot.grid.inference.caller import Reply
from bot.grid.inference.pieces import Piece, PieceReader, ToolCallPart
from bot.grid.inference.requests import Json
from bot.grid.inference.sse import Event, EventReader
from bot.grid.refusals import request_id, shortened

_CHAT_END = "[DONE]"
_MESSAGES_END = "message_stop"


class AnswerStream:
    """The pieces of an answer, to be iterated once; what it says about the whole counts after its end.

    Iterating raises:
        OutcomeUnknown: the stream broke off, or told of an error; tokens may have been used.
        BadAnswer: something in it cannot be understood; tokens were used.

    Attributes:
        request_id: the exchange's id of the request, for its support desk.
    """

    def __init__(self, reply: Reply, reader: PieceReader) -> None:
        self.request_id = request_id(reply.head)
        self._reply = reply
        self._call, self._head = reply.call, reply.head
        self._reader = reader
        self._event_reader = EventReader()
        self._events: deque[Event] = deque()
        self._ended = False
        self._texts: list[str] = []
        self._calls: dict[int, list[ToolCallPart]] = {}

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        event = None if self._ended else await self._next_event()
        raw = None if event is None else self._decoded(event)
        if raw is None:
            self._ended = True
            raise StopAsyncIteration
        piece = self._reader.read(raw)
        self._texts.append(piece.text)
        for part in piece.tool_calls:
            self._calls.setdefault(part.index, []).append(part)
        return piece

    @property
    def text(self) -> str:
        """What the model said so far."""
        return "".join(self._texts)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that it wants called; whole when the stream has ended."""
        return tuple(_joined(self._calls[index]) for index in sorted(self._calls))

    @property
    def model(self) -> str:
        """What answers; empty as long as it has not said."""
        return self._reader.model

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the exchange's words; None as long as it goes on."""
        return self._reader.finish_reason

    @property
    def usage(self) -> Usage | None:
        """Tokens used; None before the stream has ended, and when the exchange did not say."""
        return self._reader.usage if self._ended else None

    async def _next_event(self) -> Event:
        while not self._events:
            chunk = await self._reply.chunk()
            try:
                self._events += self._event_reader.finish() if chunk is None else self._event_reader.feed(chunk)
            except ValueError as error:
                raise self._call.misunderstood(str(error), self._head) from None
            if chunk is None and not self._events:
                raise self._call.unclear("the stream broke off before its end", self._head)
        return self._events.popleft()

    def _decoded(self, event: Event) -> Json | None:
        """An event's JSON; None for the one that ends the stream."""
        if event.data.strip() == _CHAT_END:
            return None
        try:
            raw = msgspec.json.decode(event.data, type=Json)
        except (ValueError, RecursionError) as error:
            why = f"a piece of the answer cannot be understood: {shortened(str(error))}"
            raise self._call.misunderstood(why, self._head) from None
        if event.name == "error" or raw.get("error") is not None:
            problem = self._reply.problem(event.data.encode())
            raise self._call.unclear(f"the stream ended in an error: {problem.detail}", self._head, code=problem.code)
        return None if word(raw.get("type")) == _MESSAGES_END else raw


def _joined(parts: list[ToolCallPart]) -> ToolCall:
    return ToolCall(
        id=next((part.id for part in parts if part.id), ""),
        name=next((part.name for part in parts if part.name), ""),
        arguments="".join(part.arguments for part in parts) or "{}",
    )
