"""The crowd keeps a book around a reference price and trades with whoever is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.clock import SeededIds
from bot.domain.order import Side
from bot.sim.config import VenueConfig
from bot.sim.crowd import Crowd
from bot.sim.ledger import Account
from bot.sim.market import SimMarket
from bot.sim.presets import CrowdConfig
from bot.sim.prices import PricePath, RandomWalk, WalkConfig
from bot.sim.venue import Venue

START = datetime(2026, 1, 1, tzinfo=UTC)
QUIET = CrowdConfig(depth=5, takers_per_hour=0)


class Steps:
    """A reference price that a test sets."""

    def __init__(self, price: int) -> None:
        self.price = price

    def at(self, now: datetime) -> int:
        return self.price


def make_market(
    config: CrowdConfig, prices: PricePath, *, seed: int = 1, tick: str = "0.01"
) -> tuple[Venue, SimMarket, Account]:
    """A venue of one market with a crowd, and a rich user."""
    venue = Venue(VenueConfig(symbols=("text-prime",), tick=Decimal(tick)), start=START, ids=SeededIds(seed))
    market = venue.market_by_symbol("text-prime")
    venue.add_agent(Crowd(venue, market, prices, config, seed), START)
    user = venue.add_account("user", cash=Decimal(1_000_000), units={"text-prime": 100_000})
    venue.advance(START)
    return venue, market, user


def levels(market: SimMarket, side: Side) -> list[int]:
    """Prices from the best to the worst, in cents."""
    return [level.price // 10_000 for level in market.book.side(side).levels()]


def later(**of: float) -> datetime:
    return START + timedelta(**of)


def test_the_crowd_quotes_its_depth_on_both_sides_of_the_reference_price() -> None:
    _, market, _ = make_market(QUIET, Steps(2_000_000))
    assert levels(market, Side.BUY) == [199, 198, 197, 196, 195]
    assert levels(market, Side.SELL) == [201, 202, 203, 204, 205]
    sizes = {level.quantity for side in Side for level in market.book.side(side).levels()}
    assert all(10 <= size <= 60 for size in sizes)
    assert len(sizes) > 3


@pytest.mark.parametrize(("price", "bid", "ask"), [(2_100_000, 209, 211), (1_850_000, 184, 186), (4_000_000, 398, 402)])
def test_the_book_follows_the_reference_price_and_keeps_no_crossed_or_stray_quotes(
    price: int, bid: int, ask: int
) -> None:
    prices = Steps(2_000_000)
    venue, market, _ = make_market(QUIET, prices)
    prices.price = price
    venue.advance(later(seconds=10))
    assert levels(market, Side.BUY) == list(range(bid, bid - 5, -1))
    assert levels(market, Side.SELL) == list(range(ask, ask + 5))
    assert market.trades.volume == 0


def test_a_step_leaves_the_orders_that_are_still_wanted_where_they_are() -> None:
    prices = Steps(2_000_000)
    venue, market, _ = make_market(QUIET, prices)
    before = {level.price: next(iter(level)).order_id for side in Side for level in market.book.side(side).levels()}
    prices.price = 2_010_000
    venue.advance(later(seconds=10))
    after = {level.price: next(iter(level)).order_id for side in Side for level in market.book.side(side).levels()}
    kept = [price for price, order_id in after.items() if before.get(price) == order_id]
    assert len(kept) == 8


def test_a_price_below_the_lowest_level_still_gets_a_bid() -> None:
    prices = Steps(2_000_000)
    venue, market, _ = make_market(QUIET, prices)
    prices.price = 1
    venue.advance(later(seconds=10))
    assert levels(market, Side.BUY) == [1]
    assert levels(market, Side.SELL) == [2, 3, 4, 5, 6]


def test_levels_of_a_market_with_fine_ticks_are_a_fraction_of_the_price_apart() -> None:
    _, market, _ = make_market(QUIET, Steps(2_000_000), tick="0.0001")
    prices = [level.price for level in market.book.bids.levels()]
    assert prices == [1_990_000 - 10_000 * step for step in range(5)]


def test_sizes_stay_within_what_the_market_allows() -> None:
    config = VenueConfig(symbols=("text-prime",), min_size=20, max_size=30)
    venue = Venue(config, start=START, ids=SeededIds(1))
    market = venue.market_by_symbol("text-prime")
    venue.add_agent(Crowd(venue, market, Steps(2_000_000), CrowdConfig(), seed=1), START)
    venue.advance(later(hours=1))
    assert {20, 30} <= {next(iter(level)).quantity for level in market.book.bids.levels()}
    assert len(market.trades.recent) > 60


def test_a_bid_that_reaches_the_asks_fills_at_once_at_their_prices() -> None:
    venue, market, user = make_market(QUIET, Steps(2_000_000))
    best = market.book.asks.best_within(None)
    assert best is not None
    there = best.quantity
    order = venue.place(user, market, Side.BUY, there + 1, 2_020_000)
    assert order.remaining == 0
    assert order.notional == there * 2_010_000 + 2_020_000


def test_a_swept_side_is_there_again_after_the_next_step() -> None:
    venue, market, user = make_market(QUIET, Steps(2_000_000))
    venue.place(user, market, Side.BUY, 10_000, None)
    assert levels(market, Side.SELL) == []
    venue.advance(later(seconds=10))
    assert levels(market, Side.SELL) == [201, 202, 203, 204, 205]


def test_the_crowd_takes_a_resting_order_when_the_price_comes_to_it() -> None:
    prices = Steps(2_000_000)
    venue, market, user = make_market(QUIET, prices)
    order = venue.place(user, market, Side.BUY, 7, 1_960_000)
    prices.price = 1_900_000
    venue.advance(later(seconds=10))
    assert order.remaining == 0
    assert order.notional == 7 * 1_960_000


def test_takers_trade_on_both_sides_as_often_as_configured() -> None:
    config = replace(QUIET, takers_per_hour=360, taker_size=(1, 4))
    venue, market, _ = make_market(config, Steps(2_000_000))
    venue.advance(later(hours=1))
    sides = [trade.side for trade in market.trades.recent]
    assert 300 < len(sides) < 420
    assert 0.4 < sides.count(Side.BUY) / len(sides) < 0.6
    assert all(1 <= trade.quantity <= 4 for trade in market.trades.recent)


def test_takers_stay_away_from_a_side_that_is_empty() -> None:
    config = replace(QUIET, depth=1, size=(1, 1), takers_per_hour=3600)
    venue, market, _ = make_market(config, Steps(2_000_000))
    venue.advance(later(minutes=10))
    assert market.trades.volume > 60


def test_resting_bids_near_the_reference_price_fill_now_and_then() -> None:
    venue, market, user = make_market(CrowdConfig(), RandomWalk(WalkConfig(Decimal(2)), 1, START))
    order = venue.place(user, market, Side.BUY, 20, market.book.bids.best_price)
    venue.advance(later(hours=2))
    assert order.filled > 0


def test_the_book_has_both_sides_after_every_step_of_a_day() -> None:
    venue, market, _ = make_market(CrowdConfig(), RandomWalk(WalkConfig(Decimal(2)), 1, START))
    for step in range(24 * 360):
        venue.advance(later(seconds=10 * step))
        bid, ask = market.book.bids.best_price, market.book.asks.best_price
        assert bid is not None
        assert ask is not None
        assert bid < ask


def test_the_same_seed_makes_the_same_trades_and_another_seed_others() -> None:
    def trades(seed: int) -> list[object]:
        venue, market, _ = make_market(CrowdConfig(), RandomWalk(WalkConfig(Decimal(2)), seed, START), seed=seed)
        venue.advance(later(hours=1))
        return [(trade.executed_at, trade.side, trade.price, trade.quantity) for trade in market.trades.recent]

    assert trades(1) == trades(1)
    assert trades(1) != trades(2)
