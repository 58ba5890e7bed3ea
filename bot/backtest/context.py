"""The context of a back-test: one object for all hooks, whose attributes are made when a hook first looks at them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from bot.backtest.prices import NO_PRICE
from bot.backtest.venue import Venue
from bot.backtest.views import Views
from bot.domain.intents import Intent, PriceLevel, Quote
from bot.domain.market import Market
from bot.strategy.candles import Candles
from bot.strategy.context import Context, Logger
from bot.strategy.snapshot import MarketSnapshot
from bot.strategy.view import SLIPPAGE

QuickQuote: TypeAlias = tuple[int, int, int, int, bool]
"""A quote of at most one level a side: bid (micro-dollars) and units, ask and units, post-only; 0 units for none."""


_NOTHING = (NO_PRICE, 0)
_NO_QUOTE: QuickQuote = (0, 0, 0, 0, False)
_ABOVE, _BELOW = (1 + SLIPPAGE).as_integer_ratio(), (1 - SLIPPAGE).as_integer_ratio()


VIEWS = ("now", "ticker", "cash", "position", "orders", "fills", "consumption")


class _View:
    """An attribute that is made by the `Views` method of its name when it is read, and then is the instance's own.

    Not `__getattr__`, with which Python would look up every attribute of a context the slow way.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, context: BacktestContext, _: object = None) -> Any:
        value = context.__dict__[self._name] = getattr(context.views, self._name)()
        context.made.append(self._name)
        return value


class _Stated:
    """`intents`, for those who look at them."""

    def __get__(self, context: BacktestContext, _: object = None) -> list[Intent]:
        return context.stated()


class BacktestContext(Context):
    """What a hook may use, in a back-test.

    `candles` shows what has closed; the engine moves its cursor. `now`, `ticker`, `cash`, `position`, `orders`, `fills`
    and `consumption` are made when a hook reads them, and kept until the engine calls `forget`.

    A quote of one level a side, if it is all that a hook states, is kept as plain numbers in `quick`, which the venue
    takes without a planner.

    Attributes:
        holding: units bought, less those sold and those moved to Consumption.
        quick: the quote that was stated first, while it is the only intent; None where there is none.
        made: names of what there is to forget.
    """

    candles: Candles = None  # type: ignore[assignment]  # hides the property, which looks it up each time
    intents = _Stated()

    def __init__(self, market: Market, candles: Mapping[str, Candles], views: Views, venue: Venue, log: Logger) -> None:
        snapshot = MarketSnapshot(market, views.ticker(), views.position(), views.consumption(), candles=candles)
        markets = {market.symbol: snapshot}
        super().__init__(now=views.now(), cash=views.cash(), markets=markets, state={}, log=log)
        self._views = {market.symbol: self}
        self.views = views
        self._prices = views.prices
        self._price_now = views.close
        self._venue = venue
        self.made: list[str] = []
        self._least, self._most = market.min_size, market.max_size or sys.maxsize
        self.price = views.prices.on_tick  # type: ignore[method-assign]  # one call less each time
        self.candles = next(iter(candles.values()))
        self.quick: QuickQuote | None = None
        del self.intents
        for name in VIEWS:
            del self.__dict__[name]

    def forget(self) -> None:
        """Something has changed: make it anew when a hook looks."""
        for name in self.made:
            del self.__dict__[name]
        self.made.clear()

    def quote(
        self,
        bids: Iterable[tuple[Decimal, int]] = (),
        asks: Iterable[tuple[Decimal, int]] = (),
        *,
        post_only: bool = False,
    ) -> None:
        """See `MarketView.quote`."""
        sides: tuple[Any, Any] = bids, asks
        if self.quick is None and not self._intents and (quick := self._quick(*sides, post_only)) is not None:
            self.quick = quick
        else:
            super().quote(bids, asks, post_only=post_only)

    def target(self, units: int, *, slippage: Decimal = SLIPPAGE) -> None:
        """See `MarketView.target`."""
        venue = self._venue
        if venue.bids or venue.asks or self.quick is not None or self._intents or slippage is not SLIPPAGE:
            super().target(units, slippage=slippage)
        elif type(units) is int and units >= 0:
            self.quick = self._taking(units - self.holding)
        else:
            super().target(units)

    def stated(self) -> list[Intent]:
        """All intents, in order; `quick` becomes one of them."""
        if self.quick is not None:
            bid, bid_units, ask, ask_units, post_only = self.quick
            self.quick = None
            bids, asks = self._levels(bid, bid_units), self._levels(ask, ask_units)
            self._intents.insert(0, Quote(self.market.market_id, bids, asks, post_only))
        return self._intents

    def _quick(self, bids: Any, asks: Any, post_only: bool) -> QuickQuote | None:  # noqa: FBT001
        """The quote as plain numbers; None where it has more levels, or anything that has to be looked at closely."""
        try:
            if len(bids) > 1 or len(asks) > 1:
                return None
            bid, bid_units = bids[0] if bids else _NOTHING
            ask, ask_units = asks[0] if asks else _NOTHING
            quick = (bid.micros, bid_units, ask.micros, ask_units, post_only)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        least, most = self._least, self._most
        if bids and (type(bid_units) is not int or not least <= bid_units <= most):
            return None
        if asks and (type(ask_units) is not int or not least <= ask_units <= most):
            return None
        return quick

    def _taking(self, units: int) -> QuickQuote:
        """What `MarketView.target` quotes to buy so many units, or to sell `-units`, while no order rests."""
        if not units:
            return _NO_QUOTE
        venue, model = self._venue, self._venue.model
        wanted = min(units if units > 0 else min(-units, venue.ledger.units), self._most)
        if wanted < self._least:
            return _NO_QUOTE
        close = self._price_now()
        if units > 0:
            return (model.up(model.ask(close), _ABOVE), wanted, 0, 0, False)
        return (0, 0, model.down(model.bid(close), _BELOW), wanted, False)

    def _levels(self, price: int, units: int) -> tuple[PriceLevel, ...]:
        return (PriceLevel(self._prices.of(price), units),) if units else ()


for _name in VIEWS:
    setattr(BacktestContext, _name, _View(_name))
