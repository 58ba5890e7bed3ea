"""What a hook sees, and where it says what it wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import structlog

from bot.domain.account import Cash, Units
from bot.domain.intents import Cancel, Intent, Place, PriceLevel, Quote, Stock
from bot.domain.market import Market, Ticker
from bot.domain.money import Rounding, price_on_tick
from bot.domain.order import Order, Side
from bot.errors import StrategyError

Logger: TypeAlias = structlog.stdlib.BoundLogger


@dataclass(frozen=True, slots=True)
class Consumption:
    """The stock that inference lives on, in units.

    Attributes:
        units: usable now.
        in_transfer: on the way from Trading.
        burn_per_hour: how many are used up per hour; None before that is known.
    """

    units: int = 0
    in_transfer: int = 0
    burn_per_hour: float | None = None

    @property
    def runway(self) -> timedelta | None:
        """How long the usable units last at the present burn; None while nothing burns."""
        if not self.burn_per_hour:
            return None
        return timedelta(hours=self.units / self.burn_per_hour)


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """One market at one moment: its rules and prices, and what we have in it.

    Attributes:
        market: ids and rules.
        ticker: best prices and last trade.
        position: the account's units in Trading, locked ones back resting sells.
        consumption: the account's stock in Consumption.
        orders: this strategy instance's live orders, oldest first.
        others: live orders of the bot's other instances, oldest first; to be counted, not to be touched.
    """

    market: Market
    ticker: Ticker
    position: Units
    consumption: Consumption
    orders: tuple[Order, ...] = ()
    others: tuple[Order, ...] = ()

    def on_order(self, side: Side) -> int:
        """Units of this instance's orders of one side that may still fill."""
        return _remaining(self.orders, side)

    def on_order_by_others(self, side: Side) -> int:
        """Units of the other instances' orders of one side that may still fill."""
        return _remaining(self.others, side)


class MarketView:
    """One market as a hook sees it: what its `MarketSnapshot` holds, and the intents that can be stated on it."""

    def __init__(self, snapshot: MarketSnapshot, intents: list[Intent]) -> None:
        self.market = snapshot.market
        self.ticker = snapshot.ticker
        self.position = snapshot.position
        self.consumption = snapshot.consumption
        self.orders = snapshot.orders
        self.others = snapshot.others
        self.on_order = snapshot.on_order
        self.on_order_by_others = snapshot.on_order_by_others
        self._intents = intents

    def price(self, value: float | Decimal, rounding: Rounding = Rounding.NEAREST) -> Decimal:
        """A computed number as a price on this market's tick, USD per unit."""
        return price_on_tick(value, self.market.tick, rounding)

    def quote(
        self,
        bids: Iterable[tuple[Decimal, int]] = (),
        asks: Iterable[tuple[Decimal, int]] = (),
    ) -> None:
        """Declare the instance's resting orders here: (price, units) each side; whatever else rests is cancelled.

        What already rests at a wanted price stays. A side on which something has to be cancelled first gets its new
        orders at the next hook, when it is certain what the old ones filled.

        Raises:
            StrategyError: a price is off the tick or a quantity is not allowed.
        """
        self._intents.append(
            Quote(
                self.market.market_id,
                tuple(self._level(price, units) for price, units in bids),
                tuple(self._level(price, units) for price, units in asks),
            )
        )

    def buy(self, units: int, price: Decimal) -> None:
        """Bid for units at up to `price` USD each. Raises `StrategyError` on a bad price or quantity."""
        self._place(Side.BUY, units, price)

    def sell(self, units: int, price: Decimal) -> None:
        """Offer units at `price` USD or more each. Raises `StrategyError` on a bad price or quantity."""
        self._place(Side.SELL, units, price)

    def cancel(self, order: Order) -> None:
        """Take one of the instance's orders off the book."""
        self._intents.append(Cancel(order.client_order_id))

    def stock(self, units: int) -> None:
        """Move units from Trading to Consumption. Raises `StrategyError` unless it is a positive whole number."""
        if not _whole(units) or units < 1:
            raise StrategyError(f"stock: {units!r} is not a positive whole number of units")
        self._intents.append(Stock(self.market.instrument_id, units))

    def _place(self, side: Side, units: int, price: Decimal) -> None:
        level = self._level(price, units)
        self._intents.append(Place(self.market.market_id, side, level.quantity, level.price))

    def _level(self, price: Decimal, units: int) -> PriceLevel:
        symbol = self.market.symbol
        if not _whole(units):
            raise StrategyError(f"{symbol}: {units!r} is not a whole number of units")
        if not isinstance(price, Decimal):
            raise StrategyError(f"{symbol}: the price {price!r} is not a Decimal; use ctx.price({price!r})")
        if faults := self.market.faults(price, units):
            raise StrategyError(f"{symbol}: {'; '.join(faults)}")
        return PriceLevel(price, units)


class Context(MarketView):
    """Everything a hook may use. It is itself the view of the strategy's first market; `ctx["code-max"]` is another's.

    Attributes:
        now: when the snapshot was begun, UTC.
        cash: the account's US dollars.
        state: a dictionary that survives restarts; keys are strings and values JSON. Stored after every hook that
            changed it.
        log: a logger that carries the instance's name.
        intents: what the hook has said so far, in order.
    """

    def __init__(
        self,
        *,
        now: datetime,
        cash: Cash,
        markets: Mapping[str, MarketSnapshot],
        state: dict[str, Any],
        log: Logger,
    ) -> None:
        self.intents: list[Intent] = []
        super().__init__(next(iter(markets.values())), self.intents)
        self.now = now
        self.cash = cash
        self.state = state
        self.log = log
        self._views = {symbol: MarketView(snapshot, self.intents) for symbol, snapshot in markets.items()}

    def __getitem__(self, symbol: str) -> MarketView:
        """The view of one of the strategy's markets. Raises `StrategyError` when it is not one of them."""
        try:
            return self._views[symbol]
        except KeyError:
            raise StrategyError(f"'{symbol}' is not one of this strategy's markets: {', '.join(self._views)}") from None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The strategy's markets, in the order in which they are configured."""
        return tuple(self._views)


def _remaining(orders: Iterable[Order], side: Side) -> int:
    return sum(order.remaining for order in orders if order.side is side)


def _whole(units: object) -> bool:
    return isinstance(units, int) and not isinstance(units, bool)
