"""A central limit order book: price-time priority, whole units, prices in micro-dollars.

Each side is a ladder of prices over a dictionary of levels; within a level, orders queue in the order in which they
came. Finding the best price, joining a level and leaving it take constant time; opening or emptying a level takes a
bisection.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.order import Side
from bot.sim.ladder import Ladder
from bot.sim.ledger import Account
from bot.sim.orders import BUY, SimOrder


class PriceLevel:
    """The orders that rest at one price; it iterates from the oldest to the newest.

    Its length is the number of orders. Each knows those ahead of it and behind it, so that it can leave at once. What
    they are in all is summed up when somebody looks, for orders come and go far more often.

    Attributes:
        price: micro-dollars per unit.
        oldest: the order that trades first; None when there is none.
        newest: the order that trades last; likewise.
    """

    __slots__ = ("newest", "oldest", "price")

    def __init__(self, price: int) -> None:
        self.price = price
        self.oldest: SimOrder | None = None
        self.newest: SimOrder | None = None

    def __del__(self) -> None:
        """Part the orders of a book that is gone: they hold one another, and the garbage collector does not see it."""
        order = self.oldest
        while order is not None:
            behind = order.behind
            order.ahead = order.behind = None
            order = behind

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[SimOrder]:
        order = self.oldest
        while order is not None:
            yield order
            order = order.behind

    @property
    def quantity(self) -> int:
        """Units of all orders."""
        return sum(order.remaining for order in self)


class BookSide:
    """The resting orders of one side.

    Its length is the number of its price levels. The ladder has their prices signed, so that the best is the greatest
    on either side: bids as they are, asks negated.

    Attributes:
        best: the level that trades first; None when nobody quotes.
    """

    __slots__ = ("_buys", "_ladder", "_levels", "best")

    def __init__(self, side: Side) -> None:
        self._buys = side is BUY
        self._ladder = Ladder()
        self._levels: dict[int, PriceLevel] = {}
        self.best: PriceLevel | None = None

    def __len__(self) -> int:
        return len(self._levels)

    @property
    def best_price(self) -> int | None:
        """The best price, micro-dollars per unit; None when nobody quotes."""
        return None if self.best is None else self.best.price

    def best_within(self, limit: int | None) -> PriceLevel | None:
        """The best level, if an order of the other side with this limit (None: any price) can trade with it."""
        best = self.best
        if best is None or limit is None:
            return best
        is_within = best.price >= limit if self._buys else best.price <= limit
        return best if is_within else None

    def levels(self) -> Iterator[PriceLevel]:
        """Levels from the best price to the worst."""
        return (self._levels[abs(signed)] for signed in reversed(self._ladder))

    def add(self, order: SimOrder) -> None:
        """Let a limit order rest behind those at its price."""
        price = order.price
        assert price is not None
        level = self._levels.get(price)
        if level is None:
            level = self._open(price)
        newest = level.newest
        if newest is None:
            level.oldest = order
        else:
            newest.behind = order
            order.ahead = newest
        level.newest = order

    def remove(self, order: SimOrder) -> None:
        """Take a resting order off."""
        price = order.price
        assert price is not None
        level = self._levels[price]
        ahead, behind = order.ahead, order.behind
        if ahead is None:
            level.oldest = behind
        else:
            ahead.behind = behind
            order.ahead = None
        if behind is None:
            level.newest = ahead
        else:
            behind.ahead = ahead
            order.behind = None
        if level.oldest is None:
            self._drop(level)

    def _open(self, price: int) -> PriceLevel:
        level = self._levels[price] = PriceLevel(price)
        self._ladder.add(price if self._buys else -price)
        if self.best_within(price) is None:
            self.best = level
        return level

    def _drop(self, level: PriceLevel) -> None:
        del self._levels[level.price]
        self._ladder.remove(level.price if self._buys else -level.price)
        last = self._ladder.last
        self.best = None if last is None else self._levels[abs(last)]


class OrderBook:
    """Both sides of one market."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)

    def side(self, side: Side) -> BookSide:
        """The side on which such an order rests."""
        return self.bids if side is BUY else self.asks

    def opposite(self, side: Side) -> BookSide:
        """The side with which such an order trades."""
        return self.asks if side is BUY else self.bids

    def fillable(
        self, side: Side, limit: int | None, quantity: int, owner: Account, *, past_own: bool = False
    ) -> tuple[int, int]:
        """What such an order would trade at once, as units and micro-dollars.

        It stops at the owner's own orders, or goes `past_own`.
        """
        units = cost = 0
        for level in self.opposite(side).levels():
            if limit is not None and (level.price > limit if side is BUY else level.price < limit):
                break
            for order in level:
                if order.account is owner:
                    if past_own:
                        continue
                    return units, cost
                taken = min(order.remaining, quantity - units)
                units += taken
                cost += taken * level.price
                if units == quantity:
                    return units, cost
        return units, cost
