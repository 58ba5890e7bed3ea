"""What lies between whoever tells of events and whoever listens."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from typing import Self

from bot.domain.stream import StreamEvent, TickerUpdate


class Mailbox:
    """Events in the order in which they were posted, to be iterated by one listener.

    Of each market one ticker waits at most: a newer one takes the place of the one before. Nothing else is ever
    dropped, so whoever posts first waits for room; what it then posts at once is always taken, which keeps the order
    between several posters.

    Args:
        capacity: how many events may wait before there is no room.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: OrderedDict[object, StreamEvent] = OrderedDict()
        self._numbers = itertools.count()
        self._posted = asyncio.Event()
        self._taken = asyncio.Event()
        self._end: Exception | None = None

    @property
    def is_full(self) -> bool:
        """Whether there is no room."""
        return len(self._waiting) >= self._capacity

    async def room(self) -> None:
        """Come back when there is room."""
        while self.is_full:
            self._taken.clear()
            await self._taken.wait()

    def post(self, event: StreamEvent) -> None:
        """Add an event."""
        key = event.ticker.market_id if isinstance(event, TickerUpdate) else next(self._numbers)
        self._waiting[key] = event
        self._posted.set()

    def end(self, error: Exception) -> None:
        """Let the listener's iteration end with this error, after all that waits."""
        self._end = error
        self._posted.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._posted.clear()
            await self._posted.wait()
        _, event = self._waiting.popitem(last=False)
        self._taken.set()
        return event
