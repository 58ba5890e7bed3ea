"""Our orders and trades, in every form in which the exchange may send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.order import NewOrder, OrderType, Side, TimeInForce, VenueOrder
from bot.errors import BadAnswer, OutcomeUnknown
from bot.grid.results import TradeRecord
from bot.ports import Response
from tests.grid.scripted import answered, client_of, wrapped

AT = datetime(2026, 3, 1, 11, 0, 0, 123456, UTC)
ORDER = {
    "order_id": "o1",
    "client_order_id": "gb-1",
    "market_id": "m1",
    "instrument_id": "i1",
    "trader_id": "u1",
    "side": "buy",
    "type": "limit",
    "time_in_force": "gtc",
    "status": "partially_filled",
    "quantity": 10,
    "filled_quantity": "4",
    "remaining_quantity": "6",
    "price": "1.10",
    "stop_price": None,
    "average_price": "1.05",
    "fee": "0.01",
    "closure_reason": None,
    "created_at": "2026-03-01T11:00:00.123456Z",
    "submitted_at": "2026-03-01T10:59:59.123456Z",
    "updated_at": "2026-03-01T11:00:01.123456Z",
    "closed_at": None,
    "novelty": [],
}
SECOND = timedelta(seconds=1)
VENUE_ORDER = VenueOrder(
    order_id="o1",
    client_order_id="gb-1",
    market_id="m1",
    side=Side.BUY,
    status="partially_filled",
    quantity=10,
    filled=4,
    price=Decimal("1.10"),
    created_at=AT,
    updated_at=AT + SECOND,
    instrument_id="i1",
    trader_id="u1",
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    average_price=Decimal("1.05"),
    fee=Decimal("0.01"),
    submitted_at=AT - SECOND,
)
NEW_ORDER = NewOrder("gb-1", "m1", Side.BUY, 10, Decimal("1.10"))


async def order(row: dict[str, Any]) -> VenueOrder:
    client, _ = client_of(wrapped(row))
    return await client.order("o1")


@pytest.mark.parametrize("body", [wrapped(ORDER), answered(ORDER)])
async def test_an_order_is_read_wrapped_or_not(body: Response) -> None:
    client, _ = client_of(body)
    assert await client.order("o1") == VENUE_ORDER


@pytest.mark.parametrize(
    "row",
    [
        {"quantity": "10", "filled_quantity": 4.0},
        {"quantity": "10.0", "filled_quantity": None},
        {"price": 1.1, "side": "BUY"},
        {"created_at": "2026-03-01T12:00:00.123456+01:00", "submitted_at": 1772362799.123456},
        {"quantity": None, "original_quantity": "10", "average_price": None, "average_fill_price": 1.05},
        {"type": None, "order_type": "limit", "stop_price": "0", "fee": 0.01},
    ],
)
async def test_an_order_says_the_same_in_other_words(row: dict[str, Any]) -> None:
    assert await order(ORDER | row) == VENUE_ORDER


async def test_an_order_was_created_when_it_was_submitted_where_nothing_else_is_told() -> None:
    found = await order(ORDER | {"created_at": None})
    assert found.created_at == found.submitted_at == AT - SECOND


async def test_what_remains_of_an_order_is_known_where_both_numbers_are() -> None:
    assert VENUE_ORDER.remaining == 6
    assert (await order(ORDER | {"filled_quantity": None, "remaining_quantity": None})).remaining is None
    assert VenueOrder("o1", filled=3).remaining is None


async def test_words_that_nobody_knows_yet_are_kept() -> None:
    found = await order(
        ORDER | {"type": "iceberg", "time_in_force": "gtd", "stop_price": "2.5", "closed_at": 1772362800}
    )
    assert (found.order_type, found.time_in_force, found.stop_price) == ("iceberg", "gtd", Decimal("2.5"))
    assert found.closed_at == AT.replace(microsecond=0)


async def test_an_order_may_be_of_a_status_that_nobody_knows_yet() -> None:
    found = await order({"order_id": "o1", "status": "resting_comfortably", "price": None, "closure_reason": "why"})
    assert found == VenueOrder("o1", status="resting_comfortably", reason="why")
    assert not found.is_closed


@pytest.mark.parametrize(
    "row",
    [
        {"order_id": None},
        {"quantity": 5.5},
        {"quantity": "five"},
        {"side": "hold"},
        {"price": "-1"},
        {"average_price": "-1"},
        {"fee": "free"},
        {"closed_at": "later"},
        {"created_at": "yesterday"},
        {"created_at": 1e300},
        {"status": 7},
    ],
)
async def test_an_order_that_makes_no_sense_is_a_bad_answer_that_names_the_field(row: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match=f"GET /v1/trading/orders/o1 200: .*{next(iter(row))}"):
        await order(ORDER | row)


MOMENTS = {
    "2026-03-01T11:00:00.123456Z": 123456,
    "2026-03-01T11:00:00.123456789Z": 123456,
    "2026-03-01T11:00:00.1Z": 100000,
    "2026-03-01T13:00:00+02:00": 0,
    "2026-03-01T11:00:00": 0,
    "2026-03-01 11:00:00.5": 500000,
    1772362800: 0,
    1772362800.25: 250000,
    1772362800123: 123000,
    "1772362800": 0,
    "1772362800123": 123000,
}


@pytest.mark.parametrize(("moment", "microseconds"), MOMENTS.items())
async def test_a_moment_is_iso_8601_or_unix_time(moment: object, microseconds: int) -> None:
    found = await order(ORDER | {"created_at": moment})
    assert found.created_at == AT.replace(microsecond=microseconds)
    assert found.created_at.tzinfo is UTC


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=zones))  # noqa: DTZ001 - wanted naive
async def test_a_moment_is_read_to_the_microsecond_in_any_zone(at: datetime) -> None:
    found = await order(ORDER | {"created_at": at.isoformat()})
    assert found.created_at == at


@pytest.mark.parametrize(
    "body",
    [
        answered({"data": {"order_id": "o1", "client_order_id": "gb-1"}}, 201),
        answered({"order_id": "o1", "client_order_id": "gb-1"}, 202),
    ],
)
async def test_a_placement_may_be_answered_with_ids_only(body: Response) -> None:
    client, _ = client_of(body)
    assert await client.place(NEW_ORDER) == VenueOrder("o1", "gb-1")


async def test_a_placement_may_be_answered_with_the_whole_order() -> None:
    client, _ = client_of(answered({"data": ORDER}, 200))
    assert await client.place(NEW_ORDER) == VENUE_ORDER


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b'{"data":null}', b'{"data":{"order_id":7}}', b"<html>", b"\xff"]
)
async def test_a_placement_that_is_answered_with_nonsense_may_have_been_applied(body: bytes) -> None:
    client, _ = client_of(Response(201, {"x-request-id": "r9"}, body))
    with pytest.raises(OutcomeUnknown, match="cannot be understood") as failed:
        await client.place(NEW_ORDER)
    assert (failed.value.status, failed.value.request_id) == (201, "r9")


async def test_a_bad_answer_shows_little_of_long_nonsense() -> None:
    with pytest.raises(BadAnswer) as failed:
        await order(ORDER | {"side": "x" * 100_000})
    assert len(str(failed.value)) < 500


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (answered({"data": ORDER}, 200), VENUE_ORDER),
        (answered({"message": "accepted", "order_id": "o1"}, 202), VenueOrder("o1")),
        (answered({"data": {"message": "accepted", "order_id": "o2"}}, 202), VenueOrder("o2")),
        (answered({"message": "accepted"}, 202), VenueOrder("o1")),
    ],
)
async def test_a_change_is_answered_with_the_order_or_with_its_id(body: Response, changed: VenueOrder) -> None:
    client, transport = client_of(body)
    assert await client.replace("o1", price=Decimal("1.10")) == changed
    assert transport.paths == ["PUT /v1/trading/orders/o1"]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (wrapped({"cancelled": 3}), 3),
        (wrapped({"cancelled": "3"}), 3),
        (answered({"cancelled": 0}), 0),
        (wrapped({"cancelled": None}), None),
        (wrapped({"cancelled": "all"}), None),
        (wrapped({}), None),
        (wrapped([]), None),
        (Response(204), None),
        (Response(200, {}, b"done"), None),
        (Response(200, {}, b'{"cancelled": "\xff"}'), None),
    ],
)
async def test_a_cancel_of_all_orders_tells_how_many_it_was_if_the_exchange_does(
    body: Response, count: int | None
) -> None:
    client, transport = client_of(body, body)
    assert await client.cancel_all() == count
    assert await client.cancel_all(market_id="m/1") == count
    assert transport.paths == ["DELETE /v1/trading/orders", "DELETE /v1/trading/markets/m%2F1/orders"]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (
            {"count": 3, "by_market": [{"market_id": "m1", "count": "2"}, {"market_id": "m2", "count": 1}]},
            (3, {"m1": 2, "m2": 1}),
        ),
        ({"count": "0", "by_market": []}, (0, {})),
        ({"count": 1, "by_market": None}, (1, {})),
    ],
)
async def test_orders_are_counted_in_all_and_by_market(data: dict[str, Any], count: tuple[int, dict[str, int]]) -> None:
    client, transport = client_of(wrapped(data))
    found = await client.order_count()
    assert (found.count, found.by_market) == count
    assert transport.paths == ["GET /v1/trading/orders/count"]


@pytest.mark.parametrize("data", [{}, {"count": 1, "by_market": [{"count": 1}]}, {"count": "some"}])
async def test_a_count_that_makes_no_sense_is_a_bad_answer(data: dict[str, Any]) -> None:
    client, _ = client_of(wrapped(data))
    with pytest.raises(BadAnswer):
        await client.order_count()


TRADE = {
    "trade_id": "t1",
    "order_id": "o1",
    "market_id": "m1",
    "instrument_id": "i1",
    "side": "sell",
    "price": "1.105",
    "quantity": "3",
    "total_value": "3.315",
    "fee": None,
    "status": "settled",
    "execution_timestamp": "2026-03-01T11:00:00.123456Z",
}


async def test_a_trade_is_read_exactly() -> None:
    client, _ = client_of(wrapped([TRADE, TRADE | {"trade_id": "t2", "fee": "0.000001", "price": 0.1}]))
    first, second = await client.fills()
    assert first == Fill("t1", "o1", "m1", Side.SELL, Decimal("1.105"), 3, AT)
    assert (second.price, second.fee) == (Decimal("0.1"), Decimal("0.000001"))


async def test_all_that_is_told_of_a_trade_is_in_its_record() -> None:
    later = TRADE | {"trade_id": "t2", "settlement_timestamp": "2026-03-01T11:00:01Z", "trading_account_id": "a1"}
    client, _ = client_of(wrapped([later | {"fee": "0.01", "total_value": 3.315}, TRADE | {"status": "novel"}]))
    settled, novel = sorted(await client.trade_history(), key=lambda record: record.trade_id, reverse=True)
    assert settled == TradeRecord(
        trade_id="t2",
        order_id="o1",
        market_id="m1",
        side=Side.SELL,
        price=Decimal("1.105"),
        quantity=3,
        executed_at=AT,
        instrument_id="i1",
        total_value=Decimal("3.315"),
        fee=Decimal("0.01"),
        status="settled",
        settled_at=datetime(2026, 3, 1, 11, 0, 1, tzinfo=UTC),
        trading_account_id="a1",
    )
    assert (novel.status, novel.fee, novel.settled_at) == ("novel", None, None)


@pytest.mark.parametrize("body", [wrapped(TRADE), answered(TRADE)])
async def test_one_trade_is_read_wrapped_or_not(body: Response) -> None:
    client, transport = client_of(body)
    assert await client.fill("t1") == Fill("t1", "o1", "m1", Side.SELL, Decimal("1.105"), 3, AT)
    assert transport.paths == ["GET /v1/trading/trades/t1"]


@pytest.mark.parametrize(
    "field", ["trade_id", "order_id", "market_id", "side", "price", "quantity", "execution_timestamp"]
)
async def test_a_trade_without_a_field_that_it_needs_is_a_bad_answer(field: str) -> None:
    client, _ = client_of(wrapped([TRADE, TRADE | {field: None}]))
    with pytest.raises(BadAnswer, match=f"GET /v1/trading/trades 200: .*`{field}` is missing"):
        await client.fills()


@pytest.mark.parametrize("quantity", [0, -1, "0.5", "1e40"])
async def test_a_trade_of_an_impossible_quantity_is_a_bad_answer(quantity: object) -> None:
    client, _ = client_of(wrapped([TRADE | {"quantity": quantity}]))
    with pytest.raises(BadAnswer, match="`quantity`"):
        await client.fills()


@given(st.decimals(min_value="0.000001", max_value=10**9, places=6), st.integers(1, 10**12), st.booleans())
async def test_prices_and_quantities_lose_nothing_on_the_way(price: Decimal, quantity: int, as_text: bool) -> None:
    row = TRADE | {"price": str(price), "quantity": str(quantity) if as_text else quantity}
    client, _ = client_of(wrapped([row]))
    [fill] = await client.fills()
    assert (fill.price, fill.quantity) == (price, quantity)
