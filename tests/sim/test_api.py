"""The request handler: routes and their layouts, refusals, replays, markets, and answers in general."""

from __future__ import annotations

from decimal import Decimal
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.ports import Request, Response
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.venue import Venue
from tests.sim.client import START, Client, open_account

ORDERS = "/v1/trading/orders"


def readable_paths(client: Client) -> list[str]:
    market = client.api.venue.market_by_symbol("text-prime")
    order_id = client.order().data["order_id"]
    return [
        "instruments",
        f"instruments/{market.instrument_id}",
        "instruments/by-symbol/text-prime",
        "markets",
        f"markets/{market.market_id}",
        f"markets/{market.market_id}/ticker",
        f"markets/{market.market_id}/orderbook",
        f"markets/{market.market_id}/trades",
        f"markets/{market.market_id}/stats",
        f"price-histories?market_id={market.market_id}",
        f"price_histories?market_id={market.market_id}",
        "orders",
        "orders/count",
        f"orders/{order_id}",
        "trades",
        "positions",
        "trading-accounts",
        "currency-trading-accounts",
        "consumption-accounts",
        "transfer-histories",
        "transfers/histories",
        "me",
        "health",
    ]


def test_both_layouts_give_the_same_answers(alice: Client) -> None:
    for path in readable_paths(alice):
        documented, short = alice.get(f"/v1/trading/{path}"), alice.get(f"/v1/{path}")
        assert documented.status == 200, path
        assert documented.response.body == short.response.body


@pytest.mark.parametrize("layout", ["/v1/trading", "/v1"])
def test_writes_work_in_both_layouts(alice: Client, layout: str) -> None:
    market = alice.api.venue.market_by_symbol("text-prime")
    order = {"market_id": market.market_id, "side": "buy", "type": "limit", "quantity": 1, "price": "1"}
    first = alice.post(f"{layout}/orders", order)
    assert first.status == 201
    assert alice.put(f"{layout}/orders/{first.data['order_id']}", {"quantity": 2}).data["quantity"] == 2
    assert alice.delete(f"{layout}/orders/{first.data['order_id']}").status == 204
    for path in ("orders", f"markets/{market.market_id}/orders"):
        alice.post(f"{layout}/orders", order)
        assert alice.delete(f"{layout}/{path}").data == {"cancelled": 1}
    transfer = {"instrument_id": market.instrument_id, "quantity": 1}
    assert alice.post(f"{layout}/transfers/trading-to-consumption", transfer).status == 202


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/v1",
        "/v1/",
        "/v1/trading",
        "/v1/nonsense",
        "/v2/orders",
        "/v1/orders/",
        "/v1/orders/a/b",
        "/orders",
        "/v1/trading/trading/orders",
        "/v1/markets//ticker",
    ],
)
def test_unknown_routes_are_not_found(alice: Client, path: str) -> None:
    got = alice.get(path)
    assert (got.status, got.detail) == (404, "route not found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "orders"),
        ("POST", "orders/order-1"),
        ("PUT", "orders/count"),
        ("POST", "markets"),
        ("GET", "transfers/trading-to-consumption"),
    ],
)
def test_wrong_methods_are_not_allowed(alice: Client, method: str, path: str) -> None:
    got = alice.send(alice.signed(method, f"/v1/trading/{path}"))
    assert (got.status, got.detail) == (405, f"{method} is not allowed here")


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("markets/market-0", "market"),
        ("markets/market-0/ticker", "market"),
        ("markets/market-0/orderbook", "market"),
        ("markets/market-0/trades", "market"),
        ("markets/market-0/stats", "market"),
        ("price-histories?market_id=market-0", "market"),
        ("instruments/instrument-0", "instrument"),
        ("instruments/by-symbol/nonsense", "instrument"),
        ("orders/order-0", "order"),
        ("orders/%E0%A4%A", "order"),
        ("trades/trade-0", "trade"),
        ("trading-accounts/account-0", "account"),
        ("consumption-accounts/account-0", "account"),
        ("currency-trading-accounts/account-0", "account"),
    ],
)
def test_unknown_things_are_not_found(alice: Client, path: str, what: str) -> None:
    got = alice.get(f"/v1/trading/{path}")
    assert (got.status, got.json) == (404, {"errors": {"detail": f"{what} not found"}})


