"""Suppliers' accounts and issues, in every form in which the exchange may send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.transfer import VenueTransfer
from bot.errors import AccessDenied, BadAnswer, InvalidRequest, OutcomeUnknown
from bot.grid.results import IssuanceAccount, SupplyIssuance, SupplySummary
from tests.grid.scripted import answered, client_of, wrapped

AT = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
ACCOUNT = {
    "account_id": "a1",
    "instrument_id": "i1",
    "instrument_symbol": "text-prime",
    "status": "active",
    "total_balance": "10",
    "available_balance": 8,
    "created_at": "2026-03-01T11:00:00Z",
    "updated_at": None,
}
ISSUANCE = {
    "issuance_id": "s1",
    "instrument_id": "i1",
    "quantity": "5",
    "status": "completed",
    "created_at": AT.isoformat(),
}
READ = SupplyIssuance(issuance_id="s1", instrument_id="i1", quantity=5, status="completed", created_at=AT)


async def test_issuance_accounts_are_read() -> None:
    bare = {"account_id": "a2", "instrument_id": "i2", "available_balance": "3"}
    client, transport = client_of(wrapped([ACCOUNT, bare]))
    assert await client.issuance_accounts() == [
        IssuanceAccount(
            account_id="a1",
            instrument_id="i1",
            total=10,
            available=8,
            instrument_symbol="text-prime",
            status="active",
            created_at=AT,
        ),
        IssuanceAccount(account_id="a2", instrument_id="i2", total=3, available=3),
    ]
    assert transport.paths == ["GET /v1/trading/issuance-accounts"]


@pytest.mark.parametrize("field", ["account_id", "instrument_id", "available_balance"])
async def test_an_issuance_account_that_lacks_what_it_needs_is_a_bad_answer(field: str) -> None:
    client, _ = client_of(wrapped([ACCOUNT | {field: None}]))
    with pytest.raises(BadAnswer, match=f"`{field}` is missing"):
        await client.issuance_accounts()


async def test_units_are_issued_once_under_a_key() -> None:
    client, transport = client_of(answered({"data": ISSUANCE}, 201), answered({"issuance_id": "s2"}, 202))
    assert await client.issue_supply("i1", 5, key="gbs-1") == READ
    assert await client.issue_supply("i1", 5) == SupplyIssuance(issuance_id="s2")
    first, second = transport.requests
    assert transport.paths == ["POST /v1/trading/supply-issuances"] * 2
    assert json.loads(first.body) == {"instrument_id": "i1", "quantity": 5}
    assert (first.headers["idempotency-key"], second.headers.get("idempotency-key")) == ("gbs-1", None)


async def test_issues_come_oldest_first() -> None:
    later = ISSUANCE | {"issuance_id": "s2", "created_at": "2026-03-01T11:00:01Z"}
    client, transport = client_of(wrapped([later, ISSUANCE]))
    assert [one.issuance_id for one in await client.supply_issuances()] == ["s1", "s2"]
    assert transport.paths == ["GET /v1/trading/supply-issuances"]


async def test_the_summary_of_supply_is_read() -> None:
    row: dict[str, Any] = {"instrument_id": "i1", "total_issued": "9", "total_transferred": 4, "available": None}
    client, transport = client_of(wrapped([row]))
    assert await client.supply_summary() == [SupplySummary(instrument_id="i1", total_issued=9, total_transferred=4)]
    assert transport.paths == ["GET /v1/trading/supply-issuances/summary"]


async def test_issued_units_are_moved_to_trading() -> None:
    client, transport = client_of(answered({"status": "pending", "transfer_id": "t1"}, 202))
    assert await client.transfer_issued("i1", 4, key="gbt-1") == VenueTransfer("t1", None, None, "pending")
    [request] = transport.requests
    assert transport.paths == ["POST /v1/trading/issuance-accounts/transfer"]
    assert json.loads(request.body) == {"instrument_id": "i1", "quantity": 4}
    assert request.headers["idempotency-key"] == "gbt-1"


async def test_writes_that_cannot_be_are_refused_before_anything_is_sent() -> None:
    client, transport = client_of()
    for write in (client.issue_supply("i1", 0), client.transfer_issued("", 1)):
        with pytest.raises(InvalidRequest):
            await write
    assert transport.requests == []


async def test_an_issue_that_is_answered_with_nonsense_may_have_been_applied() -> None:
    client, _ = client_of(wrapped({"quantity": 5}))
    with pytest.raises(OutcomeUnknown):
        await client.issue_supply("i1", 5)


async def test_who_is_no_supplier_is_told_so() -> None:
    client, _ = client_of(answered({"errors": {"detail": "suppliers only"}}, 403))
    with pytest.raises(AccessDenied, match="suppliers only"):
        await client.supply_summary()
