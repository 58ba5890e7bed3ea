"""Tells when the best prices or the last price of a market change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from decimal import Decimal

import structlog

from bot.domain.market import Market, Ticker
from bot.engine.feed import Feed
from bot.engine.listener import Listener, Status
from bot.errors import ExchangeError
from bot.ports import Clock

log = structlog.stdlib.get_logger("book")

LEAST_PAUSE = 2.0
"""Seconds between two polls: however many markets are watched, they take 30 of the 100 requests a minute at most."""


class BookWatch:
    """Hears every price that the feed is told, and has the feed ask for prices while the stream tells none.

    After every (re)connect of the stream each market is asked for once, for what the stream did not tell meanwhile.

    Args:
        feed: reads prices, and says which it was told.
        listener: says whether the stream is up.
        clock: paces the polls.
        markets: those that may be watched.
        wanted: the symbols of those whose prices are to be polled while the stream tells none.
        every: how often to poll each market; less often where there are many.
    """

    def __init__(
        self,
        feed: Feed,
        listener: Listener,
        clock: Clock,
        markets: Iterable[Market],
        wanted: Callable[[], Collection[str]],
        *,
        every: timedelta = timedelta(seconds=5),
    ) -> None:
        self._feed = feed
        self._listener = listener
        self._clock = clock
        self._wanted = wanted
        self._symbols = {market.market_id: market.symbol for market in markets}
        self._every = every
        self._told: dict[str, tuple[Decimal | None, ...]] = {}
        self._read_under: dict[str, Status] = {}
        self._unreadable: set[str] = set()
        self._listeners: list[Callable[[str], None]] = []
        feed.listen(self._hear)

    def listen(self, changed: Callable[[str], None]) -> None:
        """Have the symbol of a market told whenever its bid, its ask or its last price has changed."""
        self._listeners.append(changed)

    async def run(self) -> None:
        """Poll while it is needed, until cancelled."""
        while True:
            wanted = sorted(self._wanted())
            for symbol in wanted:
                if self._is_in_the_dark(symbol):
                    await self._poll(symbol)
                await self._clock.sleep(max(self._every.total_seconds() / len(wanted), LEAST_PAUSE))
            if not wanted:
                await self._clock.sleep(self._every.total_seconds())

    def _is_in_the_dark(self, symbol: str) -> bool:
        """Whether the stream is down, or came up after the market was last read."""
        return not self._listener.streams or self._read_under.get(symbol) != self._listener.status

    async def _poll(self, symbol: str) -> None:
        status = self._listener.status
        try:
            await self._feed.poll(symbol)
        except ExchangeError as error:
            if symbol not in self._unreadable:
                log.warning("prices cannot be read; polling on", market=symbol, why=str(error))
            self._unreadable.add(symbol)
        else:
            self._unreadable.discard(symbol)
            self._read_under[symbol] = status

    def _hear(self, ticker: Ticker) -> None:
        symbol = self._symbols.get(ticker.market_id)
        if symbol is None or symbol not in self._wanted():
            return
        prices = (ticker.bid, ticker.ask, ticker.last_price)
        before = self._told.get(symbol, prices)
        self._told[symbol] = prices
        if prices != before:
            for changed in self._listeners:
                changed(symbol)
