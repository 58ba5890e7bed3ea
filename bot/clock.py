"""Time and ids, real and virtual.

The engine awaits timers and nothing else of time, so virtual time is a matter of the event loop: `VirtualLoop`
moves its clock straight to the next timer whenever nothing can run. Real I/O (a database) takes no virtual time:
while any is in flight (`real_io`) the clock stands still. To make two runs equal, byte for byte, answers of real
I/O and calls from other threads are let in only when nothing else can run; how fast the disk was never decides who
goes first, provided that one piece of real I/O is in flight at a time.
"""

from __future__ import annotations

import asyncio
import random
import selectors
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import TypeVar, TypeVarTuple, Unpack

_AT_ONCE = 64

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STALLED_AFTER_SECONDS = 60.0
"""Real seconds for which real I/O may say nothing before a virtual run is given up."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """The clock of a `VirtualLoop`: `start` plus the loop's own time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start

    def now(self) -> datetime:
        """The present virtual moment, UTC, to the microsecond."""
        return self._start + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        """Come back after so many virtual seconds."""
        await asyncio.sleep(seconds)


class RandomIds:
    """Ids that nobody can guess or repeat."""

    def new(self, prefix: str) -> str:
        """A new id."""
        return f"{prefix}-{uuid.uuid4().hex}"


class SeededIds:
    """The same ids in every run with the same seed."""

    def __init__(self, seed: int) -> None:
        self._bits = random.Random(f"ids {seed}").getrandbits  # noqa: S311 - repeatable, not secret
        self._drawn: list[str] = []

    def new(self, prefix: str) -> str:
        """A new id."""
        if not self._drawn:  # many at once cost far less
            self._drawn = self._bits(128 * _AT_ONCE).to_bytes(16 * _AT_ONCE).hex("-", 16).split("-")
        return f"{prefix}-{self._drawn.pop()}"


class _VirtualSelector(selectors.DefaultSelector):
    """Moves virtual time instead of sleeping; really waits only while real I/O is in flight."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.io_in_flight = 0
        self.from_threads: deque[Callable[[], object]] = deque()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []
        if not self.io_in_flight and not self.from_threads and timeout is not None:
            self.now += timeout
            return []
        ready = super().select(0 if self.from_threads else STALLED_AFTER_SECONDS)
        if not ready and not self.from_threads:
            raise RuntimeError(
                f"virtual time stands still: nothing to run and no answer of real I/O for {STALLED_AFTER_SECONDS:g} s"
            )
        while self.from_threads:
            self.from_threads.popleft()()
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer when nothing can run."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-6  # as fine as `datetime`, and coarser than a float of a century in seconds

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.now

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Queue a call from another thread; it is let in when nothing else can run."""
        handle = asyncio.Handle(callback, args, self, context)
        self._virtual.from_threads.append(lambda: self._ready.append(handle))  # type: ignore[attr-defined]
        self._write_to_self()  # type: ignore[attr-defined]
        return handle

    @contextmanager
    def real_io(self) -> Iterator[None]:
        """Virtual time stands still inside."""
        self._virtual.io_in_flight += 1
        try:
            yield
        finally:
            self._virtual.io_in_flight -= 1


@contextmanager
def real_io() -> Iterator[None]:
    """Mark real I/O, such as a database call, so that virtual time stands still for it.

    Does nothing on an ordinary event loop. Inside, await nothing but the real I/O: a timer would never come.
    """
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualLoop):
        with loop.real_io():
            yield
    else:
        yield


def run_virtual(main: Callable[[VirtualClock], Awaitable[T]], start: datetime) -> T:
    """Run `main(clock)` in virtual time from `start`, and give back its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        clock = VirtualClock(runner.get_loop(), start)

        async def entry() -> T:
            return await main(clock)

        return runner.run(entry())
