"""Rehearsals: the main job under other rules than the demo's."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.cli.rehearsal import Summary, rehearse
from bot.errors import ConfigError
from bot.settings import Settings
from bot.sim.build import Scenario
from bot.sim.config import VenueConfig

PRIME = Scenario(venue=VenueConfig(symbols=("text-prime",)))

MOST_HELD = 17
"""Units that a stock of 15 can hold: a 16th may be partly used, and rounding served and expired down loses another."""


def replenish(name: str = "stock", symbol: str = "text-prime", **parameters: Any) -> dict[str, Any]:
    return {
        "name": name,
        "strategy": "replenish",
        "markets": [symbol],
        "schedule": {"every": "60s"},
        "parameters": {"max_price": "2.50"} | parameters,
    }


def run(folder: Path, scenario: Scenario, *strategies: dict[str, Any], hours: int = 8) -> Summary:
    settings = Settings.model_validate(
        {"database": {"url": f"sqlite:///{folder}/test.db"}, "strategies": list(strategies)}
    )
    return rehearse(settings, scenario, hours=hours, progress=lambda _: None)


def ask_database(folder: Path, query: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(folder / "test.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def test_with_auto_transfer_bought_units_are_stocked_without_moving_them(tmp_path: Path) -> None:
    scenario = replace(PRIME, venue=replace(PRIME.venue, auto_transfer=True))
    summary = run(tmp_path, scenario, replenish())
    assert summary.share_served >= 0.98
    assert summary.fills_stored == summary.trades_on_exchange > 0
    assert summary.transfers_stored == 0
    assert summary.units_transferred == summary.units_bought
    assert summary.units_bought <= summary.tokens_served // 1_000_000 + summary.units_expired + MOST_HELD


@pytest.mark.parametrize("seconds", [0.0, 30.0, 120.0])
def test_units_that_the_exchange_is_moving_are_not_bought_again(tmp_path: Path, seconds: float) -> None:
    scenario = replace(PRIME, venue=replace(PRIME.venue, auto_transfer=True, transfer_seconds=seconds))
    summary = run(tmp_path, scenario, replenish(), hours=4)
    assert summary.units_bought <= summary.tokens_served // 1_000_000 + summary.units_expired + MOST_HELD


def test_one_instance_keeps_several_markets_stocked(tmp_path: Path) -> None:
    scenario = replace(PRIME, venue=VenueConfig(symbols=("text-prime", "code-max")))
    both = replenish() | {"markets": ["text-prime", "code-max"]}
    summary = run(tmp_path, scenario, both, hours=2)
    assert summary.share_served >= 0.98
    bought = ask_database(tmp_path, "SELECT symbol, sum(quantity) FROM fills JOIN markets USING (market_id) GROUP BY 1")
    assert dict(bought)["code-max"] == 15


def test_two_instances_on_one_market_count_each_others_bids(tmp_path: Path) -> None:
    late = replenish("late") | {"schedule": {"cron": "30 * * * *"}}
    run(tmp_path, PRIME, replenish(max_price="0.50"), late | {"parameters": {"max_price": "0.40"}}, hours=2)
    assert ask_database(tmp_path, "SELECT sum(quantity) FROM orders WHERE strategy = 'stock'") == [(15,)]


def test_what_stops_the_bot_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'code-min', which is no market of this exchange"):
        run(tmp_path, PRIME, replenish(symbol="code-min"), hours=1)


def test_sweeps_take_what_is_held_and_nothing_is_bought_twice(tmp_path: Path) -> None:
    scenario = replace(PRIME, venue=replace(PRIME.venue, sweep_hours=(0, 4, 8, 12, 16, 20)))
    summary = run(tmp_path, scenario, replenish())
    assert summary.share_served >= 0.98
    used = summary.tokens_served // 1_000_000
    assert summary.units_bought <= used + summary.units_expired + MOST_HELD


def test_where_units_never_expire_none_are_lost(tmp_path: Path) -> None:
    scenario = replace(PRIME, venue=replace(PRIME.venue, lot_hours=None))
    summary = run(tmp_path, scenario, replenish())
    assert summary.units_expired == 0
    assert summary.units_bought <= summary.tokens_served // 1_000_000 + 16


def test_patience_pays_less_and_still_serves(tmp_path: Path) -> None:
    hasty = run(tmp_path, PRIME, replenish())
    patient = run(tmp_path, PRIME, replenish(discount="0.03", target=25))
    assert patient.share_served >= 0.98
    assert hasty.mean_price is not None
    assert patient.mean_price is not None
    assert patient.mean_price < hasty.mean_price


def test_a_cap_below_the_market_buys_nothing_and_runs_dry(tmp_path: Path) -> None:
    summary = run(tmp_path, PRIME, replenish(max_price="0.50"), hours=2)
    assert (summary.units_bought, summary.tokens_served, summary.stockouts) == (0, 0, 1)
    assert summary.mean_price is None
    assert ask_database(tmp_path, "SELECT state FROM orders") == [("cancelled",)]


def test_every_bid_keeps_to_the_cap(tmp_path: Path) -> None:
    run(tmp_path, PRIME, replenish(max_price="1.99", discount="0.01"), hours=6)
    cap = 1.99 * 10**8
    assert ask_database(tmp_path, f"SELECT count(*) FROM orders WHERE price > {cap}") == [(0,)]
    assert ask_database(tmp_path, f"SELECT count(*) FROM fills WHERE price > {cap}") == [(0,)]


def test_several_strategies_on_several_markets_in_one_daemon(tmp_path: Path) -> None:
    symbols = ("text-prime", "code-max", "agent-prime")
    scenario = replace(PRIME, venue=VenueConfig(symbols=symbols))
    summary = run(tmp_path, scenario, *(replenish(f"stock-{symbol}", symbol) for symbol in symbols), hours=4)
    assert summary.share_served >= 0.98
    assert summary.agrees
    rows = ask_database(
        tmp_path,
        "SELECT strategy, symbol, sum(quantity) FROM orders JOIN markets USING (market_id) "
        "WHERE state = 'filled' GROUP BY 1, 2 ORDER BY 1",
    )
    assert [(strategy, symbol) for strategy, symbol, _ in rows] == sorted((f"stock-{s}", s) for s in symbols)
    assert {symbol: units for _, symbol, units in rows if symbol != "text-prime"} == {"code-max": 15, "agent-prime": 15}


def test_the_database_tells_the_same_money_as_the_exchange(tmp_path: Path) -> None:
    summary = run(tmp_path, PRIME, replenish())
    ((cash,),) = ask_database(
        tmp_path, "SELECT total FROM balance_snapshots WHERE account = 'cash' ORDER BY seq DESC LIMIT 1"
    )
    ((spent,),) = ask_database(tmp_path, "SELECT sum(price * quantity) FROM fills")
    assert cash + spent == 10_000 * 10**8
    assert summary.mean_price == pytest.approx(float(Decimal(spent) / 10**8 / summary.units_bought), abs=1e-6)
    ((filled, notional),) = ask_database(tmp_path, "SELECT sum(filled), sum(filled_notional) FROM orders")
    assert (filled, notional) == (summary.units_bought, spent)


def test_progress_goes_from_little_to_all(tmp_path: Path) -> None:
    seen: list[float] = []
    settings = Settings.model_validate(
        {"database": {"url": f"sqlite:///{tmp_path}/test.db"}, "strategies": [replenish()]}
    )
    rehearse(settings, PRIME, hours=1, progress=seen.append)
    assert seen == sorted(seen)
    assert (len(seen), seen[-1]) == (200, 1.0)
