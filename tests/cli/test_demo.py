"""`gridbot demo`: the whole bot in virtual time, as a user runs it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Gridbot

KEYS = [
    "tokens_asked",
    "tokens_served",
    "tokens_refused",
    "stockouts",
    "units_bought",
    "mean_price",
    "market_mean_price",
    "units_transferred",
    "units_expired",
    "fills_stored",
    "trades_on_exchange",
    "transfers_stored",
    "transfers_on_exchange",
    "seconds",
    "seed",
    "database_url",
]

OWN_STRATEGY = """
from decimal import Decimal
from bot import Context, Strategy

class Once(Strategy):
    units: int = 1

    async def on_start(self, ctx: Context) -> None:
        ctx.buy(self.units, Decimal("2.50"))
"""

OWN_CONFIG = """
strategies:
  - name: once
    strategy: own_strategies:Once
    markets: [code-max]
    schedule: {every: 60s}
    parameters: {units: 7}
"""


def demo(gridbot: Gridbot, *arguments: str) -> dict[str, Any]:
    found = gridbot("demo", "--json", *arguments).json
    assert isinstance(found, dict)
    return found


def test_half_a_day_of_the_main_job(gridbot: Gridbot, tmp_path: Path) -> None:
    summary = demo(gridbot, "--hours", "12")
    assert list(summary) == KEYS
    assert summary["tokens_asked"] == summary["tokens_served"] + summary["tokens_refused"] > 20_000_000
    assert summary["tokens_served"] >= 0.98 * summary["tokens_asked"]
    assert summary["units_bought"] >= summary["units_transferred"] >= summary["tokens_served"] // 1_000_000
    assert summary["units_bought"] * 1_000_000 >= summary["tokens_served"]
    assert 1.5 < summary["mean_price"] < 2.5
    assert (summary["seconds"], summary["seed"]) == (43_200, 1)
    with sqlite3.connect(tmp_path / "gridbot-demo.db") as database:
        count = {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("fills", "transfers")
        }
        bought = database.execute("SELECT sum(quantity) FROM fills").fetchone()[0]
        moved = database.execute("SELECT sum(quantity) FROM transfers").fetchone()[0]
    database.close()
    assert count["fills"] == summary["fills_stored"] == summary["trades_on_exchange"] > 0
    assert count["transfers"] == summary["transfers_stored"] == summary["transfers_on_exchange"] > 0
    assert (bought, moved) == (summary["units_bought"], summary["units_transferred"])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(gridbot: Gridbot) -> None:
    one, again, other = (gridbot("demo", "--hours", "3", "--json", "--seed", seed).out for seed in ("5", "5", "6"))
    assert one == again
    assert json.loads(one)["tokens_asked"] != json.loads(other)["tokens_asked"]
    assert json.loads(one)["market_mean_price"] != json.loads(other)["market_mean_price"]


def test_every_row_of_the_database_is_the_same_too(gridbot: Gridbot, tmp_path: Path) -> None:
    dumps = []
    for name in ("one", "two"):
        demo(gridbot, "--hours", "3", "--database-url", f"sqlite:///{name}.db")
        with sqlite3.connect(tmp_path / f"{name}.db") as database:
            dumps.append([line for line in database.iterdump() if not line.startswith('INSERT INTO "alembic')])
        database.close()
    assert dumps[0] == dumps[1]
    assert len(dumps[0]) > 50


def test_the_summary_for_people(gridbot: Gridbot) -> None:
    result = gridbot("demo", "--hours", "2")
    assert (result.status, result.err) == (0, "")
    for words in ("tokens asked for", "turned away", "mean price paid", "units expired", "in the database", "Try next"):
        assert words in result.out
    assert "gridbot fills --database-url sqlite:///gridbot-demo.db" in result.out
    assert gridbot("fills", "--database-url", "sqlite:///gridbot-demo.db").status == 0


def test_what_the_demo_suggests_to_try_next_works(gridbot: Gridbot) -> None:
    gridbot("demo", "--hours", "2")
    (order, *_) = gridbot("orders", "--json", "--database-url", "sqlite:///gridbot-demo.db").json
    story = gridbot("orders", order["client_order_id"], "--json", "--database-url", "sqlite:///gridbot-demo.db").json
    assert story["history"][0]["event"] == "Accepted"
    assert sum(fill["quantity"] for fill in story["fills"]) == story["order"]["filled"]
    assert gridbot("balances", "--json", "--database-url", "sqlite:///gridbot-demo.db").json


def test_a_real_clients_day_is_served(gridbot: Gridbot, shared: Path) -> None:
    trace = str(shared / "data" / "demand" / "servegen_14d_10min.csv.gz")
    summary = demo(gridbot, "--demand", trace, "--client", "m-large_c48", "--hours", "24")
    assert summary["tokens_served"] >= 0.98 * summary["tokens_asked"]
    assert summary["fills_stored"] == summary["trades_on_exchange"]


def test_a_trace_of_single_requests_and_real_prices(gridbot: Gridbot, shared: Path) -> None:
    trace = str(shared / "data" / "demand" / "azure_llm_code_2023_1h.csv.gz")
    candles = str(shared / "data" / "candles" / "btc_perp_1m.csv.gz")
    summary = demo(gridbot, "--demand", trace, "--prices", candles, "--mean-price", "3.00", "--hours", "3")
    assert summary["tokens_asked"] > 50_000_000
    assert 2.4 < summary["market_mean_price"] < 3.8


def test_a_malformed_trace_names_file_and_line(gridbot: Gridbot, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("client,t_s,requests,tokens\na,0,1,100\na,600,1,-5\n")
    result = gridbot("demo", "--demand", "bad.csv", "--client", "a", "--json")
    assert (result.status, result.out) == (1, "")
    assert "bad.csv" in result.err
    assert "line 3" in result.err


def test_an_unknown_client_and_a_missing_file_are_told_in_a_line(gridbot: Gridbot, tmp_path: Path) -> None:
    (tmp_path / "ok.csv").write_text(
        "client,t_s,requests,tokens\nalpha,0,1,100\nalpha,600,1,5\nbeta,0,1,1\nbeta,600,1,1\n"
    )
    unknown = gridbot("demo", "--demand", "ok.csv", "--client", "alhpa")
    assert unknown.status == 1
    assert "alpha" in unknown.err
    missing = gridbot("demo", "--demand", "nowhere.csv")
    assert missing.status == 1
    assert "nowhere.csv" in missing.err
    assert missing.err.count("\n") == 1


def test_a_named_configuration_is_what_runs(gridbot: Gridbot, tmp_path: Path) -> None:
    (tmp_path / "own_strategies.py").write_text(OWN_STRATEGY)
    (tmp_path / "mine.yaml").write_text(OWN_CONFIG)
    result = gridbot("--config", "mine.yaml", "demo", "--hours", "1")
    assert (result.status, result.err) == (0, "")
    assert "own_strategies:Once on code-max: units 7" in result.out
    assert "gridbot --config mine.yaml paper " in result.out
    (order,) = gridbot("orders", "--json", "--database-url", "sqlite:///gridbot-demo.db").json
    assert (order["symbol"], order["quantity"]) == ("code-max", 7)


def test_a_configuration_that_is_wrong_is_refused(gridbot: Gridbot) -> None:
    assert gridbot("--config", "nowhere.yaml", "demo").status == 1
    result = gridbot("--set", "engine.pol_seconds=3", "demo")
    assert result.status == 1
    assert "poll_seconds" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--hours", "0"),
        ("--seed", "x"),
        ("--mean-price", "cheap"),
        ("--mean-price", "0.01"),
        ("--mean-price", "2.1234567"),
        ("--client", "x"),
        ("--nothing",),
    ],
)
def test_wrong_usage_has_status_two(gridbot: Gridbot, arguments: tuple[str, ...]) -> None:
    assert gridbot("demo", *arguments).status == 2


def test_a_database_of_real_runs_is_never_emptied(gridbot: Gridbot, tmp_path: Path) -> None:
    demo(gridbot, "--hours", "1")
    with sqlite3.connect(tmp_path / "gridbot-demo.db") as database:
        database.execute("UPDATE runs SET kind = 'run'")
        orders = database.execute("SELECT count(*) FROM orders").fetchone()
    result = gridbot("demo", "--hours", "1")
    assert result.status == 1
    assert "holds runs of `gridbot run`" in result.err
    assert database.execute("SELECT count(*) FROM orders").fetchone() == orders
    database.close()


@pytest.mark.parametrize("url", ["foo", "mysql://user:secret@host/name"])
def test_a_database_of_no_known_kind_is_told_in_a_line(gridbot: Gridbot, url: str) -> None:
    result = gridbot("demo", "--database-url", url)
    assert result.status == 1
    assert "sqlite:///" in result.err
    assert "secret" not in result.err


def test_a_database_that_cannot_be_opened_is_told_in_a_line(gridbot: Gridbot, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    result = gridbot("demo", "--database-url", "sqlite:///folder")
    assert result.status == 1
    assert result.err.count("\n") == 1


def test_on_postgres_the_numbers_are_the_same(gridbot: Gridbot, new_postgres_url: Callable[[], str]) -> None:
    url = new_postgres_url()
    here = demo(gridbot, "--hours", "6")
    there = demo(gridbot, "--hours", "6", "--database-url", url)
    again = demo(gridbot, "--hours", "6", "--database-url", url)
    assert there == again
    assert here | {"database_url": ""} == there | {"database_url": ""}
    assert len(gridbot("fills", "--json", "--limit", "1000", "--database-url", url).json) == there["fills_stored"]
