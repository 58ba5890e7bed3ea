"""Balances and transfers, in every form in which the exchange may send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.account import Cash, Units
from bot.domain.transfer import VenueTransfer
from bot.errors import BadAnswer, OutcomeUnknown
from bot.grid.results import ConsumptionAccount, CurrencyAccount, Position, TradingAccount, TransferRecord
from bot.ports import Response
from tests.grid.scripted import answered, client_of, wrapped

AT = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "cash"),
    [
        (
            {"currency": "usd", "total_balance": "10.50", "available_balance": "8.25", "locked_balance": "2.25"},
            Cash(Decimal("10.50"), Decimal("8.25"), Decimal("2.25")),
        ),
        (
            {"currency": "USD", "total": 3, "available": 2.5, "reserved": "0.5"},
            Cash(Decimal(3), Decimal("2.5"), Decimal("0.5")),
        ),
        ({"currency": "usd", "total_balance": "5", "available_balance": "3"}, Cash(Decimal(5), Decimal(3), Decimal(2))),
        ({"currency": "usd", "available_balance": "3"}, Cash(Decimal(3), Decimal(3), Decimal(0))),
    ],
)
async def test_cash_is_read_in_every_shape(row: dict[str, Any], cash: Cash) -> None:
    client, transport = client_of(wrapped([{"currency": "eur", "available_balance": "9"}, row]))
    assert await client.cash() == cash
    assert transport.paths == ["GET /v1/trading/currency-trading-accounts"]


async def test_an_account_without_dollars_has_none() -> None:
    client, _ = client_of(wrapped([]))
    assert await client.cash() == Cash()


async def test_trading_units_are_read_in_every_shape_and_dollars_left_out() -> None:
    rows = [
        {
            "instrument_id": "i1",
            "currency": None,
            "total_balance": 9,
            "available_balance": "5.0",
            "locked_balance": 4.0,
        },
        {"instrument_id": "i2", "available": "7", "reserved": 0, "total": "7"},
        {"currency": "code-max", "available": 1, "reserved": 2},
        {"currency": "USD", "available_balance": "1.23"},
        {"instrument_id": "i0", "instrument_symbol": "usd", "available_balance": "1.23"},
    ]
    client, _ = client_of(wrapped(rows))
    assert await client.trading_units() == {
        "i1": Units("i1", 9, 5, 4),
        "i2": Units("i2", 7, 7, 0),
        "code-max": Units("code-max", 3, 1, 2),
    }


@pytest.mark.parametrize(
    "row",
    [
        {"instrument_id": "i1", "available_balance": None},
        {"instrument_id": "i1", "available_balance": "5.5"},
        {"instrument_id": "i1", "available_balance": "lots"},
        {"instrument_id": None, "available_balance": 5},
    ],
)
async def test_a_balance_that_makes_no_sense_is_a_bad_answer(row: dict[str, Any]) -> None:
    client, _ = client_of(wrapped([row]))
    with pytest.raises(BadAnswer, match=r"GET /v1/trading/trading-accounts 200: .*(balance|instrument_id)"):
        await client.trading_units()


async def test_consumption_counts_whole_available_units_only() -> None:
    rows = [
        {"instrument_id": "i1", "available_balance": "4.999999", "committed_balance": 3, "total_balance": "7.999999"},
        {"instrument_id": "i2", "available_balance": 0},
    ]
    client, transport = client_of(wrapped(rows))
    assert await client.consumption_units() == {"i1": Units("i1", 4, 4, 0), "i2": Units("i2", 0, 0, 0)}
    assert transport.paths == ["GET /v1/trading/consumption-accounts"]


ACCOUNT = {
    "account_id": "a1",
    "user_id": "u1",
    "market_id": "m1",
    "instrument_id": "i1",
    "instrument_symbol": "text-prime",
    "total_balance": "9",
    "available_balance": 5,
    "locked_balance": 4.0,
    "status": "active",
    "updated_at": "2026-03-01T11:00:00Z",
}
TRADING_ACCOUNT = TradingAccount(
    account_id="a1",
    instrument_id="i1",
    total=9,
    available=5,
    locked=4,
    user_id="u1",
    market_id="m1",
    instrument_symbol="text-prime",
    status="active",
    updated_at=AT,
)
OLD_ACCOUNT = {"account_id": "a2", "currency": "code-max", "available": "1", "reserved": 2, "total": "3"}
DOLLARS = {"account_id": "a3", "currency": "USD", "available": "1.5", "reserved": "0.5", "total": 2}


async def test_trading_accounts_are_read_in_every_shape_and_dollars_left_out() -> None:
    client, transport = client_of(wrapped([ACCOUNT, OLD_ACCOUNT, DOLLARS]), wrapped(ACCOUNT))
    old = TradingAccount(account_id="a2", instrument_id="code-max", total=3, available=1, locked=2)
    assert await client.trading_accounts() == [TRADING_ACCOUNT, old]
    assert await client.trading_account("a1") == TRADING_ACCOUNT
    assert transport.paths == ["GET /v1/trading/trading-accounts", "GET /v1/trading/trading-accounts/a1"]


async def test_dollars_are_no_account_of_units() -> None:
    client, _ = client_of(wrapped(DOLLARS))
    with pytest.raises(BadAnswer, match="ask for it as a currency account"):
        await client.trading_account("a3")


async def test_currency_accounts_are_read_in_every_shape() -> None:
    row = {"account_id": "a4", "currency": "usd", "total_balance": 3, "available_balance": "2.25", "status": "active"}
    client, transport = client_of(
        wrapped([DOLLARS, row]), answered(DOLLARS | {"user_id": "u1", "updated_at": AT.isoformat()})
    )
    old = CurrencyAccount(
        account_id="a3", currency="usd", total=Decimal(2), available=Decimal("1.5"), locked=Decimal("0.5")
    )
    new = CurrencyAccount(
        account_id="a4",
        currency="usd",
        total=Decimal(3),
        available=Decimal("2.25"),
        locked=Decimal("0.75"),
        status="active",
    )
    assert await client.currency_accounts() == [old, new]
    found = await client.currency_account("a3")
    assert (found.user_id, found.updated_at, found.available) == ("u1", AT, Decimal("1.5"))
    assert transport.paths[1] == "GET /v1/trading/currency-trading-accounts/a3"


async def test_consumption_accounts_are_read_in_whole_units() -> None:
    row = {
        "account_id": "a1",
        "user_id": "u1",
        "instrument_id": "i1",
        "status": "active",
        "available_balance": "4.999999",
        "committed_balance": 2,
        "total_balance": "6.999999",
        "total_deposits": "12",
        "total_withdrawals": 5.0,
        "total_commitments": 3,
        "total_transfers_in": 12,
        "total_transfers_out": None,
        "created_at": "2026-03-01T11:00:00Z",
        "updated_at": None,
    }
    account = ConsumptionAccount(
        account_id="a1",
        instrument_id="i1",
        available=4,
        committed=2,
        total=6,
        user_id="u1",
        status="active",
        total_deposits=12,
        total_withdrawals=5,
        total_commitments=3,
        total_transfers_in=12,
        created_at=AT,
    )
    client, transport = client_of(wrapped([row]), wrapped(row))
    assert await client.consumption_accounts() == [account]
    assert await client.consumption_account("a1") == account
    assert transport.paths == ["GET /v1/trading/consumption-accounts", "GET /v1/trading/consumption-accounts/a1"]


@pytest.mark.parametrize("missing", ["account_id", "instrument_id", "available_balance"])
async def test_an_account_that_lacks_what_it_needs_is_a_bad_answer(missing: str) -> None:
    row = ACCOUNT | {missing: None}
    client, _ = client_of(wrapped([row]), wrapped([row]))
    for accounts in (client.trading_accounts(), client.consumption_accounts()):
        with pytest.raises(BadAnswer, match=f"`{missing}` is missing"):
            await accounts


async def test_positions_come_oldest_first() -> None:
    opened = {
        "instrument_id": "i1",
        "status": "open",
        "quantity": "3",
        "average_cost": "1.05",
        "total_cost": 3.15,
        "current_market_value": "3.30",
        "last_trade_price": "1.10",
        "opened_at": "2026-03-01T11:00:00Z",
        "closed_at": None,
    }
    closed = {
        "instrument_id": "i1",
        "status": "closed",
        "quantity": 0,
        "total_cost": "-1",
        "last_trade_price": "0",
        "opened_at": "2026-02-01T11:00:00Z",
        "closed_at": "2026-03-01T11:00:00Z",
    }
    client, transport = client_of(wrapped([opened, closed]))
    assert await client.positions() == [
        Position(
            instrument_id="i1",
            quantity=0,
            status="closed",
            total_cost=Decimal(-1),
            opened_at=datetime(2026, 2, 1, 11, 0, tzinfo=UTC),
            closed_at=AT,
        ),
        Position(
            instrument_id="i1",
            quantity=3,
            status="open",
            average_cost=Decimal("1.05"),
            total_cost=Decimal("3.15"),
            current_market_value=Decimal("3.30"),
            last_trade_price=Decimal("1.10"),
            opened_at=AT,
        ),
    ]
    assert transport.paths == ["GET /v1/trading/positions"]


@pytest.mark.parametrize(
    "body",
    [
        answered({"status": "pending", "transfer_id": "tr1"}, 202),
        answered({"data": {"transfer_id": "tr1", "status": None}}, 200),
    ],
)
async def test_a_transfer_is_answered_wrapped_or_not(body: Response) -> None:
    client, transport = client_of(body)
    assert await client.transfer_to_consumption("i1", 3) == VenueTransfer("tr1", None, None, "pending")
    assert transport.paths == ["POST /v1/transfers/trading-to-consumption"]


@pytest.mark.parametrize("body", [b"{}", b'{"status":"ok"}', b"[]", b"ok"])
async def test_a_transfer_that_is_answered_without_an_id_may_have_been_applied(body: bytes) -> None:
    client, _ = client_of(Response(202, {}, body))
    with pytest.raises(OutcomeUnknown, match="POST /v1/transfers/trading-to-consumption 202"):
        await client.transfer_to_consumption("i1", 3)


async def test_a_transfer_back_to_trading_is_answered_likewise() -> None:
    client, transport = client_of(answered({"transfer_id": "tr1", "status": "pending"}, 202))
    assert await client.transfer_to_trading("i1", 3, key="gbt-1") == VenueTransfer("tr1", None, None, "pending")
    [request] = transport.requests
    assert transport.paths == ["POST /v1/transfers/consumption-to-trading"]
    assert request.body == b'{"instrument_id":"i1","quantity":3}'
    assert request.headers["idempotency-key"] == "gbt-1"


async def test_the_history_shows_transfers_to_consumption_only() -> None:
    done = {"transfer_id": "a", "instrument_id": "i1", "quantity": "5", "status": "completed"}
    rows = [
        done | {"to_account_type": "Consumption", "created_at": "2026-03-01T11:00:00Z"},
        done | {"transfer_id": "b", "to_account_type": "trading"},
        done | {"transfer_id": "d", "from_account_type": "issuance"},
        done | {"transfer_id": "e", "from_account_type": "consumption", "to_account_type": None},
        {"transfer_id": "c", "account_id": "x", "status": "a_new_word", "transferred_at": 1772362800},
    ]
    client, transport = client_of(wrapped(rows))
    assert await client.transfers() == [
        VenueTransfer("a", "i1", 5, "completed", AT),
        VenueTransfer("c", None, None, "a_new_word", AT),
    ]
    assert transport.paths == ["GET /v1/trading/transfer-histories"]


async def test_the_whole_history_shows_transfers_of_every_way_with_all_that_is_told() -> None:
    whole = {
        "transfer_id": "b",
        "instrument_id": "i1",
        "quantity": "5",
        "from_account_type": "consumption",
        "sender_account_id": "c1",
        "to_account_type": "trading",
        "account_id": "t1",
        "status": "completed",
        "created_at": "2026-03-01T11:00:00Z",
        "transferred_at": 1772362802,
    }
    rows = [
        whole,
        {"transfer_id": "a", "status": None, "transferred_at": "2026-03-01T10:59:59Z"},
        {"transfer_id": "old", "transferred_at": "2026-02-01T00:00:00Z"},
        {"transfer_id": "other", "instrument_id": "i2"},
    ]
    client, transport = client_of(wrapped(rows))
    assert await client.transfer_history(instrument_id="i1", since=AT - timedelta(minutes=1)) == [
        TransferRecord(transfer_id="a", status="pending", transferred_at=AT - timedelta(seconds=1)),
        TransferRecord(
            transfer_id="b",
            status="completed",
            instrument_id="i1",
            quantity=5,
            from_account_type="consumption",
            sender_account_id="c1",
            to_account_type="trading",
            account_id="t1",
            created_at=AT,
            transferred_at=AT + timedelta(seconds=2),
        ),
    ]
    assert dict(transport.requests[0].query)["instrument_id"] == "i1"
