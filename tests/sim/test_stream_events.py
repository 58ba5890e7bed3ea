"""What the stream tells, whom, and in which order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import SeededIds
from bot.domain.order import Side
from bot.sim.api import ExchangeApi
from bot.sim.config import SelfTrade, VenueConfig
from bot.sim.stream import StreamHub
from bot.sim.venue import Venue
from tests.sim.client import START, Client, open_account
from tests.sim.stream_client import HEARTBEAT, USER_ORDERS, StreamClient, connected, frame, ticker, trades

TRADES = trades("text-prime")
TICKER = ticker("text-prime")


@pytest.fixture
def hub(venue: Venue) -> StreamHub:
    return StreamHub(venue)


def brief(client: StreamClient) -> list[tuple[Any, ...]]:
    """Events as short as they can be told apart."""
    return [
        (name, data["status"], data["remaining_quantity"])
        if "order" in name
        else (name, data["price"], data["quantity"])
        if "trade" in name
        else (name, data["bid"], data["ask"], data["last_price"])
        for name, data in client.events()
    ]


def test_a_new_order_is_told_with_all_its_fields_as_strings(hub: StreamHub, alice: Client) -> None:
    client = connected(hub, USER_ORDERS, key=alice.key)
    alice.later(seconds=1.5)
    order = alice.order(quantity=3, price="1.25", client_order_id="mine").data
    (heard,) = client.heard()
    assert heard == {
        "topic": "ws:trading",
        "event": "new_order",
        "payload": {
            "data": {
                "order_id": order["order_id"],
                "client_order_id": "mine",
                "market_id": order["market_id"],
                "side": "buy",
                "order_type": "limit",
                "status": "active",
                "original_quantity": "3",
                "remaining_quantity": "3",
                "filled_quantity": "0",
                "price": "1.25",
                "average_fill_price": "0",
                "created_at": "2026-07-01T00:30:01.500000Z",
                "updated_at": "2026-07-01T00:30:01.500000Z",
            }
        },
        "ref": None,
    }


def test_a_trade_is_told_when_it_happens_and_when_it_has_settled(hub: StreamHub, alice: Client, bob: Client) -> None:
    client = connected(hub, trades(market_of(alice)))
    maker = alice.order(quantity=3, price="1.25").data["order_id"]
    taker = bob.order(side="sell", quantity=2, price="1.20").data["order_id"]
    data = {
        "trade_id": bob.get("/v1/trades").data[0]["trade_id"],
        "market_id": market_of(alice),
        "price": "1.25",
        "quantity": "2",
        "side": "sell",
        "executed_at": "2026-07-01T00:30:00Z",
        "maker_order_id": maker,
        "taker_order_id": taker,
    }
    assert client.events() == [("new_trade", data), ("update_trade", data)]


def market_of(client: Client) -> str:
    return client.api.venue.market_by_symbol("text-prime").market_id


def bid_and_cancel(client: Client, price: int) -> None:
    venue = client.api.venue
    order = venue.place(client.account, venue.market_by_symbol("text-prime"), Side.BUY, 1, price)
    venue.cancel(client.account, order.order_id)


def test_the_ticker_is_told_without_an_envelope(hub: StreamHub, alice: Client, bob: Client) -> None:
    client = connected(hub, TICKER)
    alice.order(quantity=3, price="1.25")
    bob.order(side="sell", quantity=2, price="1.20")
    (heard,) = client.heard()
    payload = {
        "market_id": market_of(alice),
        "last_price": "1.25",
        "bid": "1.25",
        "ask": None,
        "volume_24h": "2",
    }
    assert heard == {"topic": "ws:trading", "event": "market_ticker", "payload": payload, "ref": None}


def test_an_order_that_trades_at_once_is_new_before_its_trades_and_its_updates(
    hub: StreamHub, alice: Client, bob: Client
) -> None:
    client = connected(hub, USER_ORDERS, TRADES, TICKER, key=bob.key)
    alice.order(quantity=2, price="1.30")
    alice.order(quantity=2, price="1.20")
    client.heard()
    bob.order(side="sell", quantity=5, price="1.10")
    assert brief(client) == [
        ("new_order", "active", "5"),
        ("new_trade", "1.30", "2"),
        ("order_update", "partially_filled", "3"),
        ("update_trade", "1.30", "2"),
        ("new_trade", "1.20", "2"),
        ("order_update", "partially_filled", "1"),
        ("update_trade", "1.20", "2"),
        ("market_ticker", None, "1.10", "1.20"),
    ]


def test_an_order_that_fills_whole_is_updated_once(hub: StreamHub, alice: Client, bob: Client) -> None:
    client = connected(hub, USER_ORDERS, key=alice.key)
    alice.order(quantity=2, price="1.30")
    bob.order(side="sell", quantity=2, price="1.30")
    assert brief(client) == [("new_order", "active", "2"), ("order_update", "filled", "0")]


def test_both_sides_hear_of_their_own_orders_only(hub: StreamHub, alice: Client, bob: Client) -> None:
    of_alice, of_bob = (connected(hub, USER_ORDERS, key=who.key) for who in (alice, bob))
    made = alice.order(quantity=2, price="1.30").data["order_id"]
    taken = bob.order(side="sell", quantity=2, price="1.30").data["order_id"]
    assert {data["order_id"] for _, data in of_alice.events()} == {made}
    assert {data["order_id"] for _, data in of_bob.events()} == {taken}


def test_two_sessions_of_one_account_hear_the_same(hub: StreamHub, alice: Client) -> None:
    clients = [connected(hub, USER_ORDERS, key=alice.key) for _ in range(2)]
    alice.order()
    first, second = (client.heard() for client in clients)
    assert first == second != []


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"time_in_force": "ioc"}, "ioc"),
        ({"time_in_force": "fok"}, "fok"),
        ({"type": "market", "price": None}, "market"),
    ],
)
def test_an_order_that_cannot_rest_is_new_and_then_cancelled(
    hub: StreamHub, alice: Client, terms: dict[str, object], reason: str
) -> None:
    client = connected(hub, USER_ORDERS, key=alice.key)
    assert alice.order(**terms).status == 201
    assert brief(client) == [("new_order", "active", "1"), ("order_update", "cancelled", "1")]


def test_a_stop_order_is_new_when_it_waits_and_updated_when_it_is_set_off(
    hub: StreamHub, venue: Venue, alice: Client, bob: Client
) -> None:
    alice.order(side="sell", price="0.90")
    client = connected(hub, USER_ORDERS, TRADES, key=bob.key)
    bob.order(type="stop", side="sell", price=None, stop_price="0.90", quantity=2)
    assert brief(client) == [("new_order", "pending", "2")]
    carol = open_account(alice.api, "carol")
    carol.order(price="0.80", quantity=2)
    carol.order(price="0.90")
    assert brief(client) == [
        ("new_trade", "0.90", "1"),
        ("update_trade", "0.90", "1"),
        ("order_update", "active", "2"),
        ("new_trade", "0.80", "2"),
        ("order_update", "filled", "0"),
        ("update_trade", "0.80", "2"),
    ]


def test_an_order_that_expires_is_updated(hub: StreamHub, alice: Client) -> None:
    client = connected(hub, USER_ORDERS, key=alice.key)
    alice.order(time_in_force="day")
    hub.advance(START + timedelta(days=1))
    assert brief(client) == [("new_order", "active", "1"), ("order_update", "expired", "1")]


def test_a_market_order_has_no_price(hub: StreamHub, alice: Client, bob: Client) -> None:
    bob.order(side="sell", price="1.50")
    client = connected(hub, USER_ORDERS, key=alice.key)
    alice.order(type="market", price=None)
    fields = ("order_type", "client_order_id", "price", "average_fill_price")
    told = [tuple(data[field] for field in fields) for _, data in client.events()]
    assert told == [("market", "", "0", "0"), ("market", "", "0", "1.50")]


def test_a_cancelled_order_is_updated(hub: StreamHub, alice: Client) -> None:
    order_id = alice.order(quantity=2).data["order_id"]
    client = connected(hub, USER_ORDERS, key=alice.key)
    alice.delete(f"/v1/orders/{order_id}")
    assert brief(client) == [("order_update", "cancelled", "2")]


def test_a_replaced_order_is_updated_before_it_trades_on_its_new_terms(
    hub: StreamHub, alice: Client, bob: Client
) -> None:
    bob.order(side="sell", quantity=1, price="1.50")
    order_id = alice.order(quantity=2, price="1.00").data["order_id"]
    client = connected(hub, USER_ORDERS, TRADES, TICKER, key=alice.key)
    body = json.dumps({"price": "1.50", "quantity": 3}).encode()
    assert alice.send(alice.signed("PUT", f"/v1/orders/{order_id}", body=body)).status == 200
    assert brief(client) == [
        ("order_update", "active", "3"),
        ("new_trade", "1.50", "1"),
        ("order_update", "partially_filled", "2"),
        ("update_trade", "1.50", "1"),
        ("market_ticker", "1.50", None, "1.50"),
    ]


def test_an_order_that_stops_at_the_owners_own_is_updated(hub: StreamHub, alice: Client) -> None:
    alice.order(quantity=2, price="1.30")
    client = connected(hub, USER_ORDERS, TRADES, key=alice.key)
    alice.order(side="sell", quantity=2, price="1.30")
    assert brief(client) == [("new_order", "active", "2"), ("order_update", "cancelled", "2")]


def test_a_resting_order_that_makes_way_for_its_owners_next_is_updated() -> None:
    config = VenueConfig(symbols=("text-prime",), self_trade=SelfTrade.CANCEL_RESTING)
    venue = Venue(config, start=START, ids=SeededIds(1))
    alice = open_account(ExchangeApi(venue), "alice")
    alice.order(quantity=2, price="1.30")
    client = connected(StreamHub(venue), USER_ORDERS, TRADES, key=alice.key)
    alice.order(side="sell", quantity=3, price="1.30")
    assert brief(client) == [("new_order", "active", "3"), ("order_update", "cancelled", "2")]


def test_a_refused_order_is_not_told(hub: StreamHub, alice: Client) -> None:
    client = connected(hub, USER_ORDERS, TICKER, key=alice.key)
    assert alice.order(quantity=100_000, price="1.00").status == 400
    assert client.heard() == []


def test_markets_that_are_not_followed_are_not_told(hub: StreamHub, alice: Client, bob: Client) -> None:
    client = connected(hub, trades("code-max"), ticker("code-max"))
    alice.order(price="1.30")
    bob.order(side="sell", price="1.30")
    assert client.heard() == []


def test_nothing_is_told_after_unsubscribing(hub: StreamHub, alice: Client, bob: Client) -> None:
    client = connected(hub, USER_ORDERS, TRADES, TICKER, key=alice.key)
    client.ask(frame("unsubscribe", {"streams": [TRADES, TICKER], "request_id": "r"}))
    alice.order(price="1.30")
    bob.order(side="sell", price="1.30")
    assert [name for name, _ in client.events()] == ["new_order", "order_update"]


def test_subscribing_twice_tells_once(hub: StreamHub, alice: Client) -> None:
    client = connected(hub, USER_ORDERS, TICKER, key=alice.key).follow(USER_ORDERS, ticker(market_of(alice)))
    alice.order(price="1.30")
    assert [name for name, _ in client.events()] == ["new_order", "market_ticker"]


def test_what_was_before_the_subscription_is_not_told(hub: StreamHub, alice: Client) -> None:
    alice.order(price="1.30")
    client = connected(hub, USER_ORDERS, TRADES, TICKER, key=alice.key)
    assert client.heard() == []


def test_a_ticker_is_told_only_when_a_best_or_the_last_price_differs(
    hub: StreamHub, alice: Client, bob: Client
) -> None:
    alice.order(quantity=10, price="1.30")
    client = connected(hub, TICKER)
    alice.order(price="1.30")
    alice.order(price="1.20")
    assert client.heard() == []
    bob.order(side="sell", price="1.30")
    assert brief(client) == [("market_ticker", "1.30", None, "1.30")]
    bob.order(side="sell", price="1.30")
    assert client.heard() == []
    alice.delete("/v1/orders")
    assert brief(client) == [("market_ticker", None, None, "1.30")]


def test_of_the_tickers_that_wait_only_the_newest_goes_out_in_its_place(
    hub: StreamHub, alice: Client, bob: Client
) -> None:
    client = connected(hub, TICKER, ticker("code-max"), TRADES)
    alice.order(price="1.10")
    alice.order("code-max", price="1.00")
    alice.order(price="1.20")
    bob.order(side="sell", price="1.20")
    assert brief(client) == [
        ("market_ticker", "1.00", None, None),
        ("new_trade", "1.20", "1"),
        ("update_trade", "1.20", "1"),
        ("market_ticker", "1.10", None, "1.20"),
    ]


def test_one_follower_who_has_read_gets_a_ticker_that_another_has_not_yet(hub: StreamHub, alice: Client) -> None:
    quick, slow = connected(hub, TICKER), connected(hub, TICKER)
    alice.order(price="1.10")
    assert brief(quick) == [("market_ticker", "1.10", None, None)]
    alice.order(price="1.20")
    assert brief(quick) == brief(slow) == [("market_ticker", "1.20", None, None)]


def test_what_happens_by_itself_is_told_as_time_passes(hub: StreamHub, alice: Client, venue: Venue) -> None:
    order = alice.order(price="1.10").data["order_id"]

    class Canceller:
        def act(self, venue: Venue, now: Any) -> None:
            venue.cancel(alice.account, order)

    venue.add_agent(Canceller(), START + timedelta(seconds=10))
    client = connected(hub, USER_ORDERS, key=alice.key)
    assert hub.due_at == START + timedelta(seconds=10)
    hub.advance(START + timedelta(seconds=12))
    assert [data["updated_at"] for _, data in client.events()] == ["2026-07-01T00:30:10Z"]


def test_a_client_that_does_not_read_is_cut_off_and_loses_what_waited(hub: StreamHub, alice: Client) -> None:
    client, other = (connected(hub, USER_ORDERS, key=alice.key) for _ in range(2))
    for _ in range(500):
        bid_and_cancel(alice, 1_000_000)
        other.heard()
    assert client.session.closed is None
    bid_and_cancel(alice, 1_000_000)
    assert client.session.closed == "too slow: 1000 frames were waiting to be read"
    assert client.heard() == []
    assert other.session.closed is None
    assert [name for name, _ in other.events()] == ["new_order", "order_update"]


def test_answers_that_are_not_read_count_as_well(hub: StreamHub) -> None:
    client = StreamClient(hub)
    for _ in range(1_001):
        client.session.receive(HEARTBEAT, START)
    assert "too slow" in str(client.session.closed)


def test_tickers_alone_never_cut_anybody_off(hub: StreamHub, alice: Client) -> None:
    client = connected(hub, TICKER)
    for cents in range(1, 1_001):
        bid_and_cancel(alice, cents * 10_000)
    assert brief(client) == [("market_ticker", None, None, None)]


def test_a_session_that_has_closed_is_told_nothing(hub: StreamHub, alice: Client) -> None:
    client = connected(hub, USER_ORDERS, TICKER, key=alice.key)
    client.session.close("done")
    alice.order(price="1.30")
    assert client.heard() == []


def test_two_hubs_tell_the_same(venue: Venue, alice: Client) -> None:
    clients = [connected(StreamHub(venue), USER_ORDERS, key=alice.key) for _ in range(2)]
    alice.order()
    first, second = (json.dumps(client.heard()) for client in clients)
    assert first == second
