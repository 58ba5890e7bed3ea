"""Balances and transfers, in every form in which the exchange may send them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.account import Cash, Units
from bot.domain.transfer import VenueTransfer
from bot.errors import BadAnswer, OutcomeUnknown
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


async def test_the_history_shows_transfers_to_consumption_only() -> None:
    done = {"transfer_id": "a", "instrument_id": "i1", "quantity": "5", "status": "completed"}
    rows = [
        done | {"to_account_type": "Consumption", "created_at": "2026-03-01T11:00:00Z"},
        done | {"transfer_id": "b", "to_account_type": "trading"},
        {"transfer_id": "c", "account_id": "x", "status": "a_new_word", "transferred_at": 1772362800},
    ]
    client, transport = client_of(wrapped(rows))
    assert await client.transfers() == [
        VenueTransfer("a", "i1", 5, "completed", AT),
        VenueTransfer("c", None, None, "a_new_word", AT),
    ]
    assert transport.paths == ["GET /v1/trading/transfer-histories"]
