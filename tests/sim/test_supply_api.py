"""Suppliers over the API: issuing units, moving them to Trading, selling them."""

from __future__ import annotations

import pytest

from bot.sim.api import ExchangeApi
from bot.sim.supply import MOST_UNITS
from tests.sim.client import Client, Got, open_account

ISSUES = "/v1/trading/supply-issuances"
TRANSFER = "/v1/issuance-accounts/transfer"
LAYOUTS = ("/v1/trading", "/v1")


@pytest.fixture
def carol(api: ExchangeApi) -> Client:
    """A supplier with no units."""
    return open_account(api, "carol", units={}, supplier=True)


def instrument_id(client: Client, symbol: str = "text-prime") -> str:
    return client.api.venue.market_by_symbol(symbol).instrument_id


def issue(client: Client, quantity: object, symbol: str = "text-prime") -> Got:
    return client.post(ISSUES, {"instrument_id": instrument_id(client, symbol), "quantity": quantity})


def move(client: Client, quantity: object) -> Got:
    return client.post(TRANSFER, {"instrument_id": instrument_id(client), "quantity": quantity})


def summary(client: Client, symbol: str = "text-prime") -> list[int]:
    """Units of an instrument that were issued, transferred, and are available."""
    rows = client.get("/v1/supply-issuances/summary").data
    [row] = [row for row in rows if row.pop("instrument_id") == instrument_id(client, symbol)]
    assert list(row) == ["total_issued", "total_transferred", "available"]
    return list(row.values())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_issued_units_are_in_the_issuance_account(carol: Client, layout: str) -> None:
    wanted = instrument_id(carol)
    got = carol.post(f"{layout}/supply-issuances", {"instrument_id": wanted, "quantity": "12"})
    assert (got.status, got.data) == (
        201,
        {
            "issuance_id": got.data["issuance_id"],
            "instrument_id": wanted,
            "quantity": 12,
            "status": "completed",
            "created_at": "2026-07-01T00:30:00Z",
        },
    )
    assert carol.get(f"{layout}/supply-issuances").data == [got.data]
    [row] = carol.get(f"{layout}/issuance-accounts", ("instrument_id", wanted)).data
    assert row == {
        "account_id": row["account_id"],
        "user_id": carol.account.user_id,
        "instrument_id": wanted,
        "instrument_symbol": "text-prime",
        "status": "active",
        "total_balance": 12,
        "available_balance": 12,
        "created_at": "2026-07-01T00:30:00Z",
        "updated_at": "2026-07-01T00:30:00Z",
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_issued_units_move_to_trading_and_are_sold(carol: Client, alice: Client, layout: str) -> None:
    issue(carol, 12)
    body = {"instrument_id": instrument_id(carol), "quantity": 5}
    got = carol.post(f"{layout}/issuance-accounts/transfer", body)
    transfer_id = got.json["transfer_id"]
    assert (got.status, got.json) == (202, {"status": "pending", "transfer_id": transfer_id})
    assert carol.order(side="sell", quantity=5, price="2.00").code == "INSUFFICIENT_BALANCE"
    carol.later(seconds=2)
    assert carol.order(side="sell", quantity=5, price="2.00").status == 201
    alice.now = carol.now
    assert alice.order(quantity=5, price="2.00").data["status"] == "filled"
    assert carol.account.cash.total == 1010_000_000
    assert summary(carol) == [12, 5, 7]


def test_a_transfer_of_issued_units_is_told_in_the_history(carol: Client) -> None:
    issue(carol, 12)
    move(carol, 5)
    [row] = carol.get("/v1/transfer-histories", ("from_account_type", "issuance")).data
    account_ids = [
        carol.get(f"/v1/{kind}-accounts", ("instrument_id", instrument_id(carol))).data[0]["account_id"]
        for kind in ("issuance", "trading")
    ]
    assert (row["from_account_type"], row["to_account_type"]) == ("issuance", "trading")
    assert [row["sender_account_id"], row["account_id"]] == account_ids
    assert (row["quantity"], row["status"]) == (5, "pending")
    assert carol.get("/v1/transfer-histories", ("to_account_type", "consumption")).data == []


def test_the_summary_tells_of_every_instrument(carol: Client) -> None:
    issue(carol, 3)
    issue(carol, 4)
    issue(carol, 9, "code-max")
    move(carol, 6)
    assert (summary(carol), summary(carol, "code-max")) == ([7, 6, 1], [9, 0, 9])


def test_issues_are_listed_newest_first_and_can_be_filtered_and_paged(carol: Client) -> None:
    for quantity in (1, 2, 3):
        issue(carol, quantity)
        carol.later(seconds=10)
    issue(carol, 4, "code-max")

    def quantities(*query: tuple[str, str]) -> list[int]:
        return [row["quantity"] for row in carol.get(ISSUES, *query).data]

    prime = instrument_id(carol)
    assert quantities() == [4, 3, 2, 1]
    assert quantities(("order_direction", "asc"), ("limit", "2")) == [1, 2]
    for spelling in ("filters", "flop[filters]"):
        assert quantities((f"{spelling}[0][field]", "instrument_id"), (f"{spelling}[0][value]", prime)) == [3, 2, 1]
    assert quantities(("instrument_id", prime), ("start_datetime", "2026-07-01T00:30:10Z")) == [3, 2]
    cursor = carol.get(ISSUES, ("limit", "3")).json["paging"]["next_cursor"]
    assert quantities(("limit", "3"), ("next", cursor)) == [1]
    assert carol.get(ISSUES, ("page", "2"), ("page_size", "3")).json["meta"]["total_count"] == 4


def test_no_more_than_was_issued_can_be_moved(carol: Client) -> None:
    issue(carol, 5)
    assert (move(carol, 6).status, move(carol, 6).code) == (400, "INSUFFICIENT_BALANCE")
    assert move(carol, 5).status == 202
    assert move(carol, 1).code == "INSUFFICIENT_BALANCE"


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, None, "many"])
def test_a_malformed_issue_is_refused(carol: Client, quantity: object) -> None:
    assert (issue(carol, quantity).status, issue(carol, quantity).code) == (400, "VALIDATION_ERROR")
    assert carol.get(ISSUES).data == []


