"""What we hold at the exchange, and moving it, over a simulated exchange that another thread serves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from bot.sim.ledger import Balance
from tests.cli.conftest import Gridbot, Served, Terminal
from tests.cli.test_records import store_a_day

INSTRUMENT = "text-prime"


@pytest.fixture
def at_exchange(gridbot: Gridbot, served: Served) -> Iterator[Gridbot]:
    """`at_exchange("account")` is `gridbot account`, at the served exchange."""
    yield lambda *arguments: gridbot(*served.options, *arguments)
    served.api.muffled = False
    served.sim.account.supplier = False


def held(account: Any) -> dict[str, int]:
    [row] = [row for row in account["held"] if row["symbol"] == INSTRUMENT] or [{}]
    return {name: row[name] for name in ("trading_available", "trading_locked", "consumption", "total")}


def test_the_account_is_told_with_what_it_holds(at_exchange: Gridbot) -> None:
    at_exchange("order", "place", INSTRUMENT, "sell", "5", "900", "--yes")
    at_exchange("order", "place", "code-max", "buy", "1", "--yes")
    account = at_exchange("account", "--json").json
    assert account["user"]["account_mode"] == "advanced"
    assert Decimal(account["cash"]["total"]) < 10_000
    assert held(account) == {"trading_available": 45, "trading_locked": 5, "consumption": 0, "total": 50}
    assert "code-max" in [position["symbol"] for position in account["positions"]]
    told = at_exchange("account").out
    for part in ("user@", "advanced", "units held", "positions", "45"):
        assert part in told
    at_exchange("order", "cancel-all", "--yes")


def test_an_account_that_holds_nothing_says_so(at_exchange: Gridbot, served: Served) -> None:
    units = served.sim.account.units
    served.sim.account.units = {ident: Balance() for ident in units}
    try:
        told = at_exchange("account").out
    finally:
        served.sim.account.units = units
    assert "no units held" in told


def test_limits_are_listed(at_exchange: Gridbot) -> None:
    for arguments in (("limits",), ("limits", INSTRUMENT)):
        [limit, *_] = at_exchange(*arguments, "--json").json["order_rate_limits"]
        assert "max_orders_per_minute" in limit
        assert "max orders per minute" in at_exchange(*arguments).out
    assert "did you mean 'text-prime'?" in at_exchange("limits", "text-prim").err


def test_units_move_to_consumption_and_back_after_a_question(
    at_exchange: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(at_exchange("account", "--json").json)
    asked = at_exchange("transfer", INSTRUMENT, "5")
    assert (asked.status, asked.out) == (1, "")
    assert "5 text-prime from Trading to Consumption" in asked.err
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert at_exchange("transfer", INSTRUMENT, "5").out.startswith("transfer transfer-")
    moved = held(at_exchange("account", "--json").json)
    assert (moved["trading_available"], moved["consumption"]) == (before["trading_available"] - 5, 5)
    back = at_exchange("transfer", INSTRUMENT, "5", "--back", "--yes", "--json")
    assert back.json_out["status"] in ("pending", "completed")
    assert held(at_exchange("account", "--json").json) == before


def test_more_than_there_is_cannot_be_moved(at_exchange: Gridbot) -> None:
    result = at_exchange("transfer", INSTRUMENT, "5000", "--yes")
    assert (result.status, result.out) == (1, "")
    assert "transfers/trading-to-consumption" in result.err


def test_a_transfer_without_an_answer_is_unclear(at_exchange: Gridbot, served: Served) -> None:
    served.api.muffled = True
    result = at_exchange("transfer", INSTRUMENT, "1", "--yes")
    assert (result.status, result.out) == (1, "")
    assert "it is unclear whether the units are moved" in result.err
    assert "gridbot account" in result.err


def test_balances_are_the_exchanges_with_a_key_and_the_databases_when_asked(at_exchange: Gridbot) -> None:
    asyncio.run(store_a_day("sqlite:///gridbot.db"))
    now = at_exchange("balances").out.splitlines()
    assert now[0] == "as the exchange has it now"
    assert any(line.split()[:2] == ["trading", INSTRUMENT] for line in now)
    for arguments in (("--stored",), ("--database-url", "sqlite:///gridbot.db")):
        stored = at_exchange("balances", *arguments).out.splitlines()
        assert stored[0] == "as the database stored it last"
        assert "2026-01-05 12:30:00" in stored[3]
    record = at_exchange("balances", "--json").json[0]
    assert (record["account"], record["symbol"]) == ("cash", "USD")
    assert "at" in at_exchange("balances", "--stored", "--json").json[0]


def test_a_supplier_issues_units_and_moves_them_to_trading(at_exchange: Gridbot, served: Served) -> None:
    served.sim.account.supplier = True
    before = held(at_exchange("account", "--json").json)["trading_available"]
    assert "add --yes" in at_exchange("supply", "issue", INSTRUMENT, "7").err
    issued = at_exchange("supply", "issue", INSTRUMENT, "7", "--yes", "--json")
    assert issued.json_out["quantity"] == 7
    assert "text-prime" in at_exchange("supply", "list").out
    assert "7" in at_exchange("supply", "accounts").out
    assert at_exchange("supply", "transfer", INSTRUMENT, "3", "--yes").status == 0
    [summary] = [one for one in at_exchange("supply", "summary", "--json").json if one["symbol"] == INSTRUMENT]
    assert (summary["total_issued"], summary["total_transferred"], summary["available"]) == (7, 3, 4)
    assert held(at_exchange("account", "--json").json)["trading_available"] == before + 3
    served.api.muffled = True
    unclear = at_exchange("supply", "issue", INSTRUMENT, "1", "--yes")
    assert unclear.status == 1
    assert "it is unclear whether it was done" in unclear.err
    assert "gridbot supply list" in unclear.err


def test_who_is_no_supplier_is_told(at_exchange: Gridbot) -> None:
    result = at_exchange("supply", "issue", "code-max", "7", "--yes")
    assert (result.status, result.out) == (1, "")
    assert "supply-issuances" in result.err
