from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.fill import Fill
from bot.domain.market import Market
from bot.domain.order import Order, OrderState, Side
from bot.domain.transfer import Transfer
from bot.ports import BalanceSnapshot, OrderRecord
from bot.storage.store import open_store
from tests.cli.conftest import Gridbot

START = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
MARKET = Market("mkt-7", "ins-7", "text-prime", Decimal("0.01"))
LISTS = ("orders", "fills", "transfers", "balances")


def an_order(number: int) -> Order:
    at = START + timedelta(minutes=number)
    return Order(f"order-{number}", "stock", MARKET.market_id, Side.BUY, 10, Decimal("2.50"), at, at)


async def store_a_day(url: str) -> None:
    """Two orders, the first of them filled in two trades, a transfer, and balances."""
    store = await open_store(url, create=True)
    try:
        await store.save_markets([MARKET])
        first, second = an_order(1), an_order(2)
        for order in (first, second):
            await store.add_order(order)
        for number, quantity in ((1, 4), (2, 6)):
            at = START + timedelta(minutes=2, seconds=number)
            fill = Fill(f"trade-{number}", "venue-1", MARKET.market_id, Side.BUY, Decimal("2.40"), quantity, at)
            filled = first.filled + quantity
            state = OrderState.FILLED if filled == 10 else OrderState.OPEN
            notional = Decimal("2.40") * filled
            first = replace(
                first, order_id="venue-1", filled=filled, filled_notional=notional, state=state, updated_at=at
            )
            record = OrderRecord(at, first.client_order_id, "filled", state, f"{quantity} at 2.40 [maker]")
            assert await store.add_fill(fill, first, record)
        await store.add_transfer(Transfer("transfer-1", "stock", MARKET.instrument_id, 5, START, START))
        balance = BalanceSnapshot(START, "cash", "USD", Decimal(9976), Decimal(9951), Decimal(25))
        units = BalanceSnapshot(START, "trading", MARKET.instrument_id, Decimal(10), Decimal(10), Decimal(0))
        await store.save_balances([balance, units])
    finally:
        await store.close()


@pytest.fixture
def stored(gridbot: Gridbot) -> Gridbot:
    """The command line in a folder with a database in it."""
    asyncio.run(store_a_day("sqlite:///gridbot.db"))
    return gridbot


def words(text: str) -> list[str]:
    return text.split()


def rows(text: str) -> Sequence[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip() and "─" not in line]


def test_orders_are_listed_newest_first_with_times_in_utc(stored: Gridbot) -> None:
    assert rows(stored("orders").out) == [
        words("created at (UTC) symbol side quantity filled price state average price strategy client order id"),
        words("2026-01-05 12:32:00 text-prime buy 10 0 2.50 submitting stock order-2"),
        words("2026-01-05 12:31:00 text-prime buy 10 10 2.50 filled 2.40 stock order-1"),
    ]
    assert len(rows(stored("orders", "--limit", "1").out)) == 2


def test_numbers_stand_to_the_right(stored: Gridbot) -> None:
    head, _, first, second, *_ = (line for line in stored("orders").out.splitlines() if line.strip())
    end = head.index("filled") + len("filled")
    assert first[:end].endswith(" 0")
    assert second[:end].endswith(" 10")


def test_orders_as_json_are_whole_and_exact(stored: Gridbot) -> None:
    newest, first = stored("orders", "--json").json
    assert newest["client_order_id"] == "order-2"
    assert first == {
        "client_order_id": "order-1",
        "strategy": "stock",
        "market_id": "mkt-7",
        "symbol": "text-prime",
        "side": "buy",
        "quantity": 10,
        "price": "2.5",
        "created_at": "2026-01-05T12:31:00Z",
        "updated_at": "2026-01-05T12:32:02Z",
        "state": "filled",
        "order_id": "venue-1",
        "filled": 10,
        "filled_notional": "24",
        "average_price": "2.4",
        "time_in_force": "gtc",
        "reason": "",
        "post_only": False,
    }


def test_an_order_is_found_by_the_exchanges_id_too(stored: Gridbot) -> None:
    assert stored("orders", "venue-1", "--json").json == stored("orders", "order-1", "--json").json


