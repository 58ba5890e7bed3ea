"""Suppliers' accounts and issues, in every form in which the exchange may send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.account import Units
from bot.domain.issuance import SupplyIssuance
from bot.domain.transfer import VenueTransfer, Way
from bot.errors import AccessDenied, BadAnswer, InvalidRequest, OutcomeUnknown
from bot.grid.results import IssuanceAccount, SupplySummary
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


async def test_issues_from_a_moment_on_are_asked_for_and_told() -> None:
    earlier = ISSUANCE | {"issuance_id": "s0", "created_at": "2026-02-01T11:00:01Z"}
    client, transport = client_of(wrapped([ISSUANCE, earlier]))
    assert await client.supply_issuances(since=AT) == [READ]
    assert dict(transport.requests[0].query)["start_datetime"].startswith("2026-03-01")


async def test_issued_units_are_told_by_instrument() -> None:
    row = {"account_id": "a1", "instrument_id": "i1", "total_balance": "7", "available_balance": "5"}
    client, transport = client_of(wrapped([row]))
    assert await client.issued_units() == {"i1": Units("i1", 7, 5, 2)}
    assert transport.paths == ["GET /v1/trading/issuance-accounts"]


async def test_of_all_transfers_only_those_of_issued_units_go_to_trading() -> None:
    rows = [
        {"transfer_id": f"t-{source}", "quantity": 3, "from_account_type": source, "to_account_type": target}
        for source, target in (("issuance", "trading"), ("trading", "consumption"), ("consumption", "trading"))
    ]
    client, _ = client_of(wrapped([*rows, {"transfer_id": "t-old", "quantity": 3}]))
    brought = VenueTransfer("t-issuance", None, 3, "pending", way=Way.TO_TRADING)
    assert await client.transfers_to_trading() == [brought]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("completed", "completed"),
        ("Issued", "completed"),
        (None, "completed"),
        ("pending", "pending"),
        ("REJECTED", "failed"),
    ],
)
def test_an_issue_that_is_listed_is_done_unless_it_says_otherwise(word: str | None, status: str) -> None:
    issuance = SupplyIssuance(issuance_id="s1", instrument_id="i1", quantity=5, status=word, created_at=AT)
    assert issuance.as_transfer() == VenueTransfer("s1", "i1", 5, status, AT, way=Way.ISSUE)


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