def test_path_arguments_may_be_percent_encoded(alice: Client) -> None:
    assert alice.get("/v1/instruments/by-symbol/text%2Dprime").data["symbol"] == "text-prime"


def test_every_answer_tells_its_time_and_its_id(alice: Client) -> None:
    answers = [alice.get("/v1/nonsense"), alice.get("/v1/me"), alice.order(quantity=0)]
    assert [parsedate_to_datetime(got.response.headers["date"]) for got in answers] == [START] * 3
    assert len({got.response.headers["x-request-id"] for got in answers}) == 3
    assert {got.response.headers["content-type"] for got in answers} == {"application/json"}


def test_time_passes_before_a_request_is_answered(alice: Client) -> None:
    instrument_id = alice.api.venue.market_by_symbol("text-prime").instrument_id
    body = {"instrument_id": instrument_id, "quantity": 3}
    assert alice.post("/v1/transfers/trading-to-consumption", body).json["status"] == "pending"
    alice.later(seconds=2)
    assert alice.get("/v1/transfer-histories").data[0]["status"] == "completed"


def test_an_idempotency_key_means_nothing_but_on_a_post(alice: Client) -> None:
    order_id = alice.order().data["order_id"]
    cancel = alice.signed("DELETE", f"{ORDERS}/{order_id}", headers={"Idempotency-Key": "once"})
    assert alice.send(cancel).status == 204
    assert alice.send(cancel).status == 500


def test_markets_tell_their_rules_and_instruments(alice: Client) -> None:
    market = alice.api.venue.market_by_symbol("text-prime")
    [row] = alice.get("/v1/markets", ("symbol", "text-prime")).data
    assert row == alice.get(f"/v1/markets/{market.market_id}").data
    instrument = {"instrument_id": market.instrument_id, "instrument_type": "ai_commodity", "symbol": "text-prime"}
    expected = {
        "market_id": market.market_id,
        "status": "active",
        "market_type": "spot",
        "price_increment": "0.01",
        "size_increment": "1",
        "min_order_size": "1",
        "max_order_size": "100000",
        "associated_instruments": [market.instrument_id],
        "instruments": [instrument],
    }
    assert expected.items() <= row.items()
    assert {"name", "description", "symbol", "base_currency", "quote_currency", "created_at", "updated_at"} <= set(row)


def test_instruments_are_listed(alice: Client) -> None:
    rows = alice.get("/v1/instruments", ("order_direction", "asc")).data
    assert [row["symbol"] for row in rows] == ["text-prime", "code-max"]
    assert rows[0] == {
        "instrument_id": alice.api.venue.market_by_symbol("text-prime").instrument_id,
        "symbol": "text-prime",
        "name": "Text Prime",
        "instrument_type": "ai_commodity",
        "status": "active",
        "is_active": True,
        "precision": 0,
        "created_at": "2026-07-01T00:30:00Z",
        "updated_at": "2026-07-01T00:30:00Z",
    }


def test_the_ticker_of_a_silent_market_is_empty(alice: Client) -> None:
    market_id = alice.api.venue.market_by_symbol("text-prime").market_id
    ticker = alice.get(f"/v1/markets/{market_id}/ticker").data
    empty = {name for name, value in ticker.items() if value is None}
    assert empty == set(ticker) - {"market_id", "timestamp", "volume_24h"}
    assert ticker["volume_24h"] == 0


def test_ticker_book_and_trades_tell_what_happened(alice: Client, bob: Client) -> None:
    market_id = alice.api.venue.market_by_symbol("text-prime").market_id
    for price in ("2.00", "2.50"):
        bob.order(side="sell", quantity=3, price=price)
        alice.order(quantity=3, price=price)
    alice.order(quantity=2, price="1.25")
    alice.order(quantity=5, price="1.25")
    alice.order(quantity=1, price="1.10")
    bob.order(side="sell", quantity=4, price="3.01")
    ticker = alice.get(f"/v1/markets/{market_id}/ticker").data
    assert ticker == {
        "market_id": market_id,
        "last_price": "2.50",
        "last_trade_quantity": 3,
        "last_trade_timestamp": "2026-07-01T00:30:00Z",
        "highest_bid": "1.25",
        "bid": "1.25",
        "lowest_ask": "3.01",
        "ask": "3.01",
        "volume_24h": 6,
        "high_24h": "2.50",
        "low_24h": "2.00",
        "price_change_24h": "0.50",
        "price_change_percent_24h": "25.00",
        "timestamp": "2026-07-01T00:30:00Z",
    }
    assert alice.get(f"/v1/markets/{market_id}/orderbook").data == {
        "buy": [
            {"price": "1.25", "quantity": 7, "total": "8.75", "order_count": 2},
            {"price": "1.10", "quantity": 1, "total": "1.10", "order_count": 1},
        ],
        "sell": [{"price": "3.01", "quantity": 4, "total": "12.04", "order_count": 1}],
    }
    trades = alice.get(f"/v1/markets/{market_id}/trades").data
    assert [(trade["price"], trade["quantity"], trade["side"]) for trade in trades] == [
        ("2.50", 3, "buy"),
        ("2.00", 3, "buy"),
    ]
    assert set(trades[0]) == {"trade_id", "market_id", "price", "quantity", "side", "execution_timestamp"}
    assert trades[0]["market_id"] == market_id


