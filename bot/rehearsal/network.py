"""The way to the exchange: it takes time, and what is on it gets there, whatever becomes of who has sent it."""

from __future__ import annotations

import asyncio
import random

from bot.ports import Clock, Request, Response, Transport


class Network:
    """Carries requests to one exchange, each in a task of its own that outlives its sender.

    Args:
        transport: takes them in at the exchange.
        clock: times the ways.
        chance: draws how long each way takes.
        seconds: the least and the most of that.
    """

    def __init__(self, transport: Transport, clock: Clock, chance: random.Random, seconds: tuple[float, float]) -> None:
        self._transport = transport
        self._clock = clock
        self._chance = chance
        self._seconds = seconds
        self.under_way: set[asyncio.Task[Response]] = set()

    async def carry(self, request: Request) -> Response:
        """The answer. Raises what the transport raises; who is cancelled waiting does not stop the request."""
        task = asyncio.create_task(self._there_and_back(request))
        self.under_way.add(task)
        task.add_done_callback(self._arrived)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Drop what is still on its way."""
        for task in (still := list(self.under_way)):
            task.cancel()
        await asyncio.gather(*still, return_exceptions=True)
        await self._transport.close()

    async def _there_and_back(self, request: Request) -> Response:
        await self._clock.sleep(self._chance.uniform(*self._seconds))
        try:
            return await self._transport.send(request)
        finally:
            await self._clock.sleep(self._chance.uniform(*self._seconds))

    def _arrived(self, task: asyncio.Task[Response]) -> None:
        self.under_way.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, for its sender may be gone