def test_one_order_is_told_with_its_history_and_its_fills(stored: Gridbot) -> None:
    told = stored("orders", "order-1")
    lines = rows(told.out)
    assert words("client order id order-1") in lines
    assert words("created at (UTC) 2026-01-05 12:31:00") in lines
    assert words("2026-01-05 12:32:02 filled filled 6 at 2.40 [maker]") in lines
    assert words("2026-01-05 12:32:01 text-prime buy 4 2.40 9.60 0.00 trade-1") in lines
    assert "reason" not in told.out
    document = stored("orders", "order-1", "--json").json
    assert document["order"]["client_order_id"] == "order-1"
    assert [event["event"] for event in document["history"]][-2:] == ["filled", "filled"]
    assert [fill["trade_id"] for fill in document["fills"]] == ["trade-1", "trade-2"]
    assert "trade" not in stored("orders", "order-2").out


def test_an_order_that_is_not_there_is_told(stored: Gridbot) -> None:
    result = stored("orders", "order-9")
    assert (result.status, result.out) == (1, "")
    assert result.err == "gridbot: there is no order order-9; `gridbot orders` lists the newest\n"


def test_fills_transfers_and_balances_are_listed(stored: Gridbot) -> None:
    assert rows(stored("fills").out)[1:] == [
        words("2026-01-05 12:32:02 text-prime buy 6 2.40 14.40 0.00 trade-2 venue-1"),
        words("2026-01-05 12:32:01 text-prime buy 4 2.40 9.60 0.00 trade-1 venue-1"),
    ]
    assert rows(stored("transfers").out)[1:] == [
        words("2026-01-05 12:30:00 text-prime 5 to_consumption submitting stock transfer-1")
    ]
    assert sorted(rows(stored("balances").out)[2:]) == [
        words("2026-01-05 12:30:00 cash USD 9,976.00 9,951.00 25.00"),
        words("2026-01-05 12:30:00 trading text-prime 10 10 0"),
    ]
    assert stored("fills", "--limit", "1", "--json").json[0]["notional"] == "14.4"
    (transfer,) = stored("transfers", "--json").json
    assert (transfer["key"], transfer["instrument_id"], transfer["symbol"]) == ("transfer-1", "ins-7", "text-prime")
    assert {balance["available"] for balance in stored("balances", "--json").json} == {"9951", "10"}


@pytest.mark.parametrize("command", LISTS)
def test_an_empty_database_is_met_with_advice(gridbot: Gridbot, command: str) -> None:
    gridbot("db", "upgrade")
    hint = "start the bot with `gridbot run` or try `gridbot demo`"
    assert gridbot(command).out == f"no {command} yet; {hint}\n"
    assert gridbot(command, "--json").json == []


@pytest.mark.parametrize("limit", ["0", "100001", "99999999999999999999"])
@pytest.mark.parametrize("command", ["orders", "fills", "transfers"])
def test_a_limit_that_no_list_has_is_wrong_usage(gridbot: Gridbot, command: str, limit: str) -> None:
    result = gridbot(command, "--limit", limit)
    assert (result.status, result.out) == (2, "")
    assert "100000" in result.err or "greater" in result.err


@pytest.mark.parametrize("command", LISTS)
def test_a_database_that_is_not_there_is_told(gridbot: Gridbot, tmp_path: Path, command: str) -> None:
    result = gridbot(command, "--json", "--database-url", "sqlite:///none.db")
    assert (result.status, result.out) == (1, "")
    assert result.err == "gridbot: there is no database none.db: make it with `gridbot db upgrade`\n"
    assert list(tmp_path.iterdir()) == []


def test_balances_without_key_and_database_tell_how_to_ask_the_exchange(gridbot: Gridbot) -> None:
    assert "to ask the exchange, set a trading key" in gridbot("balances").err
    assert "trading key" not in gridbot("balances", "--stored").err


def test_records_can_be_read_while_a_strategy_is_misconfigured(stored: Gridbot, tmp_path: Path) -> None:
    strategy = "{name: a, strategy: none.such:Thing, markets: [m], schedule: {every: 5}}"
    (tmp_path / "config.yaml").write_text(f"strategies: [{strategy}]")
    assert stored("orders").status == 0
    assert stored("config", "check").status == 1
