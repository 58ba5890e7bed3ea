"""The book against a naive matcher that looks at every resting order every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.domain.order import Side, TimeInForce
from bot.sim.config import SelfTrade, VenueConfig
from bot.sim.ledger import Account
from bot.sim.market import SimMarket
from bot.sim.orders import PENDING, SimOrder, SimTrade
from bot.sim.venue import Venue
from tests.sim.client import START

USD = 1_000_000
TRADERS = 3


@dataclass(eq=False)
class Naive:
    """An order of the naive matcher; `place` is its place in all queues."""

    number: int
    trader: int
    side: Side
    price: int | None
    remaining: int
    tif: TimeInForce
    stop: int | None = None
    place: int = 0

    def reached(self, price: int) -> bool:
        assert self.stop is not None
        return price >= self.stop if self.side is Side.BUY else price <= self.stop


@dataclass
class NaiveMatcher:
    cancels_resting: bool
    resting: list[Naive] = field(default_factory=list)
    waiting: list[Naive] = field(default_factory=list)
    trades: list[tuple[int, int, int, int]] = field(default_factory=list)
    triggered: list[int] = field(default_factory=list)
    set_off: list[Naive] = field(default_factory=list)
    places: int = 0

    def submit(self, order: Naive) -> None:
        """Take in an order, new or with new terms, and all that it sets off."""
        self.places += 1
        order.place = self.places
        if order.stop is None:
            self.execute(order)
        elif self.trades and order.reached(self.trades[-1][2]):
            self.trigger(order)
        else:
            self.waiting.append(order)
        while self.set_off:
            self.trigger(self.set_off.pop(0))

    def trigger(self, order: Naive) -> None:
        self.triggered.append(order.number)
        order.stop = None
        self.places += 1
        order.place = self.places
        self.execute(order)

    def execute(self, order: Naive) -> None:
        if order.tif is TimeInForce.FOK and self.fillable(order) < order.remaining:
            return
        while order.remaining and (makers := self.met_by(order)):
            maker = makers[0]
            if maker.trader != order.trader:
                self.trade(maker, order)
            elif self.cancels_resting:
                self.resting.remove(maker)
            else:
                return
        if order.remaining and order.price is not None and order.tif in (TimeInForce.GTC, TimeInForce.DAY):
            self.resting.append(order)

    def met_by(self, order: Naive) -> list[Naive]:
        """The orders that an order could trade with, in their turn."""
        sign = 1 if order.side is Side.BUY else -1
        met = [
            maker
            for maker in self.resting
            if maker.side is not order.side
            and maker.price is not None
            and (order.price is None or sign * maker.price <= sign * order.price)
        ]
        return sorted(met, key=lambda maker: (sign * (maker.price or 0), maker.place))

    def fillable(self, order: Naive) -> int:
        units = 0
        for maker in self.met_by(order):
            if maker.trader != order.trader:
                units += maker.remaining
            elif not self.cancels_resting:
                break
        return units

    def trade(self, maker: Naive, taker: Naive) -> None:
        quantity, price = min(maker.remaining, taker.remaining), maker.price or 0
        self.trades.append((maker.number, taker.number, price, quantity))
        for order in (maker, taker):
            order.remaining -= quantity
        if not maker.remaining:
            self.resting.remove(maker)
        reached = [order for order in self.waiting if order.reached(price)]
        self.set_off += sorted(reached, key=nearest_first)
        self.waiting = [order for order in self.waiting if order not in reached]

    def replace(self, number: int, units: int, price: int) -> None:
        """Give an open order so many units that remain, and prices."""
        [order] = [order for order in (*self.resting, *self.waiting) if order.number == number]
        terms = None if order.price is None else price, None if order.stop is None else price
        stays = terms == (order.price, order.stop) and units <= order.remaining
        order.remaining = units
        order.price, order.stop = terms
        if not stays:
            self.take_off(number)
            self.submit(order)

    def take_off(self, number: int) -> bool:
        before = len(self.resting) + len(self.waiting)
        self.resting = [order for order in self.resting if order.number != number]
        self.waiting = [order for order in self.waiting if order.number != number]
        return len(self.resting) + len(self.waiting) < before


def nearest_first(order: Naive) -> tuple[bool, int, int]:
    assert order.stop is not None
    return order.side is Side.SELL, order.stop if order.side is Side.BUY else -order.stop, order.place


prices = st.integers(1, 6).map(lambda ticks: ticks * USD)
placements = st.tuples(
    st.integers(0, TRADERS - 1),
    st.sampled_from(Side),
    st.none() | prices,
    st.integers(1, 9),
    st.sampled_from([TimeInForce.GTC, *TimeInForce]),
    st.none() | st.none() | prices,
)
numbers = st.integers(0, 40)
changes = st.tuples(numbers, st.integers(1, 9), prices)


@given(
    st.sampled_from(SelfTrade),
    st.lists(placements | numbers | changes, max_size=60),
)
def test_trades_rests_and_triggers_exactly_as_a_naive_matcher_does(
    self_trade: SelfTrade,
    steps: list[tuple[int, Side, int, int, TimeInForce, int | None] | tuple[int, int, int] | int],
) -> None:
    venue, market, traders = exchange(self_trade)
    naive = NaiveMatcher(self_trade is SelfTrade.CANCEL_RESTING)
    orders: list[SimOrder] = []
    triggered = Triggered(venue)
    for step in steps:
        if isinstance(step, int):
            if step < len(orders):
                assert naive.take_off(step) == orders[step].is_open
                if orders[step].is_open:
                    venue.cancel(orders[step].account, orders[step].order_id)
        elif len(step) == 3:
            number, units, price = step
            if number < len(orders) and (order := orders[number]).is_open:
                naive.replace(number, units, price)
                venue.replace(
                    order.account,
                    order.order_id,
                    quantity=order.filled + units,
                    price=None if order.price is None else price,
                    stop_price=price if order.status == PENDING else None,
                )
        else:
            trader, side, limit, quantity, tif, stop = step
            naive.submit(Naive(len(orders), trader, side, limit, quantity, tif, stop))
            place = venue.place
            orders.append(place(traders[trader], market, side, quantity, limit, time_in_force=tif, stop_price=stop))
        assert_same(market, naive, orders, triggered)


class Triggered:
    """Listens for the stop orders that are let in."""

    def __init__(self, venue: Venue) -> None:
        self.order_ids: list[str] = []
        venue.listen(self)

    def placed(self, order: SimOrder) -> None:
        if order.triggered_at is not None:
            self.order_ids.append(order.order_id)

    def changed(self, order: SimOrder) -> None:
        if order.triggered_at is not None and order.order_id not in self.order_ids:
            self.order_ids.append(order.order_id)

    def traded(self, trade: SimTrade, maker: SimOrder, taker: SimOrder) -> None:
        for order in (maker, taker):
            assert order.stop_price is None or order.order_id in self.order_ids

    def quoted(self, market: SimMarket) -> None:
        pass


def assert_same(market: SimMarket, naive: NaiveMatcher, orders: list[SimOrder], triggered: Triggered) -> None:
    numbers = {order.order_id: number for number, order in enumerate(orders)}
    assert [
        (numbers[trade.maker_order_id], numbers[trade.taker_order_id], trade.price, trade.quantity)
        for trade in market.trades.recent
    ] == naive.trades
    assert [numbers[order_id] for order_id in triggered.order_ids] == naive.triggered
    assert len(set(naive.triggered)) == len(naive.triggered)
    assert {number: order.remaining for number, order in enumerate(orders) if order.is_open} == {
        order.number: order.remaining for order in (*naive.resting, *naive.waiting)
    }
    assert [numbers[order.order_id] for order in market.stops] == [
        order.number for order in sorted(naive.waiting, key=nearest_first)
    ]
    assert market.stops.count == len(naive.waiting)
    assert_levels_match(market, naive)


def assert_levels_match(market: SimMarket, naive: NaiveMatcher) -> None:
    for side in Side:
        resting = sorted(naive.resting, key=lambda order: order.place)
        prices = {order.price or 0 for order in resting if order.side is side}
        assert [
            (level.price, level.quantity, [order.remaining for order in level])
            for level in market.book.side(side).levels()
        ] == [
            (price, sum(queue), queue)
            for price in sorted(prices, reverse=side is Side.BUY)
            for queue in [[order.remaining for order in resting if order.side is side and order.price == price]]
        ]
        assert len(market.book.side(side)) == len(prices)
    bid, ask = market.book.bids.best_price, market.book.asks.best_price
    assert bid is None or ask is None or bid < ask


def exchange(self_trade: SelfTrade = SelfTrade.CANCEL_INCOMING) -> tuple[Venue, SimMarket, list[Account]]:
    venue = Venue(VenueConfig(symbols=("text-prime",), self_trade=self_trade), start=START, ids=SeededIds(1))
    traders = [
        venue.add_account(f"trader {n}", cash=Decimal(100_000), units={"text-prime": 100_000}) for n in range(TRADERS)
    ]
    return venue, venue.market_by_symbol("text-prime"), traders


@pytest.mark.parametrize(
    ("quantity", "limit", "expected"),
    [
        (1, None, (1, 2 * USD)),
        (5, None, (5, 2 * 3 * USD + 2 * 4 * USD)),
        (5, 3 * USD, (3, 2 * 3 * USD)),
        (5, 1 * USD, (0, 0)),
        (50, None, (7, 2 * 3 * USD + 4 * 4 * USD)),
    ],
)
def test_what_an_order_could_fill_at_once_is_told_before_it_trades(
    quantity: int, limit: int | None, expected: tuple[int, int]
) -> None:
    venue, market, (maker, taker, _) = exchange()
    venue.place(maker, market, Side.SELL, 3, 2 * USD)
    venue.place(maker, market, Side.SELL, 4, 4 * USD)
    assert market.book.fillable(Side.BUY, limit, quantity, taker) == expected


def test_what_an_order_could_fill_ends_at_its_owners_own_order() -> None:
    venue, market, (maker, taker, _) = exchange()
    venue.place(maker, market, Side.SELL, 3, 2 * USD)
    venue.place(taker, market, Side.SELL, 3, 3 * USD)
    venue.place(maker, market, Side.SELL, 3, 4 * USD)
    assert market.book.fillable(Side.BUY, None, 9, taker) == (3, 6 * USD)


def test_what_an_order_could_fill_goes_past_its_owners_own_order_where_that_is_cancelled() -> None:
    venue, market, (maker, taker, _) = exchange(SelfTrade.CANCEL_RESTING)
    venue.place(maker, market, Side.SELL, 3, 2 * USD)
    venue.place(taker, market, Side.SELL, 3, 3 * USD)
    venue.place(maker, market, Side.SELL, 3, 4 * USD)
    assert market.book.fillable(Side.BUY, None, 9, taker, past_own=True) == (6, 18 * USD)
