"""Order events a second: `Venue`, with its checks, ledgers and histories, beside a bare price-time book.

    python benchmarks/matching.py [OPERATIONS] [ROUNDS]

Both take the same seeded script on a book of 2,000 orders: limit orders that rest (half of all steps), orders that
cross (a fifth; a quarter of them market orders, the others limit orders for what they find), cancels (a quarter), and
new terms. Half of the orders are users', who have all orders and fills remembered, half are the house's. An event is an
order taken in, a cancel, a change of terms, or a trade (one, though it fills two orders). The bare book is what
matching itself takes in plain Python: no accounts, money, rules, times or ids.

The two take turns, in one run, on the clock of the process's own processor time. The fastest round of each counts, for
whatever else runs on the machine can only slow a round down; medians are told as well, and the pace of a fixed loop, to
tell machines apart. Then the same mix is timed on books of a thousand to a hundred thousand resting orders, most of
them at prices of their own: the time of an event should hardly grow.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from bisect import insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

from bot.clock import SeededIds
from bot.domain.order import Side, TimeInForce
from bot.sim.config import VenueConfig
from bot.sim.orders import BUY, SELL, SimOrder
from bot.sim.venue import Venue

START = datetime(2026, 7, 1, tzinfo=UTC)
TICK = 10_000
MID = 500_000 * TICK
OPENING = 2_000
RESTING = (1_000, 10_000, 100_000)
ACCOUNTS = range(4)
"""Of a user who rests, a user who takes, and the house's two alike: orders of one account never meet."""


@dataclass(frozen=True, slots=True)
class Place:
    """An order; one that does not rest takes what it finds, at any price if that is None."""

    account: int
    rests: bool
    side: Side
    quantity: int
    price: int | None


@dataclass(frozen=True, slots=True)
class Cancel:
    """A cancel of the n-th order."""

    number: int


@dataclass(frozen=True, slots=True)
class Replace:
    """A new price of the n-th order, and so many units that remain."""

    number: int
    remaining: int
    price: int


Operation: TypeAlias = Place | Cancel | Replace


@dataclass(slots=True)
class BareOrder:
    """An order of the bare book."""

    number: int
    side: Side
    price: int
    remaining: int


class BareBook:
    """Price-time priority and nothing else: sorted prices, and a queue at each; what is cancelled leaves when met."""

    def __init__(self) -> None:
        self.orders: list[BareOrder] = []
        self.trades: list[tuple[int, int, int, int]] = []
        self._queues: dict[Side, dict[int, deque[BareOrder]]] = {Side.BUY: {}, Side.SELL: {}}
        self._keys: dict[Side, list[int]] = {Side.BUY: [], Side.SELL: []}  # prices; asks negated: the last is the best

    def run(self, script: Sequence[Operation]) -> int:
        """Take all steps of a script; answers how many trades there were."""
        before, orders = len(self.trades), self.orders
        for step in script:
            if isinstance(step, Place):
                order = BareOrder(len(orders), step.side, step.price or 0, step.quantity)
                orders.append(order)
                if step.rests:
                    self._add(order)
                else:
                    self._take(order, step.price)
                continue
            order = orders[step.number]
            order.remaining = 0
            if isinstance(step, Replace):
                orders[step.number] = again = BareOrder(order.number, order.side, step.price, step.remaining)
                self._add(again)
        return len(self.trades) - before

    def _take(self, order: BareOrder, price: int | None) -> None:
        opposite, sign = (SELL, -1) if order.side is BUY else (BUY, 1)
        keys, queues = self._keys[opposite], self._queues[opposite]
        while keys and order.remaining and (price is None or keys[-1] >= price * sign):
            queue = queues[keys[-1]]
            while queue and order.remaining:
                maker = queue[0]
                if traded := min(order.remaining, maker.remaining):
                    order.remaining -= traded
                    maker.remaining -= traded
                    self.trades.append((maker.number, order.number, maker.price, traded))
                if not maker.remaining:
                    queue.popleft()
            if not queue:
                del queues[keys.pop()]
        order.remaining = 0

    def _add(self, order: BareOrder) -> None:
        key = order.price if order.side is BUY else -order.price
        queues = self._queues[order.side]
        if key not in queues:
            queues[key] = deque()
            insort(self._keys[order.side], key)
        queues[key].append(order)


class FullBook:
    """The same on one market of a simulated exchange."""

    def __init__(self) -> None:
        self.venue = Venue(VenueConfig(symbols=("text-prime",)), start=START, ids=SeededIds(1))
        self.market = self.venue.market_by_symbol("text-prime")
        self.orders: list[SimOrder] = []
        wealth = {"text-prime": 10**12}
        self._accounts = [
            self.venue.add_account(f"account {n}", cash=Decimal(10**13), units=wealth, house=n in ACCOUNTS[2:])
            for n in ACCOUNTS
        ]

    def run(self, script: Sequence[Operation]) -> int:
        """Take all steps of a script; answers how many trades there were."""
        venue, market, accounts, orders = self.venue, self.market, self._accounts, self.orders
        before, gtc, ioc = market.trades.count, TimeInForce.GTC, TimeInForce.IOC
        for step in script:
            if isinstance(step, Place):
                tif = gtc if step.rests else ioc
                orders.append(
                    venue.place(accounts[step.account], market, step.side, step.quantity, step.price, time_in_force=tif)
                )
                continue
            order = orders[step.number]
            if isinstance(step, Cancel):
                venue.cancel(order.account, order.order_id)
            else:
                quantity = order.filled + step.remaining
                venue.replace(order.account, order.order_id, quantity=quantity, price=step.price)
        return market.trades.count - before


