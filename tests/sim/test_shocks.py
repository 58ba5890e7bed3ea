"""Supply vanishes for a while, and crowds change while they live."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.clock import SeededIds
from bot.domain.order import Side
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.crowd import Crowd
from bot.sim.market import SimMarket
from bot.sim.presets import CALM, STRESSED, CrowdConfig
from bot.sim.shocks import Shocks
from tests.sim.client import START

QUIET = replace(CALM, depth=5, takers_per_hour=0, volatility=0.0)


def later(**of: float) -> datetime:
    return START + timedelta(**of)


def build(crowd: CrowdConfig, seed: int = 1, mean_price: str = "2.00") -> SimExchange:
    scenario = Scenario(
        venue=VenueConfig(symbols=("text-prime",)),
        seed=seed,
        crowd=crowd,
        mean_price=Decimal(mean_price),
        tokens_per_hour=None,
        units={"text-prime": 1000},
    )
    return build_exchange(scenario, start=START, ids=SeededIds(1))


def parts(exchange: SimExchange) -> tuple[SimMarket, Crowd]:
    return exchange.venue.market_by_symbol("text-prime"), exchange.crowds["text-prime"]


def depth(market: SimMarket, side: Side) -> int:
    return len(list(market.book.side(side).levels()))


def begins(config: CrowdConfig, seed: str = "x", days: int = 30) -> list[int]:
    """The hours at which supply vanishes."""
    shocks, found, before = Shocks(config, seed, START), [], False
    for minutes in range(0, days * 24 * 60, 10):
        now = shocks.under_way(later(minutes=minutes))
        if now and not before:
            found.append(minutes // 60)
        before = now
    return found


def test_supply_vanishes_at_the_hours_that_were_set_and_comes_back() -> None:
    exchange = build(replace(QUIET, shock_at=(2.0,), shock_hours=0.5))
    market, crowd = parts(exchange)
    exchange.venue.advance(later(hours=1, minutes=59))
    assert depth(market, Side.SELL) == 5
    exchange.venue.advance(later(hours=2, minutes=1))
    assert (depth(market, Side.BUY), depth(market, Side.SELL)) == (5, 0)
    assert crowd.shocked(exchange.venue.now)
    exchange.venue.advance(later(hours=2, minutes=31))
    assert depth(market, Side.SELL) == 5


def test_nobody_sells_while_supply_is_gone_but_buyers_are_there() -> None:
    exchange = build(replace(CALM, takers_per_hour=360, shock_at=(0.0,), shock_hours=10, volatility=0.0))
    market, _ = parts(exchange)
    ask = exchange.venue.place(exchange.account, market, Side.SELL, 1000, 3_000_000)
    exchange.venue.advance(later(hours=2))
    assert ask.filled > 100
    assert {trade.side for trade in market.trades.recent} == {Side.BUY}


def test_shocks_come_at_random_as_often_as_configured_and_the_same_for_a_seed() -> None:
    config = replace(CALM, shocks_per_day=2.0)
    assert 40 < len(begins(config)) < 80
    assert begins(config) == begins(config) != begins(config, seed="y")
    assert begins(CALM) == []


def test_a_shock_begins_and_ends_when_told() -> None:
    exchange = build(QUIET)
    market, crowd = parts(exchange)
    crowd.shock(exchange.venue, timedelta(hours=2))
    assert depth(market, Side.SELL) == 0
    exchange.venue.advance(later(hours=1))
    assert depth(market, Side.SELL) == 0
    crowd.shock(exchange.venue, timedelta(0))
    assert depth(market, Side.SELL) == 5
    crowd.shock(exchange.venue)
    exchange.venue.advance(later(hours=1, minutes=59))
    assert depth(market, Side.SELL) == 0
    exchange.venue.advance(later(hours=2, minutes=1))
    assert depth(market, Side.SELL) == 5


def test_a_crowd_that_changes_makes_its_book_anew_at_once() -> None:
    exchange = build(QUIET)
    market, crowd = parts(exchange)
    crowd.change(exchange.venue, replace(QUIET, depth=2, size=(3, 3), spread=0.2, level_gap=0.05))
    bids, asks = (list(market.book.side(side).levels()) for side in Side)
    assert [level.price for level in bids] == [1_800_000, 1_700_000]
    assert [level.price for level in asks] == [2_200_000, 2_300_000]
    assert {level.quantity for level in (*bids, *asks)} == {3}


def test_a_crowd_that_grows_restless_moves_the_price() -> None:
    exchange = build(QUIET)
    market, crowd = parts(exchange)
    exchange.venue.advance(later(hours=1))
    assert market.book.bids.best_price == 1_990_000
    crowd.change(exchange.venue, replace(QUIET, volatility=1.0))
    exchange.venue.advance(later(hours=2))
    assert market.book.bids.best_price != 1_990_000


@pytest.mark.parametrize("seed", range(3))
def test_the_wildest_crowd_stays_within_what_the_market_allows(seed: int) -> None:
    wild = replace(STRESSED, depth=200, level_gap=1.0, spread=1.0, volatility=10.0, size=(1, 100_000))
    exchange = build(wild, seed, mean_price="10000")
    exchange.venue.advance(later(hours=12))
    market, _ = parts(exchange)
    assert market.book.bids.best_price is not None
