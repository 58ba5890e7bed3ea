"""Stop orders that wait for their market to trade at their stop price."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator

from bot.sim.ladder import Ladder
from bot.sim.orders import BUY, SimOrder


def is_reached(order: SimOrder, last_price: int) -> bool:
    """Whether a trade at a price, micro-dollars per unit, lets a stop order go: a buy from its stop price upwards."""
    assert order.stop_price is not None
    return last_price >= order.stop_price if order.side is BUY else last_price <= order.stop_price


class StopBook:
    """Stop orders of one market, unseen by its order book.

    A trade lets go all orders whose stop price it reaches, those with the nearest stop price first, at one stop price
    the oldest first, buys before sells.

    Attributes:
        count: how many wait.
        reached: those that were let go and have not come in yet, in their order.
    """

    __slots__ = ("_buys", "_sells", "count", "reached")

    def __init__(self) -> None:
        self._buys = _Side(-1)
        self._sells = _Side(1)
        self.count = 0
        self.reached: deque[SimOrder] = deque()

    def __iter__(self) -> Iterator[SimOrder]:
        """Those that wait, in the order in which they would be let go, buys before sells."""
        yield from self._buys
        yield from self._sells

    def add(self, order: SimOrder) -> None:
        """Let a stop order wait behind those with its stop price."""
        (self._buys if order.side is BUY else self._sells).add(order)
        self.count += 1

    def remove(self, order: SimOrder) -> None:
        """Let a stop order wait no more."""
        (self._buys if order.side is BUY else self._sells).remove(order)
        self.count -= 1

    def trade(self, price: int) -> None:
        """Let go what a trade at a price has reached."""
        reached = [*self._buys.take(price), *self._sells.take(price)]
        self.count -= len(reached)
        self.reached.extend(reached)


class _Side:
    """Stop orders of one side; their prices are signed so that the greatest is the nearest."""

    __slots__ = ("_ladder", "_queues", "_sign")

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._ladder = Ladder()
        self._queues: dict[int, OrderedDict[str, SimOrder]] = {}

    def __iter__(self) -> Iterator[SimOrder]:
        return (order for signed in reversed(self._ladder) for order in self._queues[signed].values())

    def add(self, order: SimOrder) -> None:
        signed = self._signed(order)
        queue = self._queues.get(signed)
        if queue is None:
            queue = self._queues[signed] = OrderedDict()
            self._ladder.add(signed)
        queue[order.order_id] = order

    def remove(self, order: SimOrder) -> None:
        signed = self._signed(order)
        queue = self._queues[signed]
        del queue[order.order_id]
        if not queue:
            self._drop(signed)

    def take(self, price: int) -> Iterator[SimOrder]:
        """Take out the orders that a trade at a price has reached."""
        while (nearest := self._ladder.last) is not None and nearest >= price * self._sign:
            yield from self._queues[nearest].values()
            self._drop(nearest)

    def _signed(self, order: SimOrder) -> int:
        assert order.stop_price is not None
        return order.stop_price * self._sign

    def _drop(self, signed: int) -> None:
        del self._queues[signed]
        self._ladder.remove(signed)
