"""Stop and stop-limit orders wait for a price, and then trade."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.sim.venue import Venue
from tests.sim.client import Client, Got, open_account

ORDERS = "/v1/trading/orders"
USD = 1_000_000


@pytest.fixture
def carol(venue: Venue, alice: Client) -> Client:
    """Has what alice has."""
    return open_account(alice.api, "carol")


@pytest.fixture
def last(alice: Client, bob: Client) -> Callable[[str], None]:
    """Lets alice and bob trade one unit at a price."""

    def trade(price: str) -> None:
        bob.order(side="sell", price=price)
        bought = alice.order(price=price).data
        assert (bought["status"], bought["average_price"]) == ("filled", price)

    return trade


def stop(client: Client, **fields: object) -> Got:
    return client.order(type="stop", **{"price": None} | fields)


def shown(client: Client, order: Got) -> Any:
    return client.get(f"{ORDERS}/{order.data['order_id']}").data


def book(client: Client) -> Any:
    market_id = client.api.venue.market_by_symbol("text-prime").market_id
    return client.get(f"/v1/markets/{market_id}/orderbook").data


def units(client: Client) -> tuple[int, int]:
    held = client.account.units[client.api.venue.market_by_symbol("text-prime").instrument_id]
    return held.available, held.locked


def test_a_waiting_order_is_told_whole(carol: Client, last: Callable[[str], None]) -> None:
    last("1.00")
    got = carol.order(type="stop_limit", price="1.30", stop_price="1.20", quantity=2, client_order_id="mine")
    assert got.status == 201
    told = {name: got.data[name] for name in ("type", "status", "price", "stop_price", "time_in_force")}
    assert told == {
        "type": "stop_limit",
        "status": "pending",
        "price": "1.30",
        "stop_price": "1.20",
        "time_in_force": "gtc",
    }
    assert shown(carol, got) == got.data
    assert (stop(carol, stop_price="1.2").data["type"], stop(carol, stop_price="1.2").data["price"]) == ("stop", None)


def test_the_book_does_not_show_a_waiting_order(carol: Client, last: Callable[[str], None]) -> None:
    last("1.00")
    carol.order(type="stop_limit", price="1.30", stop_price="1.20")
    stop(carol, side="sell", stop_price="0.90")
    assert (book(carol)["buy"], book(carol)["sell"]) == ([], [])


@pytest.mark.parametrize(
    ("side", "untouched", "reached"), [("buy", "1.19", "1.20"), ("buy", "1.19", "5.00"), ("sell", "1.21", "1.20")]
)
def test_an_order_waits_until_the_last_price_reaches_its_stop_price(
    carol: Client, last: Callable[[str], None], side: str, untouched: str, reached: str
) -> None:
    last("1.10" if side == "buy" else "1.30")
    order = carol.order(type="stop_limit", side=side, price="0.01" if side == "buy" else "9.00", stop_price="1.20")
    last(untouched)
    assert shown(carol, order)["status"] == "pending"
    carol.later(seconds=1)
    last(reached)
    assert shown(carol, order)["status"] == "active"
    assert [row["price"] for row in book(carol)[side]] == [shown(carol, order)["price"]]


@pytest.mark.parametrize(("side", "price"), [("buy", "1.19"), ("sell", "1.21")])
def test_a_price_that_was_there_before_sets_an_order_off_at_once(
    carol: Client, last: Callable[[str], None], side: str, price: str
) -> None:
    last("1.20")
    order = carol.order(type="stop_limit", side=side, price=price, stop_price="1.20")
    assert (order.data["status"], order.data["type"]) == ("active", "stop_limit")


def test_an_order_waits_on_a_market_that_has_not_traded(carol: Client) -> None:
    assert stop(carol, stop_price="0.01").data["status"] == "pending"


def test_a_stop_order_takes_what_the_market_offers(carol: Client, bob: Client, last: Callable[[str], None]) -> None:
    last("1.00")
    order = stop(carol, side="sell", stop_price="0.90", quantity=5)
    bob.order(price="0.80", quantity=2)
    bob.order(price="0.70", quantity=9)
    last("0.90")
    told = shown(carol, order)
    assert (told["status"], told["type"], told["average_price"]) == ("filled", "stop", "0.74")
    assert units(carol) == (95, 0)


def test_orders_set_one_another_off(carol: Client, bob: Client, last: Callable[[str], None]) -> None:
    last("1.00")
    bob.order(price="0.90", quantity=1)
    bob.order(price="0.80", quantity=1)
    bob.order(price="0.70", quantity=1)
    third, second, first = (stop(carol, side="sell", stop_price=price) for price in ("0.80", "0.90", "0.95"))
    bob.order(price="0.95")
    carol.order(side="sell", type="market", price=None)
    assert [shown(carol, order)["average_price"] for order in (first, second, third)] == ["0.90", "0.80", "0.70"]


def test_of_those_that_one_trade_sets_off_the_nearest_goes_first_and_then_the_oldest(
    carol: Client, bob: Client, last: Callable[[str], None]
) -> None:
    last("1.00")
    far, near, late = (stop(carol, stop_price=price) for price in ("1.15", "1.10", "1.10"))
    for price in ("1.30", "1.40", "1.50"):
        bob.order(side="sell", price=price)
    last("1.20")
    assert [shown(carol, order)["average_price"] for order in (near, late, far)] == ["1.30", "1.40", "1.50"]


def test_of_those_that_the_first_trade_of_a_market_sets_off_buys_go_before_sells(
    carol: Client, bob: Client, last: Callable[[str], None]
) -> None:
    sell = stop(carol, side="sell", stop_price="1.00")
    bob.order(type="stop_limit", price="1.10", stop_price="1.00")
    last("1.00")
    assert shown(carol, sell)["average_price"] == "1.10"


@pytest.mark.parametrize(
    ("fields", "cash", "held"),
    [
        ({"type": "stop_limit", "price": "1.30"}, 13 * USD, 0),
        ({"type": "stop_limit", "price": "1.30", "side": "sell"}, 0, 10),
        ({"type": "stop", "price": None, "side": "sell"}, 0, 10),
        ({"type": "stop", "price": None}, 0, 0),
    ],
)
def test_a_waiting_order_locks_what_it_will_need_where_that_is_known(
    carol: Client, fields: dict[str, Any], cash: int, held: int
) -> None:
    order = carol.order(quantity=10, stop_price="1.20", **fields)
    assert (carol.account.cash.locked, units(carol)) == (cash, (100 - held, held))
    assert carol.delete(f"{ORDERS}/{order.data['order_id']}").status == 204
    assert (carol.account.cash.locked, units(carol)) == (0, (100, 0))
    assert shown(carol, order)["closure_reason"] == "cancelled_by_user"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "stop_limit", "price": "100.00"}, "needs 1100 USD, 1000 are"),
        ({"type": "stop", "price": None, "side": "sell", "quantity": 101}, "needs 101 units, 100 are"),
    ],
)
def test_what_a_waiting_order_would_need_must_be_there(carol: Client, fields: dict[str, Any], words: str) -> None:
    got = carol.order(**{"quantity": 11, "stop_price": "1.20"} | fields)
    assert (got.status, got.code) == (400, "INSUFFICIENT_BALANCE")
    assert words in got.json["error"]["message"]


def test_a_stop_buy_that_cannot_be_paid_when_it_is_set_off_is_cancelled(
    carol: Client, bob: Client, last: Callable[[str], None]
) -> None:
    last("1.00")
    order = stop(carol, stop_price="1.20", quantity=5)
    carol.order(quantity=999, price="1.00")
    bob.order(side="sell", price="1.30", quantity=5)
    last("1.20")
    told = shown(carol, order)
    assert (told["status"], told["closure_reason"], told["filled_quantity"]) == (
        "cancelled",
        "insufficient_balance",
        0,
    )
    assert carol.account.cash.locked == 999 * USD


def test_a_stop_buy_that_finds_nothing_is_cancelled(carol: Client, last: Callable[[str], None]) -> None:
    last("1.00")
    order = stop(carol, stop_price="1.20")
    last("1.20")
    assert shown(carol, order)["closure_reason"] == "no_liquidity"


@pytest.mark.parametrize(
    ("tif", "status", "reason", "filled"),
    [("ioc", "cancelled", "immediate_or_cancel", 2), ("fok", "cancelled", "fill_or_kill", 0), ("gtc", None, None, 2)],
)
def test_the_time_in_force_counts_from_when_it_is_set_off(
    carol: Client,
    bob: Client,
    last: Callable[[str], None],
    tif: str,
    status: str | None,
    reason: str | None,
    filled: int,
) -> None:
    last("1.00")
    order = carol.order(type="stop_limit", price="1.30", stop_price="1.20", quantity=3, time_in_force=tif)
    assert order.data["status"] == "pending"
    bob.order(side="sell", price="1.30", quantity=2)
    last("1.20")
    told = shown(carol, order)
    assert told["status"] == (status or "partially_filled")
    assert (told["closure_reason"], told["filled_quantity"]) == (reason, filled)


def test_waiting_orders_are_listed_counted_and_cancelled_with_the_others(carol: Client) -> None:
    first = stop(carol, stop_price="1.20").data["order_id"]
    second = carol.order(price="0.50").data["order_id"]
    assert [row["order_id"] for row in carol.get(ORDERS, ("status", "pending")).data] == [first]
    assert [row["order_id"] for row in carol.get(ORDERS, ("status", "active")).data] == [second]
    assert carol.get(f"{ORDERS}/count").data["count"] == 2
    assert carol.delete(ORDERS).data == {"cancelled": 2}
    assert carol.get(ORDERS, ("status", "pending")).data == []


def change(client: Client, order: Got, **fields: object) -> Got:
    return client.put(f"{ORDERS}/{order.data['order_id']}", fields)


def test_a_waiting_order_gets_new_terms(carol: Client, last: Callable[[str], None]) -> None:
    last("1.00")
    order = carol.order(type="stop_limit", price="1.30", stop_price="1.20", quantity=10)
    got = change(carol, order, price="1.10", stop_price="1.05", quantity=20)
    assert (got.status, got.data["status"]) == (200, "pending")
    assert (got.data["price"], got.data["stop_price"], got.data["quantity"]) == ("1.10", "1.05", 20)
    assert carol.account.cash.locked == 22 * USD
    last("1.05")
    assert shown(carol, order)["status"] == "active"


def test_a_new_stop_price_that_is_reached_already_sets_the_order_off(
    carol: Client, last: Callable[[str], None]
) -> None:
    last("1.00")
    order = carol.order(type="stop_limit", price="0.90", stop_price="1.20")
    assert change(carol, order, stop_price="1.00").data["status"] == "active"
    assert [row["price"] for row in book(carol)["buy"]] == ["0.90"]


@pytest.mark.parametrize(
    ("terms", "first"), [({"quantity": 1}, "changed"), ({"quantity": 3}, "other"), ({"stop_price": "1.10"}, "changed")]
)
def test_only_a_smaller_order_at_the_same_stop_price_keeps_its_place(
    carol: Client, bob: Client, last: Callable[[str], None], terms: dict[str, Any], first: str
) -> None:
    last("1.00")
    orders = {name: stop(carol, stop_price="1.20", quantity=2) for name in ("changed", "other")}
    change(carol, orders["changed"], **terms)
    bob.order(side="sell", price="1.30", quantity=1)
    bob.order(side="sell", price="1.40", quantity=9)
    last("1.20")
    prices = {name: float(shown(carol, order)["average_price"]) for name, order in orders.items()}
    assert min(prices, key=lambda name: prices[name]) == first


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"price": "1.00"}, "has no price"),
        ({"stop_price": "1.005"}, "stop_price must be a whole number of ticks"),
        ({"stop_price": "0"}, "stop_price must be positive"),
        ({"time_in_force": "ioc"}, "good till cancelled or for the day"),
    ],
)
def test_new_terms_that_a_stop_order_cannot_have_change_nothing(
    carol: Client, terms: dict[str, Any], words: str
) -> None:
    order = stop(carol, stop_price="1.20")
    got = change(carol, order, **terms)
    assert got.status == 422
    assert words in got.detail
    assert shown(carol, order) == order.data


def test_an_order_that_waits_no_more_or_never_did_has_no_stop_price_to_change(
    carol: Client, last: Callable[[str], None]
) -> None:
    last("1.20")
    for order in (carol.order(price="0.90"), carol.order(type="stop_limit", price="0.80", stop_price="1.20")):
        assert order.data["status"] == "active"
        assert "that waits for it" in change(carol, order, stop_price="1.30").detail
    assert change(carol, order, stop_price="1.20", quantity=2).status == 200
