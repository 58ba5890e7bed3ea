"""An exchange that answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bot.grid.keys import SigningKey
from bot.grid.limiter import Limits
from bot.grid.trading import TradingClient
from bot.ports import Request, Response

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
KEY = SigningKey(bytes(range(32)))
UNLIMITED = Limits(10**6, 10**6, 10**6)


class FixedClock:
    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a client never waits")


class ScriptedTransport:
    """Gives its answers in turn; an exception among them is raised."""

    def __init__(self, answers: Iterable[Response | Exception]) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []
        self.closed = False

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]


def answered(body: object, status: int = 200, **headers: str) -> Response:
    """An answer with this JSON body and these headers (`_` for `-`)."""
    return Response(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode()
    )


def wrapped(data: object, **about: Any) -> Response:
    return answered({"data": data, **about})


def client_of(*answers: Response | Exception, **options: Any) -> tuple[TradingClient, ScriptedTransport]:
    transport = ScriptedTransport(answers)
    never_waiting: dict[str, Any] = {"limits": UNLIMITED, "read_attempts": 1}
    return TradingClient(transport, KEY, FixedClock(), **never_waiting | options), transport
