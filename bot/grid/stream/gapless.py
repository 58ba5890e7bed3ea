"""The stream without gaps: what it may have missed is read by request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.domain.stream import StreamEvent
from bot.grid.queries import utc
from bot.grid.stream.beside import beside
from bot.grid.stream.catch_up import CatchUp
from bot.grid.stream.mailbox import Mailbox
from bot.grid.stream.memory import OVERLAP, Memory
from bot.ports import Clock, Exchange, MarketStream


class GaplessStream:
    """Events of our orders and of markets, in which no order and no fill is missing or comes twice.

    Whenever the stream is up again, our orders and fills are read by request, and what is new of them is told before
    anything that the stream tells later. An order never goes back: a report that is older than what was told of it is
    dropped, and of several closing ones only the first is told. Fills are always read by request, since only those
    name fee and side; they follow the order's update a moment later, or as soon as the exchange shows them. A fill may
    come after its order was closed.

    Market trades and tickers are passed on as they come; those of a time when the stream was down are missing.

    Args:
        stream: tells what happens; it may miss things while it is down, and only then.
        exchange: is asked what was missed. A read that fails is tried again, and events wait meanwhile.
        clock: tells the time.
        clock_offset: how far the exchange's clock is ahead of ours, seconds.
        capacity: how many events may wait for a slow listener before the stream has to wait.
    """

    def __init__(
        self,
        stream: MarketStream,
        exchange: Exchange,
        clock: Clock,
        *,
        clock_offset: Callable[[], float] = lambda: 0.0,
        capacity: int = 1000,
    ) -> None:
        self._stream = stream
        self._exchange = exchange
        self._clock = clock
        self._clock_offset = clock_offset
        self._capacity = capacity

    @asynccontextmanager
    async def open(
        self, market_ids: Sequence[str] = (), *, since: datetime | None = None
    ) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Events of our orders and of these markets, while the block runs.

        The first that is told of orders are those that are open.

        Args:
            market_ids: whose trades and tickers to tell.
            since: the moment, by the exchange's clock, from which on fills are told, and orders that were placed
                then or later, even if they have closed; inclusive. None: about a minute ago.

        Raises:
            InvalidRequest: `since` names no time zone.
            NotFound (when iterated): the exchange serves no stream.
        """
        at_exchange = self._clock.now() + timedelta(seconds=self._clock_offset())
        begin = at_exchange - OVERLAP if since is None else utc(since)
        mailbox = Mailbox(self._capacity)
        catch_up = CatchUp(self._exchange, self._clock, Memory(begin), market_ids, mailbox)
        async with (
            self._stream.open(market_ids) as events,
            beside(catch_up.follow(events)),
            beside(catch_up.fetch_fills()),
        ):
            yield mailbox
