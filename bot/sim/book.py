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
    """The orders that rest at one price, and their units in all; it iterates from the oldest order to the newest.

    Its length is the number of orders. Each knows those ahead of it and behind it, so that it can leave at once.

    Attributes:
        price: micro-dollars per unit.
        quantity: units.
        oldest: the order that trades first; None when there is none.
    """

    __slots__ = ("_count", "_newest", "oldest", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        self.oldest: SimOrder | None = None
        self._newest: SimOrder | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SimOrder]:
        order = self.oldest
        while order is not None:
            yield order
            order = order.behind

    def add(self, order: SimOrder) -> None:
        """Let an order queue up."""
        newest = self._newest
        if newest is None:
            self.oldest = order
        else:
            newest.behind = order
            order.ahead = newest
        self._newest = order
        self._count += 1
        self.quantity += order.remaining

    def remove(self, order: SimOrder) -> None:
        """Take an order out of the queue."""
        ahead, behind = order.ahead, order.behind
        if ahead is None:
            self.oldest = behind
        else:
            ahead.behind = behind
        if behind is None:
            self._newest = ahead
        else:
            behind.ahead = ahead
        order.ahead = order.behind = None
        self._count -= 1
        self.quantity -= order.remaining


class BookSide:
    """The resting orders of one side.

    Its length is the number of its price levels. Prices are kept signed, so that the best is the greatest on either
    side: bids as they are, asks negated.
    """

    __slots__ = ("_ladder", "_levels", "_sign")

    def __init__(self, side: Side) -> None:
        self._sign = 1 if side is BUY else -1
        self._ladder = Ladder()
        self._levels: dict[int, PriceLevel] = {}

    def __len__(self) -> int:
        return len(self._levels)

    @property
    def best_price(self) -> int | None:
        """The best price, micro-dollars per unit; None when nobody quotes."""
        best = self._ladder.last
        return None if best is None else best * self._sign

    def best_within(self, limit: int | None) -> PriceLevel | None:
        """The best level, if an order of the other side with this limit (None: any price) can trade with it."""
        best = self._ladder.last
        if best is None or (limit is not None and best < limit * self._sign):
            return None
        return self._levels[best]

    def levels(self) -> Iterator[PriceLevel]:
        """Levels from the best price to the worst."""
        return (self._levels[signed] for signed in reversed(self._ladder))

    def add(self, order: SimOrder) -> None:
        """Let a limit order rest behind those at its price."""
        assert order.price is not None
        signed = order.price * self._sign
        level = self._levels.get(signed)
        if level is None:
            level = self._levels[signed] = PriceLevel(order.price)
            self._ladder.add(signed)
        level.add(order)

    def remove(self, order: SimOrder) -> None:
        """Take a resting order off."""
        assert order.price is not None
        signed = order.price * self._sign
        level = self._levels[signed]
        level.remove(order)
        if level.oldest is None:
            del self._levels[signed]
            self._ladder.remove(signed)

    def fill(self, order: SimOrder, quantity: int) -> None:
        """Take units from a resting order, which keeps its place in the queue; it leaves when none remain."""
        if quantity == order.remaining:
            self.remove(order)
        else:
            assert order.price is not None
            self._levels[order.price * self._sign].quantity -= quantity
        order.remaining -= quantity


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
