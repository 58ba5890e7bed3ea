"""A living exchange from a scenario."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.clock import SeededIds
from bot.errors import ConfigError
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.state import dump, restore
from tests.sim.client import START, Client

SMALL = Scenario(venue=VenueConfig(symbols=("text-prime",)))


def build(scenario: Scenario = SMALL) -> SimExchange:
    return build_exchange(scenario, start=START, ids=SeededIds(scenario.seed))


def trades(exchange: SimExchange) -> list[object]:
    recent = exchange.venue.market_by_symbol("text-prime").trades.recent
    return [(trade.executed_at, trade.side, trade.price, trade.quantity) for trade in recent]


def test_by_default_every_market_has_a_book_around_two_dollars_and_the_user_ten_thousand() -> None:
    exchange = build(Scenario())
    for market in exchange.venue.markets.values():
        assert market.book.bids.best_price == 1_990_000
        assert market.book.asks.best_price == 2_010_000
    assert set(exchange.crowds) == set(exchange.venue.config.symbols)
    client = Client(exchange.api, exchange.keys.signing)
    assert client.get("/v1/currency-trading-accounts").data[0]["available_balance"] == "10000.00"


def test_an_hour_goes_by_with_trades_and_demand() -> None:
    exchange = build()
    exchange.venue.advance(START + timedelta(hours=1))
    assert len(trades(exchange)) > 60
    assert exchange.consumer is not None
    assert exchange.consumer.tokens_refused == exchange.consumer.tokens_asked > 0


def test_the_same_seed_makes_the_same_hour_and_another_seed_another() -> None:
    first, same, other = build(), build(), build(replace(SMALL, seed=2))
    for exchange in (first, same, other):
        exchange.venue.advance(START + timedelta(hours=1))
    assert trades(first) == trades(same) != trades(other)
    assert dump(first.venue) == dump(same.venue)
    assert first.keys == same.keys != other.keys
    demands = [exchange.consumer and exchange.consumer.tokens_asked for exchange in (first, same, other)]
    assert demands[0] == demands[1] != demands[2]


def test_prices_follow_a_candle_file(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text("timestamp,open,high,low,close,volume\n2026-01-01,10,10,10,10,0\n2026-01-01 01:00,30,30,30,30,0\n")
    exchange = build(replace(SMALL, candles=path, mean_price=Decimal(4)))
    market = exchange.venue.market_by_symbol("text-prime")
    assert market.book.bids.best_price == pytest.approx(2_000_000, rel=0.01)
    exchange.venue.advance(START + timedelta(minutes=90))
    assert market.book.bids.best_price == pytest.approx(6_000_000, rel=0.01)


def test_demand_follows_a_trace_and_uses_what_the_user_has_in_consumption(tmp_path: Path) -> None:
    path = tmp_path / "demand.csv"
    path.write_text("client,t_s,requests,tokens\na,0,1,5\nb,0,1,700000\na,60,1,5\nb,60,1,500000\n")
    exchange = build(replace(SMALL, trace=path, client="b", units={"text-prime": 1}))
    market = exchange.venue.market_by_symbol("text-prime")
    exchange.venue.transfer(exchange.account, market.instrument_id, 1)
    exchange.venue.advance(START + timedelta(seconds=119))
    assert exchange.consumer is not None
    assert exchange.consumer.tokens_asked == 1_200_000
    assert exchange.consumer.tokens_served == 1_000_000


def test_demand_can_be_left_out() -> None:
    assert build(replace(SMALL, tokens_per_hour=None)).consumer is None


def test_instruments_that_are_not_listed_are_told() -> None:
    with pytest.raises(ConfigError, match="no such instrument: text-prim; the exchange lists text-prime"):
        build(replace(SMALL, demand_symbol="text-prim"))
    with pytest.raises(ConfigError, match="no such instrument: code-max"):
        build(replace(SMALL, units={"code-max": 1}))


def test_its_credentials_are_the_users() -> None:
    exchange = build()
    credentials = exchange.credentials("http://127.0.0.1:1/v1")
    assert credentials.keys() == exchange.keys
    assert [market.symbol for market in credentials.markets] == ["text-prime"]


def test_an_exchange_brought_back_lives_on_with_a_new_crowd_and_the_users_orders() -> None:
    exchange = build()
    client = Client(exchange.api, exchange.keys.signing)
    placed = client.order(quantity=5, price="1.95").data["order_id"]
    later = START + timedelta(hours=1)
    ids = SeededIds(2)
    venue = restore(dump(exchange.venue), SMALL.venue, later, ids)
    back = build_exchange(SMALL, start=later, ids=ids, venue=venue)
    client = Client(back.api, back.keys.signing, later)
    assert client.get(f"/v1/orders/{placed}").data["status"] == "active"
    market = back.venue.market_by_symbol("text-prime")
    for side in (market.book.bids, market.book.asks):
        assert len(list(side.levels())) == SMALL.crowd.depth
    back.venue.advance(later + timedelta(hours=1))
    assert len(trades(back)) > 60
