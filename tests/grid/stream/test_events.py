"""Frames, and what they tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market import MarketTrade, Ticker
from bot.domain.order import Side, VenueOrder
from bot.domain.stream import OrderUpdate, TickerUpdate, TradeUpdate
from bot.grid.stream.events import event_of
from bot.grid.stream.frames import BadFrame, Frame, ack_of, decode, reply_of
from bot.grid.stream.reader import TRADES_KEPT, Reader
from tests.grid.scripted import NOW
from tests.grid.stream.samples import order_data, ticker_data, trade_data

AT = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)


def frame(event: str, payload: object) -> Frame:
    return decode(json.dumps({"topic": "ws:trading", "event": event, "payload": payload, "ref": None}))


@pytest.mark.parametrize("event", ["new_order", "order_update"])
def test_an_order_is_read(event: str) -> None:
    data = order_data(status="partially_filled", filled_quantity="4", remaining_quantity="6", average_fill_price="1.98")
    told = event_of(frame(event, {"data": data}), NOW)
    assert told == OrderUpdate(
        VenueOrder(
            "o-1",
            client_order_id="gb-o-1",
            market_id="m-1",
            side=Side.BUY,
            status="partially_filled",
            quantity=10,
            filled=4,
            price=Decimal("2.00"),
            created_at=NOW,
            updated_at=NOW,
            order_type="limit",
            average_price=Decimal("1.98"),
        )
    )


def test_what_an_order_does_not_have_may_come_as_zero_or_empty() -> None:
    data = order_data(client_order_id="", price="0", average_fill_price="0")
    told = event_of(frame("new_order", {"data": data}), NOW)
    assert isinstance(told, OrderUpdate)
    assert (told.order.client_order_id, told.order.price, told.order.average_price) == (None, None, None)


@pytest.mark.parametrize("event", ["new_trade", "update_trade"])
def test_a_trade_is_read(event: str) -> None:
    told = event_of(frame(event, {"data": trade_data()}), NOW)
    assert told == TradeUpdate(MarketTrade("t-1", "m-1", Decimal("2.00"), 4, AT, Side.SELL, "o-1", "o-2"))


def test_a_ticker_is_read_and_is_of_now_where_it_names_no_time() -> None:
    told = event_of(frame("market_ticker", ticker_data()), NOW)
    assert told == TickerUpdate(Ticker("m-1", NOW, Decimal("1.99"), None, Decimal("2.00"), volume_24h=4))


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("order_update", order_data(filled_quantity=0, remaining_quantity=10, original_quantity=10, price=2.00)),
        ("order_update", order_data(new_field={"a": [1]}, quantity="10", original_quantity=None, type="limit")),
        ("order_update", order_data(filled_quantity=None)),
    ],
)
def test_numbers_for_strings_unknown_fields_and_nulls_are_all_right(event: str, data: dict[str, Any]) -> None:
    plain = event_of(frame(event, {"data": order_data()}), NOW)
    assert event_of(frame(event, {"data": data}), NOW) == plain
    assert event_of(frame(event, data), NOW) == plain  # without the envelope


def test_a_trade_need_not_name_side_and_orders() -> None:
    data = trade_data(side=None, maker_order_id=None, taker_order_id=None, price=2, quantity=4.0)
    told = event_of(frame("new_trade", {"data": data}), NOW)
    assert told == TradeUpdate(MarketTrade("t-1", "m-1", Decimal(2), 4, AT))


@pytest.mark.parametrize("event", ["presence_state", "phx_reply", "ack", ""])
def test_events_that_are_not_known_tell_nothing(event: str) -> None:
    assert event_of(frame(event, {"data": 1}), NOW) is None


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("order_update", {"data": order_data(order_id=None)}),
        ("order_update", {"data": order_data(filled_quantity="many")}),
        ("order_update", {"data": None}),
        ("order_update", None),
        ("new_trade", {"data": trade_data(price="-1")}),
        ("new_trade", {"data": trade_data(side="long")}),
        ("market_ticker", ticker_data(market_id=None)),
        ("market_ticker", []),
    ],
)
def test_what_makes_no_sense_is_a_bad_frame(event: str, payload: object) -> None:
    with pytest.raises(BadFrame):
        event_of(frame(event, payload), NOW)


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", '{"event": 5}', '{"event": null}', DEEP, "\ud800", '{"event": "ack", "payload": ' + DEEP],
    ids=range(9),
)
def test_what_is_no_frame_is_a_bad_frame(text: str) -> None:
    with pytest.raises(BadFrame):
        decode(text)


def test_what_is_nested_too_deeply_is_a_bad_frame() -> None:
    with pytest.raises(BadFrame):
        event_of(Frame("order_update", payload=msgspec.Raw(b'{"x": ' + DEEP.encode())), NOW)


def test_trades_are_remembered_for_long_but_not_for_ever() -> None:
    reader = Reader()

    def is_told(number: int) -> bool:
        return reader.event(frame("new_trade", {"data": trade_data(f"t-{number}")}), NOW) is not None

    assert all(is_told(number) for number in range(TRADES_KEPT))
    assert not any(is_told(number) for number in range(0, TRADES_KEPT, 1000))
    assert all(is_told(number) for number in range(TRADES_KEPT, TRADES_KEPT + 10))
    assert is_told(0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KNOWN = st.sampled_from(["new_order", "order_update", "new_trade", "update_trade", "market_ticker", "ack", "phx_reply"])
ODD = JSON | st.sampled_from(["0", "-1", "1e999999999", "NaN", "Infinity", "buy", "2026-03-01", "2026-13-01", 10**400])


@st.composite
def payloads(draw: st.DrawFn) -> object:
    names = sorted({*order_data(), *trade_data(), *ticker_data(), "timestamp", "status", "response", "streams"})
    data = {**order_data(), **trade_data(), **ticker_data()} | draw(st.dictionaries(st.sampled_from(names), ODD))
    return draw(st.sampled_from([data, {"data": data}]) | JSON)


@given(text=st.text() | JSON.map(json.dumps), event=KNOWN | st.text(max_size=5), payload=payloads())
def test_no_frame_breaks_the_reader(text: str, event: str, payload: object) -> None:
    reader = Reader()
    for sent in (text, json.dumps({"event": event, "payload": payload, "ref": payload})):
        try:
            if (got := reader.frame(sent)) is not None:
                reader.event(got, NOW)
        except ConnectionError as error:
            assert "orders" in str(error)  # noqa: PT017 - the only error there is


@given(payload=payloads())
def test_no_answer_breaks_its_reader(payload: object) -> None:
    for read in (reply_of, ack_of):
        try:
            answer = read(frame("ack", payload))
        except BadFrame:
            continue
        if hasattr(answer, "missing"):
            answer.missing([("user.orders", None)])
        else:
            assert answer.reason
