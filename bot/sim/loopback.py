"""A transport that needs no network: the simulated exchange answers in memory."""

from __future__ import annotations

import asyncio

from bot.errors import NotSentError
from bot.ports import Clock, Request, Response
from bot.sim.api import ExchangeApi


class LoopbackTransport:
    """Hands every request to a simulated exchange in this process.

    Each request lets other tasks run once before it reaches the exchange, so requests that are sent concurrently
    are in flight at the same time.
    """

    def __init__(self, api: ExchangeApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._closed = False

    async def send(self, request: Request) -> Response:
        """The exchange's answer.

        Raises:
            NotSentError: the transport is closed.
        """
        if self._closed:
            raise NotSentError("the transport is closed", method=request.method, path=request.path)
        await asyncio.sleep(0)
        return self._api.handle(request, self._clock.now())

    async def close(self) -> None:
        """Refuse what is sent from now on."""
        self._closed = True
