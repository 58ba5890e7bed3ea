"""A stream that needs no network: the simulated exchange serves it in memory."""

from __future__ import annotations

import asyncio
import contextlib

from bot.ports import Clock
from bot.sim.stream import StreamHub


class LoopbackDialer:
    """Opens connections to the stream of a simulated exchange in this process.

    Who waits for a frame lets the exchange live: it moves on whenever something is due to happen there.
    """

    def __init__(self, hub: StreamHub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock

    async def connect(self) -> LoopbackSocket:
        """A new connection; other tasks run once before it is there."""
        await asyncio.sleep(0)
        return LoopbackSocket(self._hub, self._clock)


class LoopbackSocket:
    """A connection in memory; each frame that is sent lets other tasks run once before it reaches the exchange."""

    def __init__(self, hub: StreamHub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._stirred = asyncio.Event()
        self._session = hub.connect(clock.now(), stirred=self._stirred.set)

    async def send(self, frame: str) -> None:
        """Send a frame. Raises `ConnectionError` when either side has closed."""
        await asyncio.sleep(0)
        self._check_open()
        self._session.receive(frame, self._clock.now())

    async def receive(self) -> str:
        """The next frame. Raises `ConnectionError` when either side has closed and nothing is left to be read."""
        while True:
            self._hub.advance(self._clock.now())
            self._stirred.clear()
            frame = self._session.take()
            if frame is not None:
                return frame
            self._check_open()
            await self._wait()

    async def close(self) -> None:
        """Close the connection; what has not been read is lost."""
        self._session.cut("the client has closed the connection")

    def _check_open(self) -> None:
        if self._session.closed is not None:
            raise ConnectionResetError(f"the stream is closed: {self._session.closed}")

    async def _wait(self) -> None:
        """Until there is something to read, or the exchange has something to do."""
        due = self._hub.due_at
        seconds = None if due is None else (due - self._clock.now()).total_seconds()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
