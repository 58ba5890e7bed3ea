"""Balances, transfers and the user over the API."""

from __future__ import annotations

import pytest

from tests.sim.client import Client

TRANSFER = "/v1/transfers/trading-to-consumption"
BACK = "/v1/transfers/consumption-to-trading"


def instrument_id(client: Client, symbol: str = "text-prime") -> str:
    return client.api.venue.market_by_symbol(symbol).instrument_id


def test_cash_is_told_as_decimal_text(alice: Client) -> None:
    alice.order(quantity=3, price="1.25")
    [row] = alice.get("/v1/trading/currency-trading-accounts").data
    assert row == {
        "account_id": row["account_id"],
        "user_id": alice.account.user_id,
        "currency": "usd",
        "total_balance": "1000.00",
        "available_balance": "996.25",
        "locked_balance": "3.75",
        "status": "active",
        "updated_at": "2026-07-01T00:30:00Z",
    }
    assert alice.get(f"/v1/currency-trading-accounts/{row['account_id']}").data == row


def test_trading_units_are_told_for_every_instrument(alice: Client) -> None:
    alice.order(side="sell", quantity=30, price="9.00")
    market = alice.api.venue.market_by_symbol("text-prime")
    rows = alice.get("/v1/trading/trading-accounts").data
    assert {row["instrument_symbol"]: row["total_balance"] for row in rows} == {"text-prime": 100, "code-max": 0}
    [row] = alice.get("/v1/trading-accounts", ("instrument_id", market.instrument_id)).data
    assert row == {
        "account_id": row["account_id"],
        "user_id": alice.account.user_id,
        "market_id": market.market_id,
        "instrument_id": market.instrument_id,
        "instrument_symbol": "text-prime",
        "total_balance": 100,
        "available_balance": 70,
        "locked_balance": 30,
        "status": "active",
        "updated_at": "2026-07-01T00:30:00Z",
    }
    assert alice.get(f"/v1/trading-accounts/{row['account_id']}").data == row


def test_consumption_counts_whole_units_and_what_is_on_its_way(alice: Client) -> None:
    wanted = instrument_id(alice)
    alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 5})
    alice.later(seconds=2)
    alice.post(TRANSFER, {"instrument_id": wanted, "quantity": "2"})
    alice.api.venue.consume(alice.account, wanted, 1_500_000)
    [row] = alice.get("/v1/trading/consumption-accounts", ("instrument_id", wanted)).data
    assert row == {
        "account_id": row["account_id"],
        "user_id": alice.account.user_id,
        "instrument_id": wanted,
        "status": "active",
        "available_balance": 3,
        "committed_balance": 2,
        "total_balance": 5,
        "total_deposits": 5,
        "total_withdrawals": 2,
        "total_commitments": 7,
        "total_transfers_in": 5,
        "total_transfers_out": 0,
        "created_at": "2026-07-01T00:30:00Z",
        "updated_at": "2026-07-01T00:30:02Z",
    }
    assert alice.get(f"/v1/consumption-accounts/{row['account_id']}").data == row


def test_accounts_of_others_are_not_found(alice: Client, bob: Client) -> None:
    for path in ("trading-accounts", "consumption-accounts", "currency-trading-accounts"):
        account_id = bob.get(f"/v1/{path}").data[0]["account_id"]
        assert alice.get(f"/v1/{path}/{account_id}").status == 404


def test_a_transfer_is_taken_and_told_in_the_history(alice: Client) -> None:
    wanted = instrument_id(alice)
    got = alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 5})
    transfer_id = got.json["transfer_id"]
    assert (got.status, got.json) == (202, {"status": "pending", "transfer_id": transfer_id})
    [row] = alice.get("/v1/transfer-histories").data
    assert row == {
        "transfer_id": transfer_id,
        "instrument_id": wanted,
        "quantity": 5,
        "from_account_type": "trading",
        "sender_account_id": alice.get("/v1/trading-accounts", ("instrument_id", wanted)).data[0]["account_id"],
        "to_account_type": "consumption",
        "account_id": alice.get("/v1/consumption-accounts", ("instrument_id", wanted)).data[0]["account_id"],
        "status": "pending",
        "created_at": "2026-07-01T00:30:00Z",
        "transferred_at": None,
    }
    alice.later(seconds=3)
    [row] = alice.get("/v1/transfers/histories").data
    assert (row["status"], row["transferred_at"]) == ("completed", "2026-07-01T00:30:02Z")


@pytest.mark.parametrize("layout", ["/v1/trading", "/v1"])
def test_units_come_back_from_consumption(alice: Client, layout: str) -> None:
    wanted = instrument_id(alice)
    alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 5})
    alice.later(seconds=2)
    got = alice.post(f"{layout}/transfers/consumption-to-trading", {"instrument_id": wanted, "quantity": 3})
    assert (got.status, got.json["status"]) == (202, "pending")
    [trading] = alice.get("/v1/trading-accounts", ("instrument_id", wanted)).data
    [consumption] = alice.get("/v1/consumption-accounts", ("instrument_id", wanted)).data
    assert (trading["total_balance"], consumption["available_balance"]) == (95, 2)
    row = alice.get("/v1/transfer-histories").data[0]
    assert (row["transfer_id"], row["status"]) == (got.json["transfer_id"], "pending")
    assert (row["from_account_type"], row["sender_account_id"]) == ("consumption", consumption["account_id"])
    assert (row["to_account_type"], row["account_id"]) == ("trading", trading["account_id"])
    alice.later(seconds=2)
    [trading] = alice.get("/v1/trading-accounts", ("instrument_id", wanted)).data
    assert (trading["total_balance"], trading["available_balance"]) == (98, 98)
    assert alice.get("/v1/transfer-histories").data[0]["status"] == "completed"


