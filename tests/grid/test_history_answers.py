"""What was traded on a market, in every form in which the exchange may send it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.candle import Candle, Resolution
from bot.domain.market import MarketTrade
from bot.domain.order import Side
from bot.errors import BadAnswer
from bot.grid.results import MarketStats
from bot.ports import Response
from tests.grid.scripted import answered, client_of, wrapped

AT = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
UNIX = int(AT.timestamp())
CANDLE = {
    "time": UNIX,
    "open": "1.10",
    "high": "1.30",
    "low": "1.05",
    "close": "1.20",
    "volume": "12",
    "trade_count": 3,
    "novelty": None,
}
READ = Candle(AT, Decimal("1.10"), Decimal("1.30"), Decimal("1.05"), Decimal("1.20"), 12, 3)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"time": None, "period_start": "2026-03-01T11:00:00Z"},
        {"time": "2026-03-01T12:00:00+01:00"},
        {"time": str(UNIX)},
        {"time": UNIX * 1000},
        {"open": 1.1, "high": 1.3, "low": 1.05, "close": 1.2, "volume": 12.0, "trade_count": "3"},
    ],
)
async def test_a_candle_says_the_same_in_other_words(change: dict[str, Any]) -> None:
    client, transport = client_of(wrapped([CANDLE | change]))
    assert await client.candles("m1", Resolution.H1) == [READ]
    assert transport.paths == ["GET /v1/trading/price-histories"]


async def test_candles_are_read_unwrapped_too_and_may_not_tell_the_number_of_trades() -> None:
    client, _ = client_of(answered([CANDLE | {"trade_count": None}]))
    [candle] = await client.candles("m1", Resolution.H1)
    assert candle.trade_count is None


@pytest.mark.parametrize("field", ["time", "open", "high", "low", "close", "volume"])
@pytest.mark.parametrize("nonsense", [None, "soon", "NaN"])
async def test_a_candle_that_makes_no_sense_is_a_bad_answer(field: str, nonsense: object) -> None:
    client, _ = client_of(wrapped([CANDLE | {field: nonsense}]))
    with pytest.raises(BadAnswer, match="GET /v1/trading/price-histories 200: "):
        await client.candles("m1", Resolution.H1)


def trade(number: int, **change: Any) -> dict[str, Any]:
    row = {
        "trade_id": f"t{number}",
        "price": "1.25",
        "quantity": 2,
        "side": "buy",
        "execution_timestamp": (AT + timedelta(seconds=number)).isoformat(),
    }
    return row | change


@pytest.mark.parametrize(
    "body",
    [
        wrapped([trade(1), trade(2, side=None)]),
        wrapped([trade(2, side=None), trade(1)], paging={"has_more": True, "next_cursor": "more"}),
        answered([trade(1, quantity="2", price=1.25, side="BUY"), trade(2, side=None)]),
    ],
)
async def test_public_trades_come_newest_first(body: Response) -> None:
    client, transport = client_of(body)
    assert await client.market_trades("m1") == [
        MarketTrade("t2", "m1", Decimal("1.25"), 2, AT + timedelta(seconds=2)),
        MarketTrade("t1", "m1", Decimal("1.25"), 2, AT + timedelta(seconds=1), Side.BUY),
    ]
    assert transport.paths == ["GET /v1/trading/markets/m1/trades"]
    assert transport.requests[0].query == (("limit", "50"),)


@pytest.mark.parametrize(("limit", "asked"), [(2, "2"), (0, "1"), (1000, "100")])
async def test_public_trades_are_no_more_than_asked_for(limit: int, asked: str) -> None:
    client, transport = client_of(wrapped([trade(number) for number in range(120)]))
    trades = await client.market_trades("m1", limit=limit)
    assert len(trades) == int(asked)
    assert trades[0].trade_id == "t119"
    assert transport.requests[0].query == (("limit", asked),)


@pytest.mark.parametrize(
    "change", [{"trade_id": None}, {"price": "0"}, {"quantity": 0}, {"side": "up"}, {"execution_timestamp": None}]
)
async def test_a_public_trade_that_makes_no_sense_is_a_bad_answer(change: dict[str, Any]) -> None:
    client, _ = client_of(wrapped([trade(1, **change)]))
    with pytest.raises(BadAnswer, match=f"markets/m1/trades 200: .*`{next(iter(change))}`"):
        await client.market_trades("m1")


@pytest.mark.parametrize(
    ("row", "stats"),
    [
        (
            {"open": "1.1", "high": 1.3, "low": "1.0", "close": "1.2", "volume": "17", "num_trades": 4},
            MarketStats(
                market_id="m1",
                open=Decimal("1.1"),
                high=Decimal("1.3"),
                low=Decimal("1.0"),
                close=Decimal("1.2"),
                volume=17,
                num_trades=4,
            ),
        ),
        (
            {"open": None, "high": "0", "low": None, "close": None, "volume": 0, "num_trades": "0"},
            MarketStats(market_id="m1", volume=0, num_trades=0),
        ),
        ({}, MarketStats(market_id="m1")),
    ],
)
async def test_a_day_of_a_market_is_read_wrapped_or_not(row: dict[str, Any], stats: MarketStats) -> None:
    client, transport = client_of(wrapped(row), answered(row))
    assert await client.market_stats("m1") == stats
    assert await client.market_stats("m1") == stats
    assert transport.paths == ["GET /v1/trading/markets/m1/stats"] * 2
