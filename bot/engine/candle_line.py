"""The closed candles of one market at one resolution."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.domain.candle import Candle, Resolution
from bot.domain.market import Market
from bot.domain.span import span_end
from bot.ports import Exchange
from bot.strategy.candles import Candles

GRACE = timedelta(seconds=1)
"""A reading so soon after a close may miss its candle, for clocks differ and the exchange may take a moment: it is none
after that close."""

MOST_STEPS_BACK = 3
"""How often the time that is searched for history is doubled. Spans without a trade may have no candle, so that as many
as are wanted may take longer than their lengths add up to."""

_LONGEST_MONTH = timedelta(days=31)
_BEFORE_ANY_MARKET = datetime(2000, 1, 1, tzinfo=UTC)


class CandleLine:
    """Reads the candles of one market at one resolution, each once and only when it has closed.

    A candle that shows after a newer one was taken is left out, and so is whatever the exchange corrects later.

    Attributes:
        market: whose candles they are.
        resolution: how long they are.
        wanted: how many are to be loaded.
        candles: those that were taken; others once more are loaded.
        due: when the next one closes, UTC.
        shown_until: when the newest candle ends that the exchange has shown, closed or not, UTC.
    """

    def __init__(self, exchange: Exchange, market: Market, resolution: Resolution) -> None:
        self._exchange = exchange
        self.market = market
        self.resolution = resolution
        self.wanted = 0
        self.candles = Candles(resolution)
        self.due = self.shown_until = _BEFORE_ANY_MARKET
        self._loaded = 0
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    @property
    def is_loaded(self) -> bool:
        """Whether `read` may go on from here."""
        return self._read_at is not None

    @property
    def lacks_history(self) -> bool:
        """Whether more is wanted than was loaded."""
        return self.wanted > self._loaded

    async def load(self, now: datetime) -> None:
        """Read as much history as is wanted, unless so much was loaded before.

        What has closed since the last `read` is left for the next.

        Raises:
            ExchangeError: it could not be read.
        """
        async with self._reading:
            if not self.lacks_history:
                return
            wanted = self.wanted
            candles = Candles(self.resolution, keep=wanted)
            for candle in await self._history(wanted, self._read_at or now):
                candles.append(candle)
            self.candles, self._loaded = candles, wanted
            if self._read_at is None:
                self._was_read(now)
            if len(candles):
                self.shown_until = max(self.shown_until, span_end(self.resolution, candles.starts_at()))

    async def read(self, now: datetime) -> list[datetime]:
        """Take the candles that have closed since; answers when each of them closed, oldest first.

        After a gap that is longer than all the history that is wanted, so much of it is read.

        Raises:
            ExchangeError: they could not be read.
        """
        async with self._reading:
            begin = self._begin(self._loaded, now)
            if len(self.candles):
                begin = max(begin, span_end(self.resolution, self.candles.starts_at()))
            shown = await self._shown(begin)
            self._was_read(now)
            closed = self._closed(shown, now)
            for candle in closed:
                self.candles.append(candle)
            if shown:
                self.shown_until = self._end(shown[-1])
            return [self._end(candle) for candle in closed]

    async def _history(self, count: int, now: datetime) -> list[Candle]:
        """The newest candles that have closed, oldest first: at least so many, if a search not too far finds them."""
        begin, first = self._begin(count, now), self.market.created_at or _BEFORE_ANY_MARKET
        found = self._closed(await self._shown(begin), now)
        for _ in range(MOST_STEPS_BACK):
            if len(found) >= count or begin <= first:
                break
            begin, end = begin - (now - begin), begin
            found = await self._shown(begin, end) + found
        return found

    async def _shown(self, start: datetime, end: datetime | None = None) -> list[Candle]:
        return await self._exchange.candles(self.market.market_id, self.resolution, start=start, end=end)

    def _was_read(self, now: datetime) -> None:
        self._read_at = now
        self.due = span_end(self.resolution, now - GRACE)

    def _begin(self, count: int, now: datetime) -> datetime:
        """When so many candles begin, the running one besides, if none is missing."""
        end = span_end(self.resolution, now)
        length = self.resolution.length or _LONGEST_MONTH
        return end - min((count + 1) * length, end - _BEFORE_ANY_MARKET)

    def _closed(self, shown: Iterable[Candle], now: datetime) -> list[Candle]:
        return [candle for candle in shown if self._end(candle) <= now]

    def _end(self, candle: Candle) -> datetime:
        return span_end(self.resolution, candle.start)