def test_a_consumption_account_adds_up(alice: Client) -> None:
    wanted = instrument_id(alice)
    alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 9})
    alice.later(seconds=2)
    alice.post(BACK, {"instrument_id": wanted, "quantity": 2})
    alice.api.venue.consume(alice.account, wanted, 3_000_000)
    [row] = alice.get("/v1/consumption-accounts", ("instrument_id", wanted)).data
    assert row["total_deposits"] - row["total_withdrawals"] == row["available_balance"] == 4
    assert (row["total_transfers_in"], row["total_transfers_out"], row["total_withdrawals"]) == (9, 2, 5)


def test_only_whole_units_that_have_arrived_come_back(alice: Client) -> None:
    wanted = instrument_id(alice)
    alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 5})
    assert alice.post(BACK, {"instrument_id": wanted, "quantity": 1}).code == "INSUFFICIENT_BALANCE"
    alice.later(seconds=2)
    assert alice.post(BACK, {"instrument_id": wanted, "quantity": 5}).status == 202
    alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 5})
    alice.later(seconds=2)
    alice.get("/v1/me")
    alice.api.venue.consume(alice.account, wanted, 1)
    got = alice.post(BACK, {"instrument_id": wanted, "quantity": 5})
    assert (got.status, got.code, got.detail) == (400, "INSUFFICIENT_BALANCE", "5 units wanted, 4 available")


def test_nobody_has_units_that_are_under_way(alice: Client, bob: Client) -> None:
    wanted = instrument_id(alice)
    alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 5})
    alice.later(seconds=2)
    alice.post(BACK, {"instrument_id": wanted, "quantity": 5})
    assert alice.order(side="sell", quantity=96, price="1.00").code == "INSUFFICIENT_BALANCE"
    assert alice.post(TRANSFER, {"instrument_id": wanted, "quantity": 96}).code == "INSUFFICIENT_BALANCE"
    assert bob.post(BACK, {"instrument_id": wanted, "quantity": 1}).code == "INSUFFICIENT_BALANCE"


@pytest.mark.parametrize("path", [TRANSFER, BACK])
@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, None, "many"])
def test_a_malformed_transfer_is_refused(alice: Client, quantity: object, path: str) -> None:
    got = alice.post(path, {"instrument_id": instrument_id(alice), "quantity": quantity})
    assert (got.status, got.code) == (400, "VALIDATION_ERROR")
    assert alice.get("/v1/transfer-histories").data == []


def test_more_than_is_available_cannot_be_transferred(alice: Client) -> None:
    got = alice.post(TRANSFER, {"instrument_id": instrument_id(alice), "quantity": 101})
    assert (got.status, got.code) == (400, "INSUFFICIENT_BALANCE")


def test_an_unknown_instrument_cannot_be_transferred(alice: Client) -> None:
    for path in (TRANSFER, BACK):
        assert alice.post(path, {"instrument_id": "instrument-0", "quantity": 1}).status == 404
        assert alice.post(path, {"quantity": 1}).status == 400


def test_transfers_can_be_filtered(alice: Client) -> None:
    wanted = instrument_id(alice)
    for quantity in (1, 2, 3):
        alice.post(TRANSFER, {"instrument_id": wanted, "quantity": quantity})
        alice.later(seconds=1.5)

    def quantities(*query: tuple[str, str]) -> list[int]:
        return [row["quantity"] for row in alice.get("/v1/transfer-histories", *query).data]

    assert quantities() == [3, 2, 1]
    assert quantities(("status", "pending")) == [3]
    assert quantities(("instrument_id", wanted), ("start_datetime", "2026-07-01T00:30:01.5Z")) == [3, 2]
    assert quantities(("instrument_id", instrument_id(alice, "code-max"))) == []
    assert quantities(("end_datetime", "2026-07-01T00:30:01Z")) == [1]
    alice.post(BACK, {"instrument_id": wanted, "quantity": 2})
    assert quantities(("to_account_type", "consumption")) == [3, 2, 1]
    assert quantities(("filters[0][field]", "from_account_type"), ("filters[0][value]", "consumption")) == [2]
    assert quantities(("limit", "1"), ("order_direction", "asc")) == [1]
    assert quantities(("page", "2"), ("page_size", "3")) == [1]


@pytest.mark.parametrize("spelling", ["{}", "filters[0][field]", "flop[filters][0][field]"])
def test_balances_can_be_filtered_in_every_spelling(alice: Client, spelling: str) -> None:
    wanted = instrument_id(alice, "code-max")

    def query(field: str, value: str) -> list[tuple[str, str]]:
        if spelling == "{}":
            return [(field, value)]
        return [(spelling, field), (spelling.replace("field", "value"), value)]

    for path in ("trading-accounts", "consumption-accounts"):
        [row] = alice.get(f"/v1/{path}", *query("instrument_id", wanted)).data
        assert row["instrument_id"] == wanted
        assert len(alice.get(f"/v1/trading/{path}", *query("status", "active")).data) == 2
        assert alice.get(f"/v1/{path}", *query("status", "closed")).data == []
    [row] = alice.get("/v1/trading-accounts", *query("instrument_symbol", "code-max")).data
    assert row["instrument_id"] == wanted
    assert len(alice.get("/v1/currency-trading-accounts", *query("currency", "usd")).data) == 1
    assert alice.get("/v1/currency-trading-accounts", *query("currency", "eur")).data == []


def test_a_user_is_in_advanced_mode(alice: Client) -> None:
    me = alice.get("/v1/trading/me").data
    assert me == {"user_id": alice.account.user_id, "email": "alice@gridbot.invalid", "account_mode": "advanced"}
