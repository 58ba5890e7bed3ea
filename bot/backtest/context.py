"""The context of a back-test: one object for all hooks, whose attributes are made when a hook first looks at them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sized
from decimal import Decimal
from typing import Any, TypeAlias

from bot.backtest.prices import NO_PRICE, TickPrice
from bot.backtest.views import Views
from bot.domain.intents import Intent, PriceLevel, Quote
from bot.domain.market import Market
from bot.strategy.candles import Candles
from bot.strategy.context import Context, Logger
from bot.strategy.snapshot import MarketSnapshot

QuickQuote: TypeAlias = tuple[int, int, int, int, bool]
"""A quote of at most one level a side: bid (micro-dollars) and units, ask and units, post-only; 0 units for none."""


_NOTHING = (NO_PRICE, 0)


class BacktestContext(Context):
    """What a hook may use, in a back-test.

    `candles` shows what has closed; the engine moves its cursor. `now`, `ticker`, `cash`, `position`, `orders`, `fills`
    and `consumption` are made by `__getattr__` and kept until the engine calls `forget`.

    A quote of one level a side, if it is all that a hook states, is kept as plain numbers in `quick`, which the venue
    takes without a planner.

    Attributes:
        holding: units bought, less those sold and those moved to Consumption.
        quick: the quote that was stated first, while it is the only intent; None where there is none.
        is_made: whether there is anything to forget.
    """

    candles: Candles = None  # type: ignore[assignment]  # hides the property, which looks it up each time

    def __init__(self, market: Market, candles: Mapping[str, Candles], views: Views, log: Logger) -> None:
        snapshot = MarketSnapshot(market, views.ticker(), views.position(), views.consumption(), candles=candles)
        markets = {market.symbol: snapshot}
        super().__init__(now=views.now(), cash=views.cash(), markets=markets, state={}, log=log)
        self._views = {market.symbol: self}
        self._makers: dict[str, Callable[[], object]] = {
            "now": views.now,
            "ticker": views.ticker,
            "cash": views.cash,
            "position": views.position,
            "orders": views.orders,
            "fills": views.fills,
            "consumption": views.consumption,
        }
        self._prices = views.prices
        self._least, self._most = market.min_size, market.max_size or sys.maxsize
        self.price = views.prices.on_tick  # type: ignore[method-assign]  # one call less each time
        self.candles = next(iter(candles.values()))
        self.quick: QuickQuote | None = None
        del self.intents
        self.forget()

    def __getattr__(self, name: str) -> Any:
        if name == "intents":
            return self.stated()
        make = self.__dict__.get("_makers", {}).get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = self.__dict__[name] = make()
        self.is_made = True
        return value

    def forget(self) -> None:
        """Something has changed: make it anew when a hook looks."""
        self.is_made = False
        for name in self._makers:
            self.__dict__.pop(name, None)

    def quote(
        self,
        bids: Iterable[tuple[Decimal, int]] = (),
        asks: Iterable[tuple[Decimal, int]] = (),
        *,
        post_only: bool = False,
    ) -> None:
        """See `MarketView.quote`."""
        bids, asks = tuple(bids), tuple(asks)
        if self.quick is None and not self._intents and len(bids) < 2 and len(asks) < 2:
            bid, bid_units = bids[0] if bids else _NOTHING
            ask, ask_units = asks[0] if asks else _NOTHING
            if type(bid) is TickPrice and type(ask) is TickPrice and self._fit(bids, bid_units, asks, ask_units):
                self.quick = (bid.micros, bid_units, ask.micros, ask_units, post_only)
                return
        super().quote(bids, asks, post_only=post_only)

    def stated(self) -> list[Intent]:
        """All intents, in order; `quick` becomes one of them."""
        if self.quick is not None:
            bid, bid_units, ask, ask_units, post_only = self.quick
            self.quick = None
            bids, asks = self._levels(bid, bid_units), self._levels(ask, ask_units)
            self._intents.insert(0, Quote(self.market.market_id, bids, asks, post_only))
        return self._intents

    def _fit(self, bids: Sized, bid_units: int, asks: Sized, ask_units: int) -> bool:
        """Whether the units of both sides are such as the market takes."""
        return (
            type(bid_units) is int
            and type(ask_units) is int
            and (not bids or self._least <= bid_units <= self._most)
            and (not asks or self._least <= ask_units <= self._most)
        )

    def _levels(self, price: int, units: int) -> tuple[PriceLevel, ...]:
        return (PriceLevel(self._prices.of(price), units),) if units else ()
