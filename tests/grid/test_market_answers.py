"""Markets, tickers and books, in every form in which the exchange may send them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.book import Book, Level
from bot.domain.market import Market, Ticker
from bot.errors import BadAnswer
from bot.grid.results import Instrument
from bot.ports import Response
from tests.grid.scripted import NOW, answered, client_of, wrapped

NEW_MARKET = {
    "market_id": "m1",
    "name": "text-prime/USD",
    "status": "active",
    "associated_instruments": ["usd-id", "i1"],
    "instruments": [
        {"instrument_id": "usd-id", "instrument_type": "currency", "symbol": "USD"},
        {"instrument_id": "i1", "instrument_type": "ai_commodity", "symbol": "text-prime"},
    ],
    "novelty": {"deep": [1, None]},
}
OLD_MARKET = {
    "market_id": "m2",
    "symbol": "code-max",
    "status": "suspended",
    "base_currency": "code-max",
    "quote_currency": "USD",
    "allowed_instruments": ["USD", "i2"],
    "min_order_size": "2",
    "max_order_size": 500,
    "price_increment": "0.0010",
    "size_increment": "1",
}


async def markets(*rows: dict[str, Any]) -> list[Market]:
    client, _ = client_of(wrapped(list(rows), paging={"has_more": False}))
    return await client.markets()


async def test_markets_are_read_in_the_newer_and_in_the_older_shape() -> None:
    assert await markets(NEW_MARKET, OLD_MARKET) == [
        Market("m1", "i1", "text-prime", Decimal("0.01"), 1, None, "active"),
        Market("m2", "i2", "code-max", Decimal("0.001"), 2, 500, "suspended"),
    ]


async def test_an_unwrapped_list_is_read_too() -> None:
    client, _ = client_of(answered([OLD_MARKET]))
    assert [market.market_id for market in await client.markets()] == ["m2"]


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"instruments": None}, "instrument_id", "usd-id"),
        ({"instruments": [], "associated_instruments": ["usd", "i9"]}, "instrument_id", "i9"),
        ({"instruments": None, "associated_instruments": ["i3"]}, "symbol", "text-prime/USD"),
        ({"instruments": None, "symbol": "text-prime"}, "symbol", "text-prime"),
        ({"status": "a_new_word"}, "status", "a_new_word"),
        ({"status": None}, "status", "active"),
        ({"price_increment": 0.05}, "tick", Decimal("0.05")),
        ({"min_order_size": "0.001"}, "min_size", 1),
        ({"min_order_size": "1.5"}, "min_size", 2),
        ({"max_order_size": "10.0"}, "max_size", 10),
        ({"max_order_size": None}, "max_size", None),
        ({}, "name", "text-prime/USD"),
        ({"description": "Text, prime"}, "description", "Text, prime"),
        ({"market_type": "spot"}, "market_type", "spot"),
        ({"created_at": "2026-03-01T11:00:00Z"}, "created_at", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ({"updated_at": 1772362800}, "updated_at", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ({"updated_at": None}, "updated_at", None),
    ],
)
async def test_what_a_market_leaves_out_or_says_otherwise(change: dict[str, Any], field: str, value: object) -> None:
    [market] = await markets(NEW_MARKET | change)
    assert getattr(market, field) == value


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"market_id": None}, "market_id"),
        ({"instruments": None, "associated_instruments": None}, "associated_instruments"),
        ({"instruments": None, "name": None}, "symbol"),
        ({"price_increment": "0"}, "price_increment"),
        ({"price_increment": "NaN"}, "price_increment"),
        ({"price_increment": "soon"}, "price_increment"),
        ({"max_order_size": True}, "max_order_size"),
        ({"instruments": "i1"}, "instruments"),
    ],
)
async def test_a_market_that_makes_no_sense_is_a_bad_answer_that_names_the_field(
    change: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadAnswer, match=rf"GET /v1/trading/markets 200: .*{field}"):
        await markets(NEW_MARKET | change)


async def test_one_market_is_read_wrapped_or_not() -> None:
    client, transport = client_of(wrapped(OLD_MARKET), answered(OLD_MARKET))
    market = Market("m2", "i2", "code-max", Decimal("0.001"), 2, 500, "suspended")
    assert [await client.market("m2"), await client.market("m2")] == [market, market]
    assert transport.paths == ["GET /v1/trading/markets/m2"] * 2


INSTRUMENT = {
    "instrument_id": "i1",
    "symbol": "text-prime",
    "name": "Text Prime",
    "instrument_type": "ai_commodity",
    "status": "active",
    "is_active": True,
    "precision": "0",
    "created_at": "2026-03-01T11:59:58.5Z",
    "updated_at": None,
    "novelty": 1,
}
AT = datetime(2026, 3, 1, 11, 59, 58, 500_000, UTC)
READ = Instrument(
    instrument_id="i1",
    symbol="text-prime",
    name="Text Prime",
    instrument_type="ai_commodity",
    status="active",
    is_active=True,
    precision=0,
    created_at=AT,
)


async def test_instruments_are_listed_and_found_by_id_and_by_symbol() -> None:
    bare = {"instrument_id": "usd", "symbol": "USD"}
    client, transport = client_of(wrapped([INSTRUMENT, bare]), wrapped(INSTRUMENT), answered(INSTRUMENT))
    assert await client.instruments() == [READ, Instrument(instrument_id="usd", symbol="USD")]
    assert await client.instrument("i1") == READ
    assert await client.instrument_by_symbol("text/prime") == READ
    assert transport.paths == [
        "GET /v1/instruments",
        "GET /v1/instruments/i1",
        "GET /v1/instruments/by-symbol/text%2Fprime",
    ]


@pytest.mark.parametrize("change", [{"instrument_id": None}, {"symbol": None}, {"precision": 0.5}, {"is_active": "x"}])
async def test_an_instrument_that_makes_no_sense_is_a_bad_answer(change: dict[str, Any]) -> None:
    client, _ = client_of(wrapped(INSTRUMENT | change))
    with pytest.raises(BadAnswer, match=f"{next(iter(change))}"):
        await client.instrument("i1")


TICKER = {
    "market_id": "m1",
    "timestamp": "2026-03-01T11:59:58.5Z",
    "highest_bid": "1.20",
    "lowest_ask": 1.3,
    "last_price": "1.25",
    "volume_24h": None,
}


async def ticker(body: Response) -> Ticker:
    client, transport = client_of(body)
    found = await client.ticker("m1")
    assert transport.paths == ["GET /v1/trading/markets/m1/ticker"]
    return found


@pytest.mark.parametrize("body", [wrapped(TICKER), answered(TICKER)])
async def test_a_ticker_is_read_wrapped_or_not(body: Response) -> None:
    at = datetime(2026, 3, 1, 11, 59, 58, 500_000, UTC)
    assert await ticker(body) == Ticker("m1", at, Decimal("1.20"), Decimal("1.3"), Decimal("1.25"))


async def test_a_ticker_is_read_in_its_other_spelling() -> None:
    found = await ticker(wrapped({"bid": "0.9", "ask": 1, "timestamp": None}))
    assert found == Ticker("m1", NOW, Decimal("0.9"), Decimal(1), None)


async def test_a_ticker_tells_of_the_last_trade_and_the_last_day() -> None:
    row = {
        "last_price": "1.25",
        "last_trade_quantity": "3",
        "last_trade_timestamp": 1772366398.5,
        "volume_24h": "17.0",
        "high_24h": "1.40",
        "low_24h": 1.1,
        "price_change_24h": "-0.05",
        "price_change_percent_24h": "-3.85",
        "timestamp": AT.isoformat(),
    }
    assert await ticker(wrapped(row)) == Ticker(
        "m1",
        AT,
        last_price=Decimal("1.25"),
        last_quantity=3,
        last_at=AT,
        volume_24h=17,
        high_24h=Decimal("1.40"),
        low_24h=Decimal("1.1"),
        change_24h=Decimal("-0.05"),
        change_percent_24h=Decimal("-3.85"),
    )


@pytest.mark.parametrize("nothing", [None, "0", 0, "0.00"])
async def test_an_empty_side_has_no_price(nothing: object) -> None:
    found = await ticker(wrapped({"highest_bid": nothing, "lowest_ask": nothing, "last_price": nothing}))
    assert (found.bid, found.ask, found.last_price) == (None, None, None)


@pytest.mark.parametrize(
    "row", [{"bid": "-1"}, {"bid": "inf"}, {"bid": "sNaN"}, {"bid": "1e99"}, {"bid": "1e-99"}, {"timestamp": "x"}]
)
async def test_a_ticker_that_makes_no_sense_is_a_bad_answer(row: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match=f"markets/m1/ticker 200: .*`{next(iter(row))}`"):
        await ticker(wrapped(row))


BOOK = Book(
    "m1",
    bids=(Level(Decimal("1.2"), 5, 2), Level(Decimal("1.1"), 7, 1)),
    asks=(Level(Decimal("1.3"), 1, 1), Level(Decimal("1.4"), 2, 1)),
)
BIDS = [{"price": "1.1", "quantity": "7"}, {"price": "1.2", "quantity": 5, "total": "6.0", "order_count": "2"}]
ASKS = [{"price": 1.4, "quantity": 2.0}, {"price": 1.3, "quantity": "1.0"}, {"price": "1.35", "quantity": 0}]
PAIRS = [["1.4", "2"], [1.3, 1, 9]]


@pytest.mark.parametrize(
    "body",
    [
        wrapped({"buy": BIDS, "sell": ASKS}),
        wrapped({"bids": BIDS, "asks": ASKS}),
        answered({"bids": BIDS, "asks": PAIRS, "market_id": "m1"}),
        wrapped({"buy": BIDS, "sell": PAIRS}),
    ],
)
async def test_a_book_is_read_in_every_form_and_sorted_best_first(body: Response) -> None:
    client, transport = client_of(body)
    assert await client.book("m1", depth=50) == BOOK
    assert transport.requests[0].query == (("depth", "50"),)


async def test_a_book_is_no_deeper_than_asked_for() -> None:
    client, transport = client_of(wrapped({"buy": BIDS, "sell": ASKS}), wrapped({"buy": [], "sell": []}))
    book = await client.book("m1", depth=1)
    assert (book.bids, book.asks) == (BOOK.bids[:1], BOOK.asks[:1])
    assert await client.book("m1", depth=1000) == Book("m1")
    assert transport.requests[1].query == (("depth", "100"),)


@pytest.mark.parametrize(
    "data",
    [
        {"buy": []},
        {"buy": [["1.2"]], "sell": []},
        {"buy": [], "sell": [{"price": "1"}]},
        {"buy": [], "sell": [{"price": "0", "quantity": 1}]},
        {"buy": [], "sell": [{"price": "1", "quantity": 1.5}]},
        {"buy": ["1.2"], "sell": []},
    ],
)
async def test_a_book_that_makes_no_sense_is_a_bad_answer(data: dict[str, Any]) -> None:
    client, _ = client_of(wrapped(data))
    with pytest.raises(BadAnswer, match="markets/m1/orderbook 200"):
        await client.book("m1")
