"""Candles agree with the trades that they are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.candle import Resolution
from bot.sim.bars import Bar
from bot.sim.periods import first_from, period_of
from bot.sim.price_history import PriceHistory

START = datetime(2026, 6, 30, 22, 57, 12, tzinfo=UTC)

Trade = tuple[datetime, int, int]


def recorded(trades: list[Trade]) -> PriceHistory:
    history = PriceHistory()
    for at, price, quantity in trades:
        history.record(at, price, quantity)
    return history


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def bar_of(start: int, trades: list[Trade]) -> Bar:
    prices = [price for _, price, _ in trades]
    volume = sum(quantity for _, _, quantity in trades)
    return Bar(start, prices[0], max(prices), min(prices), prices[-1], volume, len(trades))


def naive(trades: list[Trade], resolution: Resolution) -> list[Bar]:
    grouped = groupby(trades, key=lambda trade: period_of(resolution, int(trade[0].timestamp()))[0])
    return [bar_of(start, list(inside)) for start, inside in grouped]


def all_of(history: PriceHistory, resolution: Resolution, *span: int | None) -> list[Bar]:
    candles = history.candles(resolution, *span)
    return [candles[place] for place in range(len(candles))]


steps = st.sampled_from([0, 1, 20, 60, 61, 300, 3600, 15_000, 86_400, 200_000]).map(lambda n: timedelta(seconds=n))
histories = st.lists(st.tuples(steps, st.integers(1, 9), st.integers(1, 5)), min_size=1, max_size=60).map(
    lambda made: [
        (START + sum((step for step, _, _ in made[: n + 1]), timedelta()), *made[n][1:]) for n in range(len(made))
    ]
)


@given(trades=histories, resolution=st.sampled_from([Resolution.D1, Resolution.W1, Resolution.MONTH]))
def test_long_candles_are_those_of_all_trades(trades: list[Trade], resolution: Resolution) -> None:
    assert all_of(recorded(trades), resolution) == naive(trades, resolution)


@given(trades=histories, resolution=st.sampled_from([each for each in Resolution if each.length]))
def test_short_candles_are_those_of_the_trades_of_the_last_32_days(trades: list[Trade], resolution: Resolution) -> None:
    kept_from = trades[-1][0].replace(hour=0, minute=0, second=0) - timedelta(days=31)
    if resolution in (Resolution.D1, Resolution.W1):
        kept_from = trades[0][0]
    expected = naive([trade for trade in trades if trade[0] >= kept_from], resolution)
    assert all_of(recorded(trades), resolution) == expected


@given(
    trades=histories,
    resolution=st.sampled_from(Resolution),
    start=st.none() | st.integers(-90_000, 4_000_000),
    end=st.none() | st.integers(-90_000, 4_000_000),
)
def test_a_span_holds_the_candles_that_begin_in_it(
    trades: list[Trade], resolution: Resolution, start: int | None, end: int | None
) -> None:
    history = recorded(trades)
    first = None if start is None else int(START.timestamp()) + start
    last = None if end is None else int(START.timestamp()) + end
    assert all_of(history, resolution, first, last) == [
        bar
        for bar in all_of(history, resolution)
        if (first is None or bar.start >= first) and (last is None or bar.start <= last)
    ]


@given(trades=histories, later=st.integers(0, 100_000))
def test_the_last_24_hours_are_those_of_its_minutes(trades: list[Trade], later: int) -> None:
    now = trades[-1][0] + timedelta(seconds=later)
    history = recorded(trades)
    inside = [trade for trade in trades if trade[0].replace(second=0) > now - timedelta(days=1)]
    day = history.last_24_hours(now)
    assert day == (bar_of(unix(f"{inside[0][0].replace(second=0)}"), inside) if inside else None)


def test_the_last_24_hours_follow_every_trade_and_every_minute() -> None:
    history = PriceHistory()
    trades: list[Trade] = []
    for number in range(200):
        trades.append((START + timedelta(minutes=9 * number + number % 3), 1 + number * 7 % 11, 1 + number % 4))
        history.record(*trades[-1])
        now = trades[-1][0] + timedelta(seconds=5)
        inside = [trade for trade in trades if trade[0].replace(second=0) > now - timedelta(days=1)]
        assert history.last_24_hours(now) == bar_of(unix(f"{inside[0][0].replace(second=0)}"), inside)


@pytest.mark.parametrize(
    ("resolution", "start", "end"),
    [
        ("1m", "2026-07-22T13:47Z", "2026-07-22T13:48Z"),
        ("5m", "2026-07-22T13:45Z", "2026-07-22T13:50Z"),
        ("15m", "2026-07-22T13:45Z", "2026-07-22T14:00Z"),
        ("30m", "2026-07-22T13:30Z", "2026-07-22T14:00Z"),
        ("1h", "2026-07-22T13:00Z", "2026-07-22T14:00Z"),
        ("4h", "2026-07-22T12:00Z", "2026-07-22T16:00Z"),
        ("1d", "2026-07-22T00:00Z", "2026-07-23T00:00Z"),
        ("1w", "2026-07-20T00:00Z", "2026-07-27T00:00Z"),
        ("1M", "2026-07-01T00:00Z", "2026-08-01T00:00Z"),
    ],
)
def test_spans_begin_at_round_times_in_utc_and_weeks_on_monday(resolution: str, start: str, end: str) -> None:
    at = unix("2026-07-22T13:47:31Z")
    assert period_of(Resolution(resolution), at) == (unix(start), unix(end))
    assert first_from(Resolution(resolution), at) == unix(end)
    assert first_from(Resolution(resolution), unix(start)) == unix(start)


def test_months_have_their_own_lengths() -> None:
    assert period_of(Resolution.MONTH, unix("2024-02-29T23:59Z")) == (
        unix("2024-02-01T00:00Z"),
        unix("2024-03-01T00:00Z"),
    )
    assert period_of(Resolution.MONTH, unix("2026-12-31T00:00Z"))[1] == unix("2027-01-01T00:00Z")


def test_minutes_are_kept_for_32_days_and_days_for_ever() -> None:
    history = PriceHistory()
    for hour in range(100 * 24):
        history.record(START + timedelta(hours=hour), 2_000_000 + hour, 7)
    assert len(history.candles(Resolution.M1)) == 31 * 24 + 22
    assert len(history.candles(Resolution.D1)) == 101
