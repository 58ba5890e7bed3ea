"""One market as a hook sees it, and what can be wanted on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from bot.domain.intents import Cancel, Intent, Issue, Place, PriceLevel, Quote, Stock
from bot.domain.money import Rounding, price_on_tick
from bot.domain.order import Order, Side
from bot.errors import StrategyError
from bot.strategy.candles import Candles
from bot.strategy.snapshot import MarketSnapshot

SLIPPAGE = Decimal("0.01")
"""By which share an order without a price of its own may trade beyond the best price that the hook saw."""


class MarketView:
    """One market as a hook sees it: what its `MarketSnapshot` holds, and the intents that can be stated on it."""

    def __init__(self, snapshot: MarketSnapshot, intents: list[Intent]) -> None:
        self.market = snapshot.market
        self.ticker = snapshot.ticker
        self.position = snapshot.position
        self.consumption = snapshot.consumption
        self.orders = snapshot.orders
        self.others = snapshot.others
        self.holding = snapshot.holding
        self.fills = snapshot.fills
        self.book = snapshot.book
        self._candles = snapshot.candles
        self._intents = intents

    @property
    def candles(self) -> Candles:
        """Closed candles of the instance's own resolution (`candles:` in its settings), oldest first.

        Raises:
            StrategyError: there are none to be had here.
        """
        for candles in self._candles.values():
            return candles
        raise StrategyError(
            f"{self.market.symbol}: no candles are read for this strategy; "
            "give it an on_candle hook, or name resolutions in its class"
        )

    def candles_of(self, resolution: str) -> Candles:
        """Closed candles of the instance's own resolution or of one that its class names in `resolutions`.

        Raises:
            StrategyError: the class does not name it.
        """
        try:
            return self._candles[resolution]
        except KeyError:
            raise StrategyError(
                f"{self.market.symbol}: there are no candles of {resolution!r} here; name it in the class: "
                f"resolutions: ClassVar = ({resolution!r},)"
            ) from None

    @property
    def runway(self) -> timedelta | None:
        """How long the units in Consumption last at the present burn; None while nothing burns."""
        return self.consumption.runway

    def on_order(self, side: Side) -> int:
        """Units of this instance's orders of one side that may still fill."""
        return _remaining(self.orders, side)

    def on_order_by_others(self, side: Side) -> int:
        """Units of the other instances' orders of one side that may still fill."""
        return _remaining(self.others, side)

    def price(self, value: float | Decimal, rounding: Rounding = Rounding.NEAREST) -> Decimal:
        """A computed number as a price on this market's tick, USD per unit."""
        return price_on_tick(value, self.market.tick, rounding)

    def quote(
        self,
        bids: Iterable[tuple[Decimal, int]] = (),
        asks: Iterable[tuple[Decimal, int]] = (),
        *,
        post_only: bool = False,
    ) -> None:
        """Declare the instance's resting orders here: (price, units) each side; whatever else rests is cancelled.

        What already rests at a wanted price stays. A side on which something has to be cancelled first gets its new
        orders at the next hook, when it is certain what the old ones filled. With `post_only` the exchange refuses an
        order that would trade at once.

        Raises:
            StrategyError: a price is off the tick or a quantity is not allowed.
        """
        self._intents.append(
            Quote(
                self.market.market_id,
                tuple(self._level(price, units) for price, units in bids),
                tuple(self._level(price, units) for price, units in asks),
                post_only,
            )
        )

    def target(self, units: int, *, slippage: Decimal = SLIPPAGE) -> None:
        """Declare how many units the instance should hold (`holding`); what is missing is bought, what is over sold.

        Like `quote`, it says what all orders of the instance here should be: one at the best price that the hook saw,
        or at most the share `slippage` beyond it. What that does not fill rests, until it fills or another hook says
        otherwise. Nothing is done while the side to trade with is empty, and no more is sold than Trading has.

        Raises:
            StrategyError: `units` is negative or not a whole number.
        """
        if not _whole(units) or units < 0:
            raise StrategyError(f"{self.market.symbol}: target: {units!r} is not a whole number of units, 0 or more")
        side = Side.BUY if units > self.holding else Side.SELL
        missing = abs(units - self.holding)
        if side is Side.SELL:
            missing = min(missing, self.position.available + self.on_order(side))
        missing = min(missing, self.market.max_size or missing)
        if missing < self.market.min_size:
            self.quote()
        elif (price := self._price_to_take(side, slippage)) is not None:
            level = [(price, missing)]
            self.quote(bids=level) if side is Side.BUY else self.quote(asks=level)

    def buy(self, units: int, price: Decimal | None = None, *, post_only: bool = False) -> None:
        """Bid for units at up to `price` USD each; without a price at the best ask, or at most 1 % above it.

        With `post_only` the exchange refuses it if it would trade at once. Raises `StrategyError` on a bad price or
        quantity, and without a price when nothing is offered.
        """
        self._place(Side.BUY, units, price, post_only)

    def sell(self, units: int, price: Decimal | None = None, *, post_only: bool = False) -> None:
        """Offer units at `price` USD or more each; without a price at the best bid, or at most 1 % below it.

        With `post_only` the exchange refuses it if it would trade at once. Raises `StrategyError` on a bad price or
        quantity, and without a price when nothing is bid.
        """
        self._place(Side.SELL, units, price, post_only)

    def cancel(self, order: Order) -> None:
        """Take one of the instance's orders off the book."""
        self._intents.append(Cancel(order.client_order_id))

    def stock(self, units: int) -> None:
        """Move units from Trading to Consumption. Raises `StrategyError` unless it is a positive whole number."""
        self._intents.append(Stock(self.market.instrument_id, _positive(units, "stock")))

    def issue(self, units: int) -> None:
        """Issue units and move them to Trading, to sell them there; for suppliers.

        Raises `StrategyError` unless it is a positive whole number.
        """
        self._intents.append(Issue(self.market.instrument_id, _positive(units, "issue")))

    def _place(self, side: Side, units: int, price: Decimal | None, post_only: bool) -> None:  # noqa: FBT001
        if price is None and (price := self._protection(side, SLIPPAGE)) is None:
            empty = "offered" if side is Side.BUY else "bid"
            raise StrategyError(f"{self.market.symbol}: nothing is {empty}, so give a price to {side} at")
        level = self._level(price, units)
        self._intents.append(Place(self.market.market_id, side, level.quantity, level.price, post_only))

    def _price_to_take(self, side: Side, slippage: Decimal) -> Decimal | None:
        """The price of a resting order that still trades at once, which then stays; else one that does."""
        best = self.ticker.ask if side is Side.BUY else self.ticker.bid
        for order in self.orders:
            takes = best is not None and (order.price >= best if side is Side.BUY else order.price <= best)
            if order.side is side and takes:
                return order.price
        return self._protection(side, slippage)

    def _protection(self, side: Side, slippage: Decimal) -> Decimal | None:
        """The worst price that an order without a price of its own may trade at; None while there is none to take."""
        if side is Side.BUY:
            return None if self.ticker.ask is None else self.price(self.ticker.ask * (1 + slippage), Rounding.UP)
        if self.ticker.bid is None:
            return None
        return max(self.market.tick, self.price(self.ticker.bid * (1 - slippage), Rounding.DOWN))

    def _level(self, price: Decimal, units: int) -> PriceLevel:
        symbol = self.market.symbol
        if not _whole(units):
            raise StrategyError(f"{symbol}: {units!r} is not a whole number of units")
        if not isinstance(price, Decimal):
            raise StrategyError(f"{symbol}: the price {price!r} is not a Decimal; use ctx.price({price!r})")
        if faults := self.market.faults(price, units):
            raise StrategyError(f"{symbol}: {'; '.join(faults)}")
        return PriceLevel(price, units)


def _remaining(orders: Iterable[Order], side: Side) -> int:
    return sum(order.remaining for order in orders if order.side is side)


def _positive(units: int, intent: str) -> int:
    if not _whole(units) or units < 1:
        raise StrategyError(f"{intent}: {units!r} is not a positive whole number of units")
    return units


def _whole(units: object) -> bool:
    return isinstance(units, int) and not isinstance(units, bool)
