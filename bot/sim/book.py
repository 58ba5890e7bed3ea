"""A central limit order book: price-time priority, whole units, prices in micro-dollars.

Each side is a sorted list of prices (bisected) over a dictionary of levels; within a level, orders queue in the
order in which they came. Finding the best price, joining a level and leaving it take constant time; opening or
emptying a level takes a bisection.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator

from bot.domain.order import Side
from bot.sim.ledger import Account
from bot.sim.orders import SimOrder


class PriceLevel:
    """The orders that rest at one price, oldest first, and their units in all."""

    __slots__ = ("orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        self.orders: OrderedDict[str, SimOrder] = OrderedDict()

    @property
    def oldest(self) -> SimOrder:
        """The order that trades first."""
        return next(iter(self.orders.values()))


class BookSide:
    """The resting orders of one side.

    Its length is the number of its price levels. Prices are kept signed, so that the best is the greatest on either
    side: bids as they are, asks negated.
    """

    __slots__ = ("_levels", "_sign", "_signed_prices")

    def __init__(self, side: Side) -> None:
        self._sign = 1 if side is Side.BUY else -1
        self._signed_prices: list[int] = []
        self._levels: dict[int, PriceLevel] = {}

    def __len__(self) -> int:
        return len(self._levels)

    @property
    def best_price(self) -> int | None:
        """The best price, micro-dollars per unit; None when nobody quotes."""
        return self._signed_prices[-1] * self._sign if self._signed_prices else None

    def best_within(self, limit: int | None) -> PriceLevel | None:
        """The best level, if an order of the other side with this limit (None: any price) can trade with it."""
        if not self._signed_prices:
            return None
        signed = self._signed_prices[-1]
        if limit is not None and signed < limit * self._sign:
            return None
        return self._levels[signed]

    def levels(self) -> Iterator[PriceLevel]:
        """Levels from the best price to the worst."""
        return (self._levels[signed] for signed in reversed(self._signed_prices))

    def add(self, order: SimOrder) -> None:
        """Let a limit order rest behind those at its price."""
        assert order.price is not None
        signed = order.price * self._sign
        level = self._levels.get(signed)
        if level is None:
            level = self._levels[signed] = PriceLevel(order.price)
            insort(self._signed_prices, signed)
        level.orders[order.order_id] = order
        level.quantity += order.remaining

    def remove(self, order: SimOrder) -> None:
        """Take a resting order off."""
        assert order.price is not None
        level = self._levels[order.price * self._sign]
        del level.orders[order.order_id]
        level.quantity -= order.remaining
        if not level.orders:
            self._drop(level)

    def fill(self, order: SimOrder, quantity: int) -> None:
        """Take units from a resting order, which keeps its place in the queue; it leaves when none remain."""
        assert order.price is not None
        level = self._levels[order.price * self._sign]
        level.quantity -= quantity
        order.remaining -= quantity
        if not order.remaining:
            del level.orders[order.order_id]
            if not level.orders:
                self._drop(level)

    def _drop(self, level: PriceLevel) -> None:
        signed = level.price * self._sign
        del self._levels[signed]
        if self._signed_prices[-1] == signed:
            self._signed_prices.pop()
        else:
            del self._signed_prices[bisect_left(self._signed_prices, signed)]


class OrderBook:
    """Both sides of one market."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)

    def side(self, side: Side) -> BookSide:
        """The side on which such an order rests."""
        return self.bids if side is Side.BUY else self.asks

    def opposite(self, side: Side) -> BookSide:
        """The side with which such an order trades."""
        return self.asks if side is Side.BUY else self.bids

    def fillable(self, side: Side, limit: int | None, quantity: int, owner: Account) -> tuple[int, int]:
        """What such an order would trade at once, as units and micro-dollars; it stops at the owner's own orders."""
        units = cost = 0
        for level in self.opposite(side).levels():
            if limit is not None and (level.price > limit if side is Side.BUY else level.price < limit):
                break
            for order in level.orders.values():
                if order.account is owner:
                    return units, cost
                taken = min(order.remaining, quantity - units)
                units += taken
                cost += taken * level.price
                if units == quantity:
                    return units, cost
        return units, cost