class Author:
    """Writes scripts in which nothing would be refused, by trying every step on a bare book of its own."""

    def __init__(self, seed: int, width: int, *, crowding: int) -> None:
        """Prices lie so many ticks at most from the middle, and are crowded there if `crowding` is above 1."""
        self._random = random.Random(f"matching {seed}")  # repeatable, not secret
        self._width = width
        self._crowding = crowding
        self._book = BareBook()
        self._resting: list[int] = []

    def fill(self, orders: int) -> list[Operation]:
        """So many orders that rest, half of them on each side."""
        return [self._done(self._rest()) for _ in range(orders)]

    def mix(self, steps: int) -> list[Operation]:
        """So many steps of all kinds."""
        return [self._done(self._any()) for _ in range(steps)]

    def _done(self, step: Operation) -> Operation:
        self._book.run((step,))
        if isinstance(step, Place) and step.rests:
            self._resting.append(len(self._book.orders) - 1)
        return step

    def _any(self) -> Operation:
        kind = self._random.random()
        if kind < 0.52:
            return self._rest()
        if kind < 0.72:
            return self._cross()
        number = self._pick()
        if kind < 0.95:
            return Cancel(number)
        order = self._book.orders[number]
        self._resting.append(number)
        price = self._price(order.side)
        if price == order.price:
            price += -TICK if order.side is BUY else TICK
        return Replace(number, self._random.randint(1, order.remaining), price)

    def _rest(self) -> Place:
        side = self._side()
        account = self._random.choice(ACCOUNTS[::2])
        return Place(account, rests=True, side=side, quantity=self._random.randint(1, 20), price=self._price(side))

    def _cross(self) -> Place:
        side = self._side()
        away = TICK if side is BUY else -TICK
        limit = None if self._random.random() < 0.25 else MID + away * self._random.randint(1, self._width)
        account = self._random.choice(ACCOUNTS[1::2])
        return Place(account, rests=False, side=side, quantity=self._random.randint(1, 25), price=limit)

    def _price(self, side: Side) -> int:
        away = -TICK if side is BUY else TICK
        return MID + away * (1 + int(self._width * self._random.random() ** self._crowding))

    def _side(self) -> Side:
        return BUY if self._random.random() < 0.5 else SELL

    def _pick(self) -> int:
        """An order that rests still; it is not in the list any more."""
        while True:
            place = self._random.randrange(len(self._resting))
            self._resting[place], self._resting[-1] = self._resting[-1], self._resting[place]
            number = self._resting.pop()
            if self._book.orders[number].remaining:
                return number


def timed(book: BareBook | FullBook, opening: Sequence[Operation], script: Sequence[Operation]) -> tuple[int, float]:
    """How many events a script was on a book, and how long it took, seconds."""
    book.run(opening)
    gc.collect()
    began = time.process_time()
    trades = book.run(script)
    return len(script) + trades, time.process_time() - began


def pace() -> float:
    """Million turns of a fixed loop a second."""
    began = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number & 7
    return 1 / (time.process_time() - began)


def compare(steps: int, rounds: int) -> None:
    """The two books on one script."""
    author = Author(7, 300, crowding=2)
    opening, script = author.fill(OPENING), author.mix(steps)
    rates: dict[str, list[float]] = {"fixed loop": [], "bare book": [], "venue": []}
    events = set()
    for _ in range(rounds):
        rates["fixed loop"].append(pace())
        for name, make in (("bare book", BareBook), ("venue", FullBook)):
            count, seconds = timed(make(), opening, script)
            rates[name].append(count / seconds)
            events.add(count)
    assert len(events) == 1, "the two books have not traded the same"
    loop, bare, venue = rates.values()
    print(f"{steps} steps of a script, {events.pop()} events, {rounds} rounds:")
    print(f"  fixed loop  best {max(loop):9.1f}, median {statistics.median(loop):9.1f} million turns a second")
    print(f"  bare book   best {max(bare):9,.0f}, median {statistics.median(bare):9,.0f} events a second")
    print(f"  venue       best {max(venue):9,.0f}, median {statistics.median(venue):9,.0f} events a second")
    print(f"  venue beside bare book: {max(venue) / max(bare):.2f}")


def slope(steps: int, rounds: int) -> None:
    """The venue alone, on books of growing size."""
    print("resting orders, microseconds of an event (best round):")
    for resting in RESTING:
        author = Author(resting, 2 * resting, crowding=1)
        opening, script = author.fill(resting), author.mix(steps)
        best = min(seconds / events for events, seconds in (timed(FullBook(), opening, script) for _ in range(rounds)))
        print(f"  {resting:7,}  {best * 1e6:6.2f}")


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    compare(steps, rounds)
    slope(steps // 5, max(1, rounds // 3))


if __name__ == "__main__":
    main()
