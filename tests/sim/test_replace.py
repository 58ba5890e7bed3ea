"""Orders get new terms while they rest."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clock import SeededIds
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.venue import Venue
from tests.sim.client import START, Client, Got, open_account

ORDERS = "/v1/trading/orders"
USD = 1_000_000


def replace(client: Client, order_id: str, /, *, layout: str = "/v1/trading", **fields: object) -> Got:
    return client.put(f"{layout}/orders/{order_id}", fields)


def queue(client: Client, side: str = "buy") -> list[str]:
    """Whose orders rest on a side of text-prime, in the order in which they trade."""
    book = client.api.venue.market_by_symbol("text-prime").book
    levels = (book.bids if side == "buy" else book.asks).levels()
    return [order.account.name for level in levels for order in level]


@pytest.mark.parametrize("layout", ["/v1/trading", "/v1"])
def test_a_replaced_order_is_told_whole(alice: Client, layout: str) -> None:
    before = alice.order(quantity=3, price="1.50", client_order_id="mine").data
    alice.later(seconds=5)
    got = replace(alice, before["order_id"], layout=layout, price="1.25", quantity=4, time_in_force="gtc")
    assert got.status == 200
    changed = {"price": "1.25", "quantity": 4, "remaining_quantity": 4, "updated_at": "2026-07-01T00:30:05Z"}
    assert got.data == before | changed
    assert alice.get(f"{ORDERS}/{before['order_id']}").data == got.data


def test_what_is_not_given_or_null_stays(alice: Client) -> None:
    order_id = alice.order(quantity=3, price="1.50").data["order_id"]
    nothing: dict[str, Any] = {"stop_price": None, "time_in_force": None, "colour": "red"}
    order = replace(alice, order_id, quantity="5", price=None, **nothing).data
    assert (order["quantity"], order["price"]) == (5, "1.50")
    order = replace(alice, order_id, price=2, quantity=None).data
    assert (order["quantity"], order["price"]) == (5, "2.00")


@pytest.mark.parametrize(
    ("side", "fields", "locked"),
    [
        ("buy", {"price": "1.50"}, 15_000_000),
        ("buy", {"quantity": 7}, 7_000_000),
        ("buy", {"quantity": 20, "price": "0.10"}, 2_000_000),
        ("sell", {"price": "1.50"}, 10),
        ("sell", {"quantity": 7}, 7),
        ("sell", {"quantity": 100}, 100),
    ],
)
def test_exactly_what_the_new_terms_need_is_locked(
    alice: Client, side: str, fields: dict[str, Any], locked: int
) -> None:
    order_id = alice.order(side=side, quantity=10, price="1.00").data["order_id"]
    assert replace(alice, order_id, **fields).status == 200
    account = alice.account
    units = account.units[alice.api.venue.market_by_symbol("text-prime").instrument_id]
    assert (account.cash if side == "buy" else units).locked == locked
    assert (account.cash.total, units.total) == (1000 * USD, 100)
    alice.delete(f"{ORDERS}/{order_id}")
    assert (account.cash.available, units.available) == (1000 * USD, 100)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"quantity": 2}, ["alice", "bob"]),
        ({"quantity": 5}, ["alice", "bob"]),
        ({"price": "1.00"}, ["alice", "bob"]),
        ({"time_in_force": "gtc"}, ["alice", "bob"]),
        ({"quantity": 6}, ["bob", "alice"]),
        ({"price": "1.01"}, ["alice", "bob"]),
        ({"price": "0.99"}, ["bob", "alice"]),
    ],
)
def test_only_a_smaller_order_at_the_same_price_keeps_its_place(
    alice: Client, bob: Client, fields: dict[str, Any], expected: list[str]
) -> None:
    order_id = alice.order(quantity=5, price="1.00").data["order_id"]
    bob.order(quantity=5, price="1.00")
    assert replace(alice, order_id, **fields).status == 200
    assert queue(alice) == expected


def test_a_price_that_goes_away_and_comes_back_has_lost_its_place(alice: Client, bob: Client) -> None:
    order_id = alice.order(price="1.00").data["order_id"]
    bob.order(price="1.00")
    replace(alice, order_id, price="1.01")
    replace(alice, order_id, price="1.00")
    assert queue(alice) == ["bob", "alice"]


def test_an_order_that_reaches_the_other_side_trades_at_its_prices(alice: Client, bob: Client) -> None:
    bob.order(side="sell", quantity=2, price="1.20")
    bob.order(side="sell", quantity=2, price="1.30")
    order_id = alice.order(quantity=5, price="1.00").data["order_id"]
    order = replace(alice, order_id, price="1.30").data
    assert (order["status"], order["filled_quantity"], order["average_price"]) == ("partially_filled", 4, "1.25")
    assert queue(alice) == ["alice"]
    assert alice.account.cash.locked == 1_300_000
    assert alice.account.cash.total == 995 * USD


def test_an_order_that_fills_whole_is_closed(alice: Client, bob: Client) -> None:
    bob.order(quantity=2, price="1.20")
    order_id = alice.order(side="sell", quantity=2, price="2.00").data["order_id"]
    order = replace(alice, order_id, price="1.00").data
    assert (order["status"], order["closure_reason"], order["average_price"]) == ("filled", "filled", "1.20")
    assert queue(alice) == queue(alice, "sell") == []


def test_an_order_that_would_meet_its_owners_is_cancelled(alice: Client) -> None:
    alice.order(side="sell", price="2.00")
    order = replace(alice, alice.order(price="1.00").data["order_id"], price="2.00").data
    assert (order["status"], order["closure_reason"]) == ("cancelled", "self_trade_prevented")
    assert alice.account.cash.locked == 0


def test_a_partly_filled_order_counts_what_has_filled(alice: Client, bob: Client) -> None:
    order_id = alice.order(quantity=5, price="1.00").data["order_id"]
    bob.order(side="sell", quantity=3, price="1.00")
    for quantity in (1, 3):
        got = replace(alice, order_id, quantity=quantity)
        assert got.status == 422
        assert "3 units that have filled" in got.detail
    order = replace(alice, order_id, quantity=4).data
    assert (order["status"], order["filled_quantity"], order["remaining_quantity"]) == ("partially_filled", 3, 1)
    assert alice.account.cash.locked == 1 * USD


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        ({}, 400),
        ({"price": None, "quantity": None}, 400),
        ({"side": "sell"}, 400),
        ({"quantity": 0}, 400),
        ({"quantity": 1.5}, 400),
        ({"quantity": True}, 400),
        ({"price": "cheap"}, 400),
        ({"time_in_force": "forever"}, 400),
        ({"time_in_force": "ioc"}, 422),
        ({"time_in_force": "fok"}, 422),
        ({"stop_price": "1.00"}, 422),
        ({"price": "1.005"}, 422),
        ({"price": "0"}, 422),
        ({"price": "1000000.01"}, 422),
        ({"quantity": 100_001}, 422),
        ({"quantity": 1001}, 400),
        ({"price": "200.01"}, 400),
    ],
)
def test_terms_that_make_no_sense_or_cannot_be_paid_change_nothing(alice: Client, body: Any, status: int) -> None:
    order = alice.order(quantity=5, price="1.00").data
    got = alice.put(f"{ORDERS}/{order['order_id']}", body)
    assert got.status == status
    assert got.detail
    assert alice.get(f"{ORDERS}/{order['order_id']}").data == order
    assert alice.account.cash.locked == 5 * USD


def test_what_the_order_has_locked_can_pay_for_its_new_terms(alice: Client) -> None:
    order_id = alice.order(quantity=1000, price="1.00").data["order_id"]
    assert replace(alice, order_id, price="0.50", quantity=2000).status == 200
    assert alice.account.cash.available == 0
    assert replace(alice, order_id, price="0.51").code == "INSUFFICIENT_BALANCE"
    sell_id = alice.order(side="sell", quantity=100, price="9.00").data["order_id"]
    got = replace(alice, sell_id, quantity=101)
    assert (got.code, got.detail) == ("INSUFFICIENT_BALANCE", "the order needs 101 units, 100 are available")


def test_a_post_only_order_never_takes(alice: Client, bob: Client) -> None:
    bob.order(side="sell", price="1.20")
    order = alice.order(price="1.00", post_only=True).data
    assert replace(alice, order["order_id"], price="1.20").status == 422
    assert alice.get(f"{ORDERS}/{order['order_id']}").data == order
    assert replace(alice, order["order_id"], price="1.19").status == 200


def test_a_closed_order_is_a_conflict(alice: Client, bob: Client) -> None:
    cancelled, filled = (alice.order(price="1.00").data["order_id"] for _ in range(2))
    alice.delete(f"{ORDERS}/{cancelled}")
    bob.order(side="sell", price="1.00")
    for order_id, word in ((cancelled, "cancelled"), (filled, "filled")):
        got = replace(alice, order_id, quantity=2)
        assert (got.status, got.detail) == (409, f"the order is {word} and cannot be changed any more")


def test_orders_of_others_and_unknown_ones_are_not_found(alice: Client, bob: Client) -> None:
    order_id = bob.order().data["order_id"]
    for unknown in (order_id, "order-0"):
        got = replace(alice, unknown, quantity=2)
        assert (got.status, got.detail) == (404, "order not found")
    assert bob.get(f"{ORDERS}/{order_id}").data["quantity"] == 1


def test_the_same_changes_give_the_same_state() -> None:
    def run() -> list[bytes]:
        api = ExchangeApi(Venue(VenueConfig(), start=START, ids=SeededIds(7)))
        alice, bob = open_account(api, "alice"), open_account(api, "bob")
        bob.order(side="sell", quantity=3, price="1.10")
        order_id = alice.order(quantity=5, price="1.00").data["order_id"]
        answers = [replace(alice, order_id, price="1.10"), replace(alice, order_id, quantity=4)]
        answers += [client.get("/v1/orders") for client in (alice, bob)]
        return [got.response.body for got in answers]

    assert run() == run()