def test_the_book_is_cut_to_its_depth(alice: Client) -> None:
    market_id = alice.api.venue.market_by_symbol("text-prime").market_id
    for cents in range(1, 31):
        alice.order(price=f"0.{cents:02d}")
    assert len(alice.get(f"/v1/markets/{market_id}/orderbook").data["buy"]) == 20
    [best] = alice.get(f"/v1/markets/{market_id}/orderbook", ("depth", "1")).data["buy"]
    assert best["price"] == "0.30"
    for depth, status in (("0", 400), ("x", 400), ("101", 422)):
        assert alice.get(f"/v1/markets/{market_id}/orderbook", ("depth", depth)).status == status


def test_the_same_requests_to_the_same_exchange_get_the_same_bytes() -> None:
    def run() -> list[Response]:
        api = ExchangeApi(Venue(VenueConfig(sweep_hours=(4,)), start=START, ids=SeededIds(7)))
        alice, bob = open_account(api, "alice"), open_account(api, "bob")
        answers = [bob.order(side="sell", quantity=9, price="1.5"), alice.order(type="market", quantity=4, price=None)]
        alice.later(hours=4)
        answers += [alice.get(f"/v1/{path}") for path in readable_paths(alice)]
        return [got.response for got in answers]

    assert run() == run()


garbage = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=60)
    | st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ["market_id", "side", "type", "quantity", "price", "time_in_force", "client_order_id", "post_only"],
            garbage | st.sampled_from(["buy", "limit", "market", "1", 1, "1.00"]),
        ),
    )
)
def test_no_body_gets_a_traceback(alice: Client, body: bytes | dict[str, object]) -> None:
    market_id = alice.api.venue.market_by_symbol("text-prime").market_id
    if isinstance(body, dict) and "market_id" in body:
        body["market_id"] = market_id
    assert alice.post(ORDERS, body).status in (201, 400, 422)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["orders", "trades", "markets", "transfer-histories", "trading-accounts"]),
    query=st.lists(
        st.tuples(
            st.sampled_from(["limit", "next", "prev", "page", "page_size", "status", "start_datetime", "order_id"])
            | st.text(max_size=20),
            st.text(max_size=20) | st.sampled_from(["1", "row-3", "1e400", "9999999999", "0001-01-01"]),
        ),
        max_size=4,
    ),
)
def test_no_query_gets_a_traceback(alice: Client, path: str, query: list[tuple[str, str]]) -> None:
    assert alice.get(f"/v1/{path}", *query).status in (200, 400, 422)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", ""]) | st.text(max_size=5),
    path=st.text(max_size=20).map(lambda text: f"/v1/{text}") | st.text(max_size=20),
    headers=st.dictionaries(st.sampled_from(["X-TheGrid-Timestamp", "x-thegrid-signature"]), st.text(max_size=9)),
)
def test_no_request_gets_a_traceback(alice: Client, method: str, path: str, headers: dict[str, str]) -> None:
    assert alice.send(Request(method, path, headers=headers)).status in (200, 401, 404, 405)


def test_prices_finer_than_a_cent_are_told_exactly() -> None:
    api = ExchangeApi(Venue(VenueConfig(tick=Decimal("0.0005")), start=START, ids=SeededIds(1)))
    alice = open_account(api, "alice")
    assert alice.order(price="1.2345").data["price"] == "1.2345"
    assert alice.order(price="1.2").data["price"] == "1.20"
    assert alice.order(price="1.23450001").status == 422
