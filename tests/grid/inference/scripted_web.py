"""A web that answers what a test tells it to, and remembers what it was sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from bot.grid.consumption import ConsumptionClient
from bot.ports import WebRequest
from tests.grid.scripted import FixedClock

KEY = "consumption-key-1234567890"
BASE = "https://api.thegrid.ai/v1"
MESSAGES_BASE = "https://messages-beta.api.thegrid.ai/v1"

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "Hello"}]


@dataclass
class Reply:
    """An answer; an exception among its chunks is raised instead of coming."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes | Exception] = ()
    closed: bool = False

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            assert not self.closed, "read after the block"
            if isinstance(piece, Exception):
                raise piece
            yield piece


class ScriptedWeb:
    """Gives its replies in turn; an exception among them is raised."""

    def __init__(self, replies: Iterable[Reply | Exception]) -> None:
        self._replies = list(replies)
        self.requests: list[WebRequest] = []
        self.opened: list[Reply] = []
        self.closed = False

    @asynccontextmanager
    async def open(self, request: WebRequest) -> AsyncIterator[Reply]:
        assert all(reply.closed for reply in self.opened), "one connection at a time"
        self.requests.append(request)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        self.opened.append(reply)
        try:
            yield reply
        finally:
            reply.closed = True

    async def close(self) -> None:
        self.closed = True

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests]


def client_of(*replies: Reply | Exception, **options: Any) -> tuple[ConsumptionClient, ScriptedWeb]:
    web = ScriptedWeb(replies)
    return ConsumptionClient(web, SecretStr(KEY), clock=FixedClock(), **options), web


def said(body: object, status: int = 200, **headers: str) -> Reply:
    """An answer with this JSON body and these headers (`_` for `-`)."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, [raw])


def moved(location: str | None, status: int = 307) -> Reply:
    return Reply(status, {} if location is None else {"location": location}, [b"moved"])


def streamed(*events: object, end: str = "data: [DONE]\n\n", **headers: str) -> Reply:
    """A stream of these JSON events, one chunk each; events in the Messages form have their names."""
    chunks = [_event(event) for event in events]
    pieces = [*chunks, end.encode()] if end else chunks
    return Reply(200, {name.replace("_", "-"): value for name, value in headers.items()}, pieces)


def _event(event: object) -> bytes:
    name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "text-prime-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
}

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "text-prime-2026",
    "content": [{"type": "text", "text": "Hi!"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 8, "output_tokens": 2},
}