def test_what_can_be_issued_at_a_time_has_an_end(carol: Client) -> None:
    assert issue(carol, MOST_UNITS).status == 201
    assert issue(carol, MOST_UNITS + 1).status == 422


def test_an_unknown_instrument_cannot_be_issued_or_moved(carol: Client) -> None:
    for path in (ISSUES, TRANSFER):
        assert carol.post(path, {"instrument_id": "instrument-0", "quantity": 1}).status == 404


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "issuance-accounts"),
        ("POST", "issuance-accounts/transfer"),
        ("GET", "supply-issuances"),
        ("POST", "supply-issuances"),
        ("GET", "supply-issuances/summary"),
    ],
)
def test_only_a_supplier_may_issue(alice: Client, method: str, path: str, layout: str) -> None:
    got = alice.send(alice.signed(method, f"{layout}/{path}"))
    assert (got.status, got.detail) == (403, "only the account of a supplier has an issuance account")


def test_one_supplier_does_not_see_what_another_issued(api: ExchangeApi, carol: Client) -> None:
    dave = open_account(api, "dave", units={}, supplier=True)
    issue(carol, 5)
    assert (summary(dave), dave.get(ISSUES).data) == ([0, 0, 0], [])


def test_an_issue_that_is_repeated_under_its_key_is_done_once(carol: Client) -> None:
    body = {"instrument_id": instrument_id(carol), "quantity": 5}
    first, second = (carol.post(ISSUES, body, {"Idempotency-Key": "k"}) for _ in range(2))
    assert first.data == second.data
    assert summary(carol) == [5, 0, 5]
