"""The book against a naive matcher that looks at every resting order every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.domain.order import Side, TimeInForce
from bot.sim.config import VenueConfig
from bot.sim.ledger import Account
from bot.sim.market import SimMarket
from bot.sim.orders import SimOrder
from bot.sim.venue import Venue
from tests.sim.client import START

USD = 1_000_000
TRADERS = 3


@dataclass
class Resting:
    number: int
    trader: int
    side: Side
    price: int
    remaining: int


@dataclass
class NaiveMatcher:
    resting: list[Resting] = field(default_factory=list)
    trades: list[tuple[int, int, int, int]] = field(default_factory=list)

    def best_for(self, side: Side, limit: int | None) -> Resting | None:
        reachable = [
            order
            for order in self.resting
            if order.side is not side
            and (limit is None or (order.price <= limit if side is Side.BUY else order.price >= limit))
        ]
        sign = 1 if side is Side.BUY else -1
        return min(reachable, key=lambda order: (order.price * sign, order.number), default=None)

    def place(self, number: int, trader: int, side: Side, price: int | None, quantity: int, tif: TimeInForce) -> None:
        if tif is TimeInForce.FOK:
            trial = NaiveMatcher([Resting(**vars(order)) for order in self.resting])
            trial.place(number, trader, side, price, quantity, TimeInForce.IOC)
            if sum(trade[3] for trade in trial.trades) < quantity:
                return
        while quantity and (maker := self.best_for(side, price)) is not None:
            if maker.trader == trader:
                return
            traded = min(quantity, maker.remaining)
            self.trades.append((maker.number, number, maker.price, traded))
            quantity -= traded
            maker.remaining -= traded
            if not maker.remaining:
                self.resting.remove(maker)
        if quantity and price is not None and tif is TimeInForce.GTC:
            self.resting.append(Resting(number, trader, side, price, quantity))

    def cancel(self, number: int) -> bool:
        found = [order for order in self.resting if order.number == number]
        for order in found:
            self.resting.remove(order)
        return bool(found)


placements = st.tuples(
    st.integers(0, TRADERS - 1),
    st.sampled_from(Side),
    st.none() | st.integers(1, 6).map(lambda ticks: ticks * USD),
    st.integers(1, 9),
    st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
)
cancels = st.integers(0, 40)


@given(st.lists(placements | cancels, max_size=60))
def test_trades_and_rests_exactly_as_a_naive_matcher_does(
    steps: list[tuple[int, Side, int, int, TimeInForce] | int],
) -> None:
    venue, market, traders = exchange()
    naive = NaiveMatcher()
    orders: list[SimOrder] = []
    for step in steps:
        if isinstance(step, tuple):
            trader, side, price, quantity, tif = step
            naive.place(len(orders), trader, side, price, quantity, tif)
            orders.append(venue.place(traders[trader], market, side, quantity, price, time_in_force=tif))
        elif step < len(orders):
            assert naive.cancel(step) == orders[step].is_open
            if orders[step].is_open:
                venue.cancel(orders[step].account, orders[step].order_id)
        numbers = {order.order_id: number for number, order in enumerate(orders)}
        assert [
            (numbers[trade.maker_order_id], numbers[trade.taker_order_id], trade.price, trade.quantity)
            for trade in market.trades.recent
        ] == naive.trades
        assert {number: order.remaining for number, order in enumerate(orders) if order.is_open} == {
            order.number: order.remaining for order in naive.resting
        }
        assert_levels_match(market, naive)


def assert_levels_match(market: SimMarket, naive: NaiveMatcher) -> None:
    for side in Side:
        prices = {order.price for order in naive.resting if order.side is side}
        assert [
            (level.price, level.quantity, [order.remaining for order in level.orders.values()])
            for level in market.book.side(side).levels()
        ] == [
            (price, sum(queue), queue)
            for price in sorted(prices, reverse=side is Side.BUY)
            for queue in [[order.remaining for order in naive.resting if order.side is side and order.price == price]]
        ]
        assert len(market.book.side(side)) == len(prices)
    bid, ask = market.book.bids.best_price, market.book.asks.best_price
    assert bid is None or ask is None or bid < ask


def exchange() -> tuple[Venue, SimMarket, list[Account]]:
    venue = Venue(VenueConfig(symbols=("text-prime",)), start=START, ids=SeededIds(1))
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
