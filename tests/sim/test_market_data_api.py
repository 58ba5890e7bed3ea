"""Public trades, candles and the figures of a day over the API."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from bot.domain.order import Side
from tests.sim.client import START, Client, Got

LAYOUTS = ["/v1/trading", "/v1"]


def market_id(client: Client) -> str:
    return client.api.venue.market_by_symbol("text-prime").market_id


def trade(alice: Client, bob: Client, price: str, quantity: int = 1, **later: float) -> None:
    bob.later(**later)
    alice.now = bob.now
    bob.order(side="sell", quantity=quantity, price=price)
    alice.order(quantity=quantity, price=price)


def candles(client: Client, resolution: str, *query: tuple[str, str], layout: str = "/v1") -> Got:
    asked = (("market_id", market_id(client)), ("resolution", resolution), *query)
    return client.get(f"{layout}/price-histories", *asked)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_stats_tell_the_last_24_hours(alice: Client, bob: Client, layout: str) -> None:
    trade(alice, bob, "9.00")
    for price, quantity in (("2.00", 3), ("3.50", 1), ("1.50", 2), ("2.25", 1)):
        trade(alice, bob, price, quantity, hours=10)
    assert alice.get(f"{layout}/markets/{market_id(alice)}/stats").data == {
        "market_id": market_id(alice),
        "open": "3.50",
        "high": "3.50",
        "low": "1.50",
        "close": "2.25",
        "volume": 4,
        "num_trades": 3,
        "timestamp": "2026-07-02T16:30:00Z",
    }


def test_stats_of_a_silent_day_are_empty(alice: Client, bob: Client) -> None:
    trade(alice, bob, "2.00")
    alice.later(days=1, minutes=1)
    stats = alice.get(f"/v1/markets/{market_id(alice)}/stats").data
    assert {stats[name] for name in ("open", "high", "low", "close")} == {None}
    assert (stats["volume"], stats["num_trades"]) == (0, 0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("route", ["price-histories", "price_histories"])
def test_a_candle_is_told_whole(alice: Client, bob: Client, layout: str, route: str) -> None:
    for price, quantity in (("2.00", 3), ("3.50", 1), ("1.50", 2)):
        trade(alice, bob, price, quantity, minutes=2)
    trade(alice, bob, "9.00", minutes=20)
    got = alice.get(f"{layout}/{route}", ("market_id", market_id(alice)), ("resolution", "15m"))
    assert got.json["meta"] == {"current_page": 1, "page_size": 50, "total_count": 2, "total_pages": 1}
    assert got.data[1] == {
        "market_id": market_id(alice),
        "resolution": "15m",
        "time": int(START.timestamp()),
        "period_start": "2026-07-01T00:30:00Z",
        "open": "2.00",
        "high": "3.50",
        "low": "1.50",
        "close": "1.50",
        "volume": 6,
        "trade_count": 3,
    }


@pytest.mark.parametrize(
    ("resolution", "starts"),
    [
        ("1m", ["01T00:31", "01T01:02", "01T05:03", "05T05:04", "06T05:05"]),
        ("5m", ["01T00:30", "01T01:00", "01T05:00", "05T05:00", "06T05:05"]),
        ("15m", ["01T00:30", "01T01:00", "01T05:00", "05T05:00", "06T05:00"]),
        ("30m", ["01T00:30", "01T01:00", "01T05:00", "05T05:00", "06T05:00"]),
        ("1h", ["01T00:00", "01T01:00", "01T05:00", "05T05:00", "06T05:00"]),
        ("4h", ["01T00:00", "01T04:00", "05T04:00", "06T04:00"]),
        ("1d", ["01T00:00", "05T00:00", "06T00:00"]),
        ("1w", ["29T00:00", "06T00:00"]),
        ("1M", ["01T00:00"]),
    ],
)
def test_candles_exist_where_there_were_trades(alice: Client, bob: Client, resolution: str, starts: list[str]) -> None:
    for minutes in (1, 31, 241, 4 * 24 * 60 + 1, 24 * 60 + 1):
        trade(alice, bob, "2.00", minutes=minutes)
    rows = candles(alice, resolution, ("order_by[]", "period_start"), ("order_directions[]", "asc")).data
    assert [row["period_start"][8:16] for row in rows] == starts
    assert sum(row["volume"] for row in rows) == sum(row["trade_count"] for row in rows) == 5
    assert all(datetime.fromisoformat(row["period_start"]).timestamp() == row["time"] for row in rows)


def test_candles_come_in_pages_newest_first_unless_asked_otherwise(alice: Client, bob: Client) -> None:
    for cents in range(1, 6):
        trade(alice, bob, f"0.{cents:02d}", minutes=1)
    got = candles(alice, "1m", ("page", "2"), ("page_size", "2"))
    assert [row["open"] for row in got.data] == ["0.03", "0.02"]
    assert got.json["meta"] == {"current_page": 2, "page_size": 2, "total_count": 5, "total_pages": 3}
    assert candles(alice, "1m", ("page", "4"), ("page_size", "2")).data == []
    rising = candles(alice, "1m", ("page_size", "3"), ("order_directions[]", "asc"))
    assert [row["open"] for row in rising.data] == ["0.01", "0.02", "0.03"]
    assert candles(alice, "1m", ("page_size", "3"), ("order_direction", "asc")).data == rising.data


def test_candles_can_be_cut_to_a_span_of_their_starts(alice: Client, bob: Client) -> None:
    for cents in range(1, 6):
        trade(alice, bob, f"0.{cents:02d}", minutes=1)
    first = int(START.timestamp()) + 60

    def opens(start: object, end: object) -> list[str]:
        return [row["open"] for row in candles(alice, "1m", ("from", str(start)), ("to", str(end))).data]

    assert opens(first + 60, first + 180) == ["0.04", "0.03", "0.02"]
    assert opens(first + 61, first + 179) == ["0.03"]
    assert opens(first + 180, first) == []
    assert opens(0, 99_999_999_999) == opens("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize("prefix", ["filters", "flop[filters]"])
def test_candles_take_bracketed_filters(alice: Client, bob: Client, prefix: str) -> None:
    trade(alice, bob, "2.00", minutes=1)
    trade(alice, bob, "3.00", hours=1)
    asked = {"market_id": market_id(alice), "resolution": "1h", "from": str(int(START.timestamp()) + 1)}
    query = [
        pair
        for number, (field, value) in enumerate(asked.items())
        for pair in ((f"{prefix}[{number}][field]", field), (f"{prefix}[{number}][value]", value))
    ]
    [row] = alice.get("/v1/trading/price-histories", *query).data
    assert (row["open"], row["resolution"]) == ("3.00", "1h")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"resolution": "2m"}, 400),
        ({"resolution": "1H"}, 400),
        ({"resolution": ""}, 400),
        ({"market_id": "market-0"}, 404),
        ({"from": "yesterday"}, 400),
        ({"to": "-1"}, 400),
        ({"page": "0"}, 400),
        ({"page_size": "101"}, 422),
        ({"order_directions[]": "sideways"}, 400),
    ],
)
def test_a_question_for_candles_that_makes_no_sense_is_refused(
    alice: Client, query: dict[str, str], status: int
) -> None:
    asked = {"market_id": market_id(alice), "resolution": "1m"} | query
    got = alice.get("/v1/price-histories", *asked.items())
    assert got.status == status
    assert got.detail


def test_candles_of_no_market_are_refused(alice: Client) -> None:
    got = alice.get("/v1/price-histories", ("resolution", "1m"))
    assert (got.status, got.detail) == (400, "market_id is needed")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_public_trades_come_in_pages_newest_first(alice: Client, bob: Client, layout: str) -> None:
    for cents in range(1, 8):
        trade(alice, bob, f"0.{cents:02d}", seconds=1)
    path = f"{layout}/markets/{market_id(alice)}/trades"
    seen: list[Any] = []
    page: list[tuple[str, str]] = []
    while True:
        got = alice.get(path, ("limit", "3"), *page)
        seen += got.data
        trade(alice, bob, "0.50")  # what comes in between does not shift the pages
        if not got.json["paging"]["has_more"]:
            break
        page = [("next", got.json["paging"]["next_cursor"])]
    assert [row["price"] for row in seen] == [f"0.{cents:02d}" for cents in range(7, 0, -1)]
    assert all(a["execution_timestamp"] > b["execution_timestamp"] for a, b in pairwise(seen))
    assert {row["market_id"] for row in seen} == {market_id(alice)}


def test_the_side_of_a_public_trade_is_the_takers(alice: Client, bob: Client) -> None:
    trade(alice, bob, "2.00")
    alice.order(quantity=1, price="1.00")
    bob.order(side="sell", quantity=1, price="1.00")
    path = f"/v1/markets/{market_id(alice)}/trades"
    assert [row["side"] for row in alice.get(path).data] == ["sell", "buy"]
    assert [row["price"] for row in alice.get(path, ("side", "buy")).data] == ["2.00"]


def test_pages_of_public_trades_end_where_memory_does(alice: Client, bob: Client) -> None:
    venue, market = alice.api.venue, alice.api.venue.market_by_symbol("text-prime")
    for _ in range(501):  # two trades each
        for seller, buyer in ((bob, alice), (alice, bob)):
            venue.place(seller.account, market, Side.SELL, 1, 1_000_000)
            venue.place(buyer.account, market, Side.BUY, 1, 1_000_000)
    count = 0
    page: str | None = ""
    while page is not None:
        got = alice.get(f"/v1/markets/{market.market_id}/trades?limit=100{page}")
        count += len(got.data)
        cursor = got.json["paging"]["next_cursor"]
        page = None if cursor is None else f"&next={cursor}"
    assert count == 1_000


@pytest.mark.parametrize(("limit", "status"), [("0", 400), ("x", 400), ("101", 422)])
def test_a_page_of_public_trades_has_bounds(alice: Client, limit: str, status: int) -> None:
    assert alice.get(f"/v1/markets/{market_id(alice)}/trades", ("limit", limit)).status == status
