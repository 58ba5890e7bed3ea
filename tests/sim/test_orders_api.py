"""Orders and fills over the API."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clock import SeededIds
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.venue import Venue
from tests.sim.client import START, Client, open_account

ORDERS = "/v1/trading/orders"
TRADES = "/v1/trading/trades"


def test_a_placed_order_is_told_whole(alice: Client) -> None:
    market = alice.api.venue.market_by_symbol("text-prime")
    got = alice.order(quantity=3, price="1.5", client_order_id="mine", post_only=True)
    assert got.status == 201
    assert got.data == {
        "order_id": got.data["order_id"],
        "client_order_id": "mine",
        "market_id": market.market_id,
        "instrument_id": market.instrument_id,
        "trader_id": alice.account.user_id,
        "side": "buy",
        "type": "limit",
        "status": "active",
        "quantity": 3,
        "filled_quantity": 0,
        "remaining_quantity": 3,
        "price": "1.50",
        "stop_price": None,
        "average_price": None,
        "fee": "0.00",
        "time_in_force": "gtc",
        "post_only": True,
        "reduce_only": False,
        "closure_reason": None,
        "submitted_at": "2026-07-01T00:30:00Z",
        "created_at": "2026-07-01T00:30:00Z",
        "updated_at": "2026-07-01T00:30:00Z",
        "closed_at": None,
    }
    assert alice.get(f"{ORDERS}/{got.data['order_id']}").data == got.data


def test_an_order_that_filled_tells_at_what_price(alice: Client, bob: Client) -> None:
    bob.order(side="sell", quantity=1, price="1.00")
    bob.order(side="sell", quantity=2, price="1.01")
    alice.later(seconds=1)
    order = alice.order(type="market", quantity=3, price=None).data
    assert order["status"] == "filled"
    assert (order["price"], order["average_price"], order["time_in_force"]) == (None, "1.006667", "ioc")
    assert (order["filled_quantity"], order["remaining_quantity"]) == (3, 0)
    assert order["closed_at"] == order["updated_at"] == "2026-07-01T00:30:01Z"


@pytest.mark.parametrize("quantity", [5, 5.0, "5", "05"])
@pytest.mark.parametrize("price", ["1.50", "1.5", "1.5000", 1.5, 2])
def test_numbers_may_be_texts(alice: Client, quantity: Any, price: Any) -> None:
    got = alice.order(quantity=quantity, price=price)
    assert (got.status, got.data["quantity"], float(got.data["price"])) == (201, 5, float(price))


def test_optional_fields_may_be_null(alice: Client) -> None:
    optional = ("client_order_id", "time_in_force", "post_only", "reduce_only", "stop_price")
    assert alice.order(**dict.fromkeys(optional)).status == 201


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 1.5},
        {"quantity": 1e300},
        {"quantity": True},
        {"quantity": None},
        {"quantity": "1.5"},
        {"quantity": "-1"},
        {"quantity": "0"},
        {"quantity": " 1"},
        {"quantity": "1_0"},
        {"quantity": "٣"},
        {"quantity": "9" * 5000},
        {"quantity": [1]},
        {"side": "hold"},
        {"side": None},
        {"side": ["buy"]},
        {"type": "iceberg"},
        {"type": None},
        {"type": {}},
        {"price": None},
        {"price": ""},
        {"price": "cheap"},
        {"price": "NaN"},
        {"price": "Infinity"},
        {"price": "1e2"},
        {"price": True},
        {"price": ["1"]},
        {"type": "market", "price": "1.00"},
        {"stop_price": "1.00"},
        {"type": "market", "price": None, "stop_price": "1.00"},
        {"type": "stop", "price": None},
        {"type": "stop", "stop_price": "1.00"},
        {"type": "stop_limit"},
        {"type": "stop_limit", "price": None, "stop_price": "1.00"},
        {"type": "stop_limit", "stop_price": "cheap"},
        {"type": "stop_limit", "stop_price": "1.00", "post_only": True},
        {"market_id": None},
        {"market_id": 7},
        {"market_id": ""},
        {"time_in_force": "forever"},
        {"time_in_force": 1},
        {"post_only": "yes"},
        {"post_only": True, "time_in_force": "ioc"},
        {"reduce_only": 0},
        {"client_order_id": 7},
        {"client_order_id": ""},
        {"client_order_id": "x" * 129},
    ],
)
def test_a_malformed_order_is_refused(alice: Client, fields: dict[str, object]) -> None:
    got = alice.order(**fields)
    assert (got.status, got.code) == (400, "VALIDATION_ERROR")
    assert alice.get(ORDERS).data == []


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b"null", b'{"market_id":', b'{"a":' + b"[" * 100_000, b"\xff{}", b'"text"']
)
def test_a_body_that_is_no_json_object_is_refused(alice: Client, body: bytes) -> None:
    got = alice.post(ORDERS, body)
    assert (got.status, got.code) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": 100_001},
        {"quantity": 10**30},
        {"price": "0"},
        {"price": "-1.00"},
        {"price": "1.005"},
        {"price": "1.0000001"},
        {"price": "1000000.01"},
        {"price": "1" + "0" * 14},
        {"price": 10**40},
        {"reduce_only": True},
        {"type": "stop", "price": None, "stop_price": "0"},
        {"type": "stop_limit", "stop_price": "1.005"},
        {"type": "stop_limit", "stop_price": "1.0000001"},
        {"type": "stop_limit", "stop_price": "1000000.01"},
    ],
)
def test_an_order_out_of_range_is_refused(alice: Client, fields: dict[str, object]) -> None:
    got = alice.order(**fields)
    assert got.status == 422
    assert got.detail
    assert alice.get(ORDERS).data == []


@pytest.mark.parametrize("price", [b"1e400", b"1e-400", b"1e999999999", b"0.0000000000001"])
def test_a_price_beyond_all_bounds_is_out_of_range(alice: Client, price: bytes) -> None:
    market_id = alice.api.venue.market_by_symbol("text-prime").market_id.encode()
    body = b'{"market_id":"%s","side":"buy","type":"limit","quantity":1,"price":%s}' % (market_id, price)
    assert alice.post(ORDERS, body).status in (400, 422)


def test_an_unknown_market_is_not_found(alice: Client) -> None:
    assert alice.order(market_id="market-0").status == 404


def test_what_cannot_be_paid_is_refused(alice: Client) -> None:
    for fields in ({"quantity": 1001}, {"side": "sell", "quantity": 101}):
        got = alice.order(**fields)
        assert (got.status, got.code) == (400, "INSUFFICIENT_BALANCE")
        assert "needs" in got.json["error"]["message"]


def test_a_client_order_id_cannot_be_used_twice(alice: Client) -> None:
    alice.order(client_order_id="mine")
    got = alice.order(client_order_id="mine")
    assert (got.status, got.code) == (400, "DUPLICATE_CLIENT_ORDER_ID")


def test_a_cancel_closes_the_order(alice: Client) -> None:
    order_id = alice.order().data["order_id"]
    got = alice.delete(f"{ORDERS}/{order_id}")
    assert (got.status, got.response.body) == (204, b"")
    assert "content-type" not in got.response.headers
    order = alice.get(f"{ORDERS}/{order_id}").data
    assert (order["status"], order["closure_reason"]) == ("cancelled", "cancelled_by_user")


def test_a_second_cancel_is_answered_as_the_live_exchange_does(alice: Client) -> None:
    order_id = alice.order().data["order_id"]
    alice.delete(f"{ORDERS}/{order_id}")
    got = alice.delete(f"{ORDERS}/{order_id}")
    assert (got.status, got.json) == (500, {"errors": {"detail": "order_already_cancelled"}})


def test_cancels_can_be_answered_in_the_other_documented_way() -> None:
    config = VenueConfig(cancel_status=200, closed_cancel_status=409)
    alice = open_account(ExchangeApi(Venue(config, start=START, ids=SeededIds(1))), "alice")
    order_id = alice.order().data["order_id"]
    got = alice.delete(f"{ORDERS}/{order_id}")
    assert (got.status, got.data) == (200, alice.get(f"{ORDERS}/{order_id}").data)
    got = alice.delete(f"{ORDERS}/{order_id}")
    assert (got.status, got.detail) == (409, "order_already_cancelled")


def test_orders_and_trades_of_others_are_not_found(alice: Client, bob: Client) -> None:
    order_id = bob.order(side="sell").data["order_id"]
    assert alice.get(f"{ORDERS}/{order_id}").status == 404
    assert alice.delete(f"{ORDERS}/{order_id}").status == 404
    assert alice.get(ORDERS).data == []
    carol_sees = alice.get(TRADES, ("order_id", order_id))
    assert carol_sees.data == []


def test_bulk_cancels_keep_to_their_market(alice: Client) -> None:
    venue = alice.api.venue
    for symbol in ("text-prime", "text-prime", "code-max"):
        alice.order(symbol)
    code_max = venue.market_by_symbol("code-max").market_id
    assert alice.delete(f"/v1/markets/{code_max}/orders").data == {"cancelled": 1}
    assert alice.delete(f"{ORDERS}", ("market_id", code_max)).data == {"cancelled": 0}
    assert alice.delete(f"{ORDERS}", ("market_id", "market-0")).status == 404
    assert alice.delete("/v1/markets/market-0/orders").status == 404
    assert alice.delete(ORDERS).data == {"cancelled": 2}


@pytest.mark.parametrize("spelling", [0, 1, 2])
@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        ("side", "sell", {"a", "c"}),
        ("side", "buy", {"b"}),
        ("market_id", "code-max", {"a", "b"}),
        ("instrument_id", "code-max", {"a", "b"}),
        ("instrument_id", "text-prime", {"c"}),
    ],
)
def test_bulk_cancels_keep_to_their_filters_in_three_spellings(
    alice: Client, spelling: int, field: str, value: str, left: set[str]
) -> None:
    alice.order(client_order_id="a")
    alice.order(client_order_id="b", side="sell", price="9.00")
    alice.order("code-max", client_order_id="c")
    if field != "side":
        market = alice.api.venue.market_by_symbol(value)
        value = market.market_id if field == "market_id" else market.instrument_id
    got = alice.delete(ORDERS, *spellings(field, value)[spelling])
    assert (got.status, got.data) == (200, {"cancelled": 3 - len(left)})
    assert {order["client_order_id"] for order in alice.get(ORDERS, ("status", "active")).data} == left


def test_bulk_cancels_take_all_filters_together(alice: Client) -> None:
    text, code = (alice.api.venue.market_by_symbol(symbol) for symbol in ("text-prime", "code-max"))
    alice.order(side="sell", price="9.00")
    alice.order()
    apart = (("market_id", text.market_id), ("instrument_id", code.instrument_id))
    assert alice.delete(ORDERS, *apart).data == {"cancelled": 0}
    together = (("market_id", text.market_id), ("instrument_id", text.instrument_id), ("side", "buy"))
    assert alice.delete(ORDERS, *together).data == {"cancelled": 1}
    assert alice.delete(f"/v1/markets/{text.market_id}/orders", ("side", "buy")).data == {"cancelled": 0}
    assert alice.delete(f"/v1/markets/{text.market_id}/orders", ("side", "sell")).data == {"cancelled": 1}


@pytest.mark.parametrize(
    ("field", "value", "status"), [("side", "both", 400), ("instrument_id", "instrument-0", 404), ("side", "", 400)]
)
def test_a_bulk_cancel_with_a_filter_that_makes_no_sense_cancels_nothing(
    alice: Client, field: str, value: str, status: int
) -> None:
    alice.order()
    assert alice.delete(ORDERS, (field, value)).status == status
    assert len(alice.get(ORDERS, ("status", "active")).data) == 1


def test_open_orders_are_counted_by_market(alice: Client, bob: Client) -> None:
    assert alice.get(f"{ORDERS}/count").data == {"count": 0, "by_market": []}
    bob.order(side="sell", quantity=2, price="1.00")
    alice.order(quantity=1)
    alice.order(quantity=3)
    alice.order("code-max")
    alice.order("code-max")
    alice.delete(f"{ORDERS}/{alice.order('code-max').data['order_id']}")
    text, code = (alice.api.venue.market_by_symbol(symbol).market_id for symbol in ("text-prime", "code-max"))
    assert alice.get(f"{ORDERS}/count").data == {
        "count": 3,
        "by_market": [{"market_id": text, "count": 1}, {"market_id": code, "count": 2}],
    }
    assert alice.get(f"{ORDERS}/count").data == alice.get("/v1/orders/count").data


def test_fills_are_told_to_both_sides(alice: Client, bob: Client) -> None:
    market = alice.api.venue.market_by_symbol("text-prime")
    sell = bob.order(side="sell", quantity=2, price="1.25").data
    buy = alice.order(quantity=5, price="2.00").data
    [bought], [sold] = alice.get(TRADES).data, bob.get(TRADES).data
    assert bought == {
        "trade_id": bought["trade_id"],
        "order_id": buy["order_id"],
        "market_id": market.market_id,
        "instrument_id": market.instrument_id,
        "side": "buy",
        "price": "1.25",
        "quantity": 2,
        "total_value": "2.50",
        "fee": None,
        "status": "settled",
        "execution_timestamp": "2026-07-01T00:30:00Z",
        "settlement_timestamp": "2026-07-01T00:30:00Z",
        "trading_account_id": bought["trading_account_id"],
    }
    assert (sold["trade_id"], sold["side"], sold["order_id"]) == (bought["trade_id"], "sell", sell["order_id"])
    bob.order(side="sell", quantity=1, price="1.25")
    assert alice.get(f"{TRADES}/{bought['trade_id']}").data == bought
    assert alice.get(f"{TRADES}/{alice.get(TRADES).data[0]['trade_id']}").data["price"] == "2.00"
    assert alice.get(f"/v1/trading-accounts/{bought['trading_account_id']}").data["available_balance"] == 103


def spellings(field: str, value: str) -> list[list[tuple[str, str]]]:
    return [
        [(field, value)],
        [("filters[0][field]", field), ("filters[0][value]", value)],
        [("flop[filters][3][field]", field), ("flop[filters][3][value]", value), ("flop[filters][3][op]", "==")],
    ]


@pytest.mark.parametrize("spelling", [0, 1, 2])
@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("status", "active", {"resting", "selling", "other"}),
        ("status", "cancelled", {"cancelled"}),
        ("status", "filled", {"filled"}),
        ("status", "partially_filled", {"half"}),
        ("side", "sell", {"selling"}),
        ("market_id", "code-max", {"other"}),
        ("instrument_id", "code-max", {"other"}),
        ("start_datetime", "2026-07-01T00:30:02Z", {"half", "selling", "other"}),
        ("start_datetime", "1782865802", {"half", "selling", "other"}),
        ("start_datetime", "2026-07-01T00:30:03.5", {"other"}),
        ("end_datetime", "2026-07-01T02:30:00+02:00", {"resting"}),
        ("client_order_id", "other", {"resting", "cancelled", "filled", "half", "selling", "other"}),
    ],
)
def test_orders_can_be_filtered_in_three_spellings(
    alice: Client, bob: Client, spelling: int, field: str, value: str, expected: set[str]
) -> None:
    place_one_of_each(alice, bob)
    market = alice.api.venue.market_by_symbol("code-max")
    if value == "code-max":
        value = market.market_id if field == "market_id" else market.instrument_id
    orders = alice.get(ORDERS, *spellings(field, value)[spelling]).data
    assert {order["client_order_id"] for order in orders} == expected


def place_one_of_each(alice: Client, bob: Client) -> None:
    alice.order(client_order_id="resting", price="0.50")
    alice.later(seconds=1)
    alice.delete(f"{ORDERS}/{alice.order(client_order_id='cancelled').data['order_id']}")
    bob.now = alice.now
    bob.order(side="sell", quantity=3, price="1.00")
    alice.order(client_order_id="filled", quantity=1)
    alice.later(seconds=1)
    alice.order(client_order_id="half", quantity=4)
    alice.later(seconds=1)
    alice.order(client_order_id="selling", side="sell", price="9.00")
    alice.later(seconds=1)
    alice.order("code-max", client_order_id="other")


def test_filters_are_combined(alice: Client, bob: Client) -> None:
    place_one_of_each(alice, bob)
    got = alice.get(ORDERS, ("filters[0][field]", "status"), ("filters[0][value]", "active"), ("side", "buy"))
    assert {order["client_order_id"] for order in got.data} == {"resting", "other"}
    got = alice.get(ORDERS, ("status", "active"), ("start_datetime", "2026-07-01T00:30:01Z"))
    assert {order["client_order_id"] for order in got.data} == {"selling", "other"}


@pytest.mark.parametrize(
    "query",
    [
        [("filters[0][field]", "status"), ("filters[0][value]", "filled"), ("filters[0][op]", "!=")],
        [("filters[0][field]", "status")],
        [("filters[0][value]", "filled")],
        [("filters[x][field]", "status"), ("filters[x][value]", "filled")],
        [("colour", "red")],
    ],
)
def test_what_is_no_known_filter_is_ignored(alice: Client, query: list[tuple[str, str]]) -> None:
    alice.order()
    assert len(alice.get(ORDERS, *query).data) == 1


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "", "1e400", "1782865800000"])
def test_a_moment_that_is_none_is_refused(alice: Client, value: str) -> None:
    assert alice.get(ORDERS, ("start_datetime", value)).code == "VALIDATION_ERROR"


def test_trades_can_be_filtered(alice: Client, bob: Client) -> None:
    first = alice.order(quantity=2, price="2.00").data
    second = alice.order(quantity=2, price="1.00").data
    for seconds, quantity in ((0, 1), (1, 2), (2, 1)):
        bob.later(seconds=seconds)
        bob.order(side="sell", type="market", quantity=quantity, price=None)
    alice.now = bob.now

    def quantities(*query: tuple[str, str]) -> list[int]:
        return [trade["quantity"] for trade in alice.get(TRADES, *query, ("order_direction", "asc")).data]

    assert quantities() == [1, 1, 1, 1]
    assert quantities(("order_id", first["order_id"])) == [1, 1]
    assert quantities(("order_id", second["order_id"]), ("end_datetime", "2026-07-01T00:30:01Z")) == [1]
    assert quantities(("order_id", "order-0")) == []
    assert quantities(("start_datetime", "2026-07-01T00:30:01Z")) == [1, 1, 1]
    assert quantities(("market_id", first["market_id"])) == [1, 1, 1, 1]
    assert quantities(("market_id", "market-0")) == []
    assert quantities(("instrument_id", first["instrument_id"])) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "body",
    [b'{"market_id":"\xff"}', b'{"price":1e99999999999999999999}', b'{"other":1e-99999999999999999999}', b"[" * 9000],
)
def test_a_body_that_no_decoder_can_hold_is_malformed(alice: Client, body: bytes) -> None:
    got = alice.post("/v1/orders", body)
    assert (got.status, got.code) == (400, "VALIDATION_ERROR")
    assert got.detail == got.json["error"]["message"]


def test_both_words_for_a_resting_order_find_it(alice: Client) -> None:
    placed = alice.order(side="buy", quantity=1, price="1.00")
    assert placed.status == 201
    for word in ("active", "open"):
        found = alice.get("/v1/orders", ("status", word)).data
        assert [order["status"] for order in found] == ["active"]
