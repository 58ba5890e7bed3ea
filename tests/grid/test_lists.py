"""Lists: paging to the end, filtering again, and order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.candle import Resolution
from bot.domain.order import NewOrder, Side
from bot.errors import BadAnswer, ExchangeUnavailable, InvalidRequest
from bot.grid.open_orders import EVERY, USUAL
from bot.ports import Response
from tests.grid.scripted import answered, client_of, wrapped

START = datetime(2026, 3, 1, tzinfo=UTC)
PATH = "GET /v1/trading/trades"


def trade(number: int, **change: Any) -> dict[str, Any]:
    row = {
        "trade_id": f"t{number}",
        "order_id": "o1",
        "market_id": "m1",
        "side": "buy",
        "price": "1",
        "quantity": 1,
        "execution_timestamp": (START + timedelta(seconds=number)).isoformat(),
    }
    return row | change


def order(number: int, status: str = "active", **change: Any) -> dict[str, Any]:
    at = (START + timedelta(seconds=number)).isoformat()
    return {"order_id": f"o{number}", "market_id": "m1", "status": status, "created_at": at} | change


def cursor(rows: list[dict[str, Any]], after: object, *, more: bool | None = True) -> Response:
    return wrapped(rows, paging={"has_more": more, "next_cursor": after, "prev_cursor": None})


def page(rows: list[dict[str, Any]], number: object, of: object, size: object = 2) -> Response:
    return wrapped(rows, meta={"current_page": number, "total_pages": of, "page_size": size, "total_count": None})


async def ids(*answers: Response, **options: Any) -> tuple[list[str], list[dict[str, str]]]:
    """The trade ids that come of these answers, and the queries that asked for them."""
    client, transport = client_of(*answers)
    fills = await client.fills(**options)
    assert transport.paths == [PATH] * len(answers)
    return [fill.trade_id for fill in fills], [dict(request.query) for request in transport.requests]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
async def test_cursors_are_followed_to_the_end(sizes: list[int]) -> None:
    numbers = iter(range(100))
    pages = [[trade(next(numbers)) for _ in range(size)] for size in sizes]
    answers = [cursor(rows, f"c{place}") for place, rows in enumerate(pages[:-1])]
    found, queries = await ids(*answers, cursor(pages[-1], None, more=False))
    assert found == [row["trade_id"] for rows in pages for row in rows]
    assert [query.get("next") for query in queries] == [None, *(f"c{place}" for place in range(len(sizes) - 1))]
    assert {query["limit"] for query in queries} == {"100"}


@pytest.mark.parametrize("last", [("c9", False), (None, True), (None, None)])
async def test_a_list_ends_where_it_says_so_or_gives_no_cursor(last: tuple[str | None, bool | None]) -> None:
    after, more = last
    found, _ = await ids(cursor([trade(1)], 17, more=None), cursor([trade(2)], after, more=more))
    assert found == ["t1", "t2"]


async def test_numbered_pages_are_followed_in_the_size_in_which_they_come() -> None:
    found, queries = await ids(
        page([trade(1), trade(2)], "1", "3"), page([trade(3), trade(4)], 2, 3), page([trade(5)], 3, 3)
    )
    assert found == ["t1", "t2", "t3", "t4", "t5"]
    assert [(query.get("page"), query.get("page_size")) for query in queries] == [(None, None), ("2", "2"), ("3", "2")]


@pytest.mark.parametrize("answer", [page([], 1, 0), page([], 1, 1), page([], None, None), wrapped([]), answered([])])
async def test_a_list_may_be_empty(answer: Response) -> None:
    assert (await ids(answer))[0] == []


async def test_the_number_of_pages_follows_from_the_number_of_rows() -> None:
    def counted(rows: list[dict[str, Any]], number: int) -> Response:
        return wrapped(rows, meta={"current_page": number, "page_size": 2, "total_count": "3"})

    found, queries = await ids(counted([trade(1), trade(2)], 1), counted([trade(3)], 2))
    assert found == ["t1", "t2", "t3"]
    assert queries[1]["page"] == "2"


@pytest.mark.parametrize("answer", [page([], None, 2), page([], 1, 2, None), page([], 1, "sNaN"), page([], 1.5, 2)])
async def test_numbered_pages_without_their_numbers_are_a_bad_answer(answer: Response) -> None:
    with pytest.raises(BadAnswer, match=f"{PATH} 200: .*meta"):
        await ids(answer)


@pytest.mark.parametrize("loop", [["a", "a"], ["a", "b", "a"]])
async def test_a_cursor_that_comes_again_is_a_bad_answer(loop: list[str]) -> None:
    with pytest.raises(BadAnswer, match=f"{PATH} 200: the list goes in circles"):
        await ids(*(cursor([trade(1)], after) for after in loop))


async def test_a_page_number_that_does_not_move_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="circles"):
        await ids(page([trade(1)], 1, 3), page([trade(1)], 1, 3))


@pytest.mark.parametrize("rows", [[], [trade(1), trade(2)]])
async def test_a_list_whose_pages_bring_nothing_new_for_ever_is_a_bad_answer(rows: list[dict[str, Any]]) -> None:
    client, transport = client_of(*(cursor(rows, place) for place in range(200)))
    with pytest.raises(BadAnswer, match="the list has no end: 100 pages"):
        await client.fills()
    assert len(transport.requests) in (100, 101)


async def test_pages_that_hold_nothing_that_was_asked_for_are_not_the_end_of_a_list() -> None:
    others = [cursor([trade(place, instrument_id="other")], place) for place in range(150)]
    client, _ = client_of(*others, cursor([trade(999, instrument_id="i1")], None))
    assert [fill.trade_id for fill in await client.fills(instrument_id="i1")] == ["t999"]


async def test_a_list_of_which_a_page_fails_is_no_list() -> None:
    client, _ = client_of(cursor([trade(1)], "a"), Response(503))
    with pytest.raises(ExchangeUnavailable):
        await client.fills()


async def test_a_row_that_shows_on_two_pages_is_listed_once_and_rows_come_oldest_first() -> None:
    found, _ = await ids(cursor([trade(5), trade(3)], "a"), cursor([trade(3), trade(1), trade(4)], None))
    assert found == ["t1", "t3", "t4", "t5"]


async def test_what_the_exchange_should_have_filtered_is_filtered_again() -> None:
    rows = [
        trade(1),
        trade(2, market_id="m2"),
        trade(3),
        trade(4, order_id="o2"),
        trade(5),
    ]
    assert (await ids(wrapped(rows), market_id="m1"))[0] == ["t1", "t3", "t4", "t5"]
    assert (await ids(wrapped(rows), order_id="o2"))[0] == ["t4"]
    assert (await ids(wrapped(rows), since=START + timedelta(seconds=3)))[0] == ["t3", "t4", "t5"]


async def test_transfers_are_filtered_again_and_come_oldest_first() -> None:
    rows = [
        {"transfer_id": "b", "instrument_id": "i1", "status": "pending", "created_at": "2026-03-01T00:00:02Z"},
        {"transfer_id": "x", "instrument_id": "i2", "status": "pending", "created_at": "2026-03-01T00:00:02Z"},
        {"transfer_id": "a", "instrument_id": "i1", "status": "pending", "created_at": "2026-03-01T00:00:01Z"},
        {"transfer_id": "y", "instrument_id": "i1", "status": "pending", "created_at": "2026-02-01T00:00:01Z"},
        {"transfer_id": "?", "instrument_id": None, "status": "pending", "created_at": None},
    ]
    client, _ = client_of(wrapped(rows))
    found = await client.transfers(instrument_id="i1", since=START)
    assert [transfer.transfer_id for transfer in found] == ["?", "a", "b"]


async def test_orders_are_filtered_again_and_come_oldest_first() -> None:
    rows = [order(3, "filled"), order(1), order(2, market_id="m2"), order(0)]
    client, transport = client_of(wrapped(rows))
    found = await client.orders(market_id="m1", since=START + timedelta(seconds=1))
    assert [one.order_id for one in found] == ["o1", "o3"]
    query = dict(transport.requests[0].query)
    assert (query["market_id"], query["start_datetime"]) == ("m1", "2026-03-01T00:00:00.000000Z")


async def test_orders_of_one_side_status_and_instrument_are_asked_for_and_filtered_again() -> None:
    wanted = {"side": "buy", "status": "active", "instrument_id": "i1"}
    others = [{"side": "sell"}, {"status": "filled"}, {"instrument_id": "i2"}]
    rows = [order(1, **wanted), *(order(2 + place, **wanted | other) for place, other in enumerate(others))]
    client, transport = client_of(wrapped(rows))
    found = await client.orders(side=Side.BUY, status="active", instrument_id="i1")
    assert [one.order_id for one in found] == ["o1"]
    assert dict(transport.requests[0].query).items() >= wanted.items()


async def test_what_an_order_does_not_say_is_left_to_the_exchanges_filter() -> None:
    client, _ = client_of(wrapped([{"order_id": "o1"}]))
    found = await client.orders(
        market_id="m1", instrument_id="i1", side=Side.BUY, status="active", since=START, until=START
    )
    assert [one.order_id for one in found] == ["o1"]


@pytest.mark.parametrize(("asked", "told"), [("open", "active"), ("active", "open"), ("cancelled", "canceled")])
async def test_two_words_for_one_status_are_one(asked: str, told: str) -> None:
    client, transport = client_of(wrapped([order(1, told)]))
    assert len(await client.orders(status=asked)) == 1
    assert statuses(transport) == [asked]


async def test_open_orders_of_one_status_are_asked_for_once() -> None:
    client, transport = client_of(wrapped([order(1, "pending"), order(2, "filled"), order(3, "active")]))
    found = await client.orders(open_only=True, status="pending")
    assert [one.order_id for one in found] == ["o1"]
    assert statuses(transport) == ["pending"]


async def test_a_span_ends_before_its_end() -> None:
    rows = [trade(1), trade(2), trade(3)]
    found, [query] = await ids(wrapped(rows), since=START + timedelta(seconds=1), until=START + timedelta(seconds=3))
    assert found == ["t1", "t2"]
    assert (query["start_datetime"], query["end_datetime"]) == (
        "2026-03-01T00:00:00.000000Z",
        "2026-03-01T00:00:04.000000Z",
    )


async def test_the_ends_of_time_are_moments_like_others() -> None:
    always = {"since": datetime.min.replace(tzinfo=UTC), "until": datetime.max.replace(tzinfo=UTC)}
    found, [query] = await ids(wrapped([trade(1)]), **always)
    assert found == ["t1"]
    assert query["start_datetime"] == "1999-12-31T23:59:59.000000Z"
    client, transport = client_of(wrapped([]))
    await client.candles("m1", Resolution.D1, start=always["since"], end=always["until"])
    assert dict(transport.requests[0].query)["from"] == "946684799"


async def test_fills_of_one_instrument_are_filtered_again() -> None:
    rows = [trade(1, instrument_id="i1"), trade(2, instrument_id="i2"), trade(3)]
    found, [query] = await ids(wrapped(rows), instrument_id="i1")
    assert found == ["t1", "t3"]
    assert query["instrument_id"] == "i1"


def test_a_moment_without_a_time_zone_is_refused_before_anything_is_sent() -> None:
    client, transport = client_of()
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - wanted naive
    for ask in (
        lambda: client.fills(since=naive),
        lambda: client.orders(until=naive),
        lambda: client.transfers(since=naive),
        lambda: client.transfer_history(since=naive),
        lambda: client.candles("m1", Resolution.M1, start=naive),
        lambda: client.candles("m1", Resolution.M1, end=naive),
    ):
        with pytest.raises(InvalidRequest, match="time zone"):
            ask()
    assert transport.requests == []


async def test_a_list_can_be_read_row_by_row_with_one_page_at_a_time() -> None:
    client, transport = client_of(cursor([trade(1), trade(2)], "a"), cursor([trade(2), trade(3)], None))
    seen = [(fill.trade_id, len(transport.requests)) async for fill in client.fills()]
    assert seen == [("t1", 1), ("t2", 1), ("t3", 2)]


async def test_a_list_that_is_left_half_way_asks_for_no_more() -> None:
    client, transport = client_of(cursor([trade(1)], "a"))
    fills = aiter(client.fills())
    assert (await anext(fills)).trade_id == "t1"
    assert len(transport.requests) == 1


async def test_a_list_is_read_anew_every_time() -> None:
    client, transport = client_of(*[cursor([trade(1)], "a"), cursor([trade(2)], None)] * 3)
    fills = client.fills()
    assert transport.requests == []
    assert [fill.trade_id async for fill in fills] == ["t1", "t2"]
    assert [fill.trade_id async for fill in fills] == ["t1", "t2"]
    assert [fill.trade_id for fill in await fills] == ["t1", "t2"]
    assert len(transport.requests) == 6


async def test_several_lists_can_be_read_at_once() -> None:
    client, _ = client_of(wrapped([]), wrapped([]))
    fills, orders = await asyncio.gather(client.fills(), client.orders())
    assert (fills, orders) == ([], [])


async def test_a_list_in_circles_is_a_bad_answer_row_by_row_too() -> None:
    client, _ = client_of(cursor([trade(1)], "a"), cursor([trade(1)], "a"))
    with pytest.raises(BadAnswer, match="circles"):
        async for _fill in client.fills():
            pass


async def test_open_orders_can_be_read_one_by_one() -> None:
    client, _ = client_of(NONE, wrapped([order(2), order(1)]), NONE, wrapped([order(2, "partially_filled")]), NONE)
    assert {one.order_id: one.status async for one in client.orders(open_only=True)} == {
        "o1": "active",
        "o2": "partially_filled",
    }


def candle(minute: int) -> dict[str, Any]:
    at = int((START + timedelta(minutes=minute)).timestamp())
    return {"time": at, "open": "1", "high": "2", "low": "1", "close": "2", "volume": 3}


def numbered(rows: list[dict[str, Any]], number: int, of: int) -> Response:
    return page(rows, number, of, 100)


async def test_candles_come_in_numbered_pages_and_unix_time() -> None:
    client, transport = client_of(numbered([candle(2), candle(1)], 1, 2), numbered([candle(3), candle(4)], 2, 2))
    found = await client.candles(
        "m1", Resolution.M1, start=START + timedelta(minutes=2), end=START + timedelta(minutes=4, seconds=-0.5)
    )
    assert [one.start for one in found] == [START + timedelta(minutes=minute) for minute in (2, 3)]
    first, second = [dict(request.query) for request in transport.requests]
    assert first == {
        "market_id": "m1",
        "resolution": "1m",
        "from": str(int(START.timestamp()) + 119),
        "to": str(int(START.timestamp()) + 241),
        "order_by[]": "period_start",
        "order_directions[]": "asc",
        "page": "1",
        "page_size": "100",
    }
    assert second == first | {"page": "2"}
    assert len(transport.requests[1].query) == len(first)


def test_a_resolution_that_does_not_exist_is_refused() -> None:
    client, _ = client_of()
    with pytest.raises(InvalidRequest, match="1m"):
        client.candles("m1", "7m")  # type: ignore[arg-type]


def statuses(transport: Any) -> list[str]:
    return [dict(request.query)["status"] for request in transport.requests]


NONE = wrapped([])
LIFE = ["pending", "active", "open", "partially_filled", "cancellation_pending"]


async def test_open_orders_are_asked_for_in_every_status_and_then_in_those_that_occur() -> None:
    active, partial = wrapped([order(2)]), wrapped([order(1, "partially_filled")])
    client, transport = client_of(NONE, active, NONE, partial, NONE, active, partial)
    for _ in range(2):
        found = await client.orders(open_only=True)
        assert [one.order_id for one in found] == ["o1", "o2"]
    assert statuses(transport) == [*LIFE, "active", "partially_filled"]


@pytest.mark.parametrize("status", ["pending", "a_new_word"])
async def test_a_status_that_some_order_had_is_asked_for_from_then_on(status: str) -> None:
    client, transport = client_of(*[NONE] * 5, wrapped(order(1, status)), *[NONE] * 3)
    await client.orders(open_only=True)
    await client.order("o1")
    assert await client.orders(open_only=True) == []
    assert sorted(dict(request.query)["status"] for request in transport.requests[6:]) == sorted(
        ["active", "partially_filled", status]
    )


async def test_statuses_that_never_occurred_are_asked_for_again_from_time_to_time() -> None:
    usual = len(USUAL)
    client, transport = client_of(*[NONE] * (5 + usual * (EVERY - 1)), wrapped([order(1, "pending")]), *[NONE] * 4)
    for _ in range(EVERY):
        assert await client.orders(open_only=True) == []
    assert [one.status for one in await client.orders(open_only=True)] == ["pending"]
    assert statuses(transport)[-5:] == LIFE


async def test_a_list_that_failed_is_no_reason_to_ask_for_less() -> None:
    client, transport = client_of(NONE, answered({}, 503), *[NONE] * 5)
    with pytest.raises(ExchangeUnavailable):
        await client.orders(open_only=True)
    await client.orders(open_only=True)
    assert statuses(transport)[2:] == LIFE


async def test_a_placement_shows_which_status_new_orders_have() -> None:
    client, transport = client_of(*[NONE] * 5, wrapped(order(1, "open")), *[NONE] * 3)
    await client.orders(open_only=True)
    await client.place(NewOrder("gb-1", "m1", Side.BUY, 1, Decimal(1)))
    await client.orders(open_only=True)
    asked = [dict(request.query)["status"] for request in transport.requests[6:]]
    assert asked == ["active", "open", "partially_filled"]


async def test_an_order_that_moves_on_between_two_requests_is_listed_once_as_it_was_last() -> None:
    moved = order(1, "partially_filled", filled_quantity=2)
    client, _ = client_of(NONE, wrapped([order(1)]), NONE, wrapped([moved]), NONE)
    [found] = await client.orders(open_only=True)
    assert (found.status, found.filled) == ("partially_filled", 2)


async def test_an_ignored_status_filter_costs_one_list_and_hides_nothing() -> None:
    rows = [order(1, "filled"), order(2, "pending"), order(3, "a_new_word"), order(4, "cancelled"), order(5)]
    client, transport = client_of(cursor(rows[:2], "a"), cursor(rows[2:], None))
    found = await client.orders(open_only=True)
    assert [one.order_id for one in found] == ["o2", "o3", "o5"]
    assert statuses(transport) == ["pending", "pending"]


REFUSED = answered({"errors": {"detail": "status is invalid"}}, 422)


async def test_a_status_that_the_exchange_does_not_know_is_not_asked_for_again() -> None:
    client, transport = client_of(REFUSED, REFUSED, wrapped([order(1, "open")]), NONE, NONE, NONE, NONE)
    assert [one.order_id for one in await client.orders(open_only=True)] == ["o1"]
    assert await client.orders(open_only=True) == []
    assert statuses(transport) == [*LIFE, "open", "partially_filled"]


async def test_a_refusal_of_every_status_is_a_refusal_of_the_list() -> None:
    client, transport = client_of(*[REFUSED] * 10)
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="status is invalid"):
            await client.orders(open_only=True)
    assert statuses(transport) == LIFE * 2
