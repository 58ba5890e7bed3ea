"""Reference prices: candle files, their replay, and random walks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.candle_file import Candle, read_candles
from bot.errors import DataError
from bot.sim.prices import RandomWalk, Replay, WalkConfig

START = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "timestamp,open,high,low,close,volume\n"


def candle_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "candles.csv"
    path.write_text(text)
    return path


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def candle(minute: int, prices: str, volume: str = "0") -> Candle:
    opened, high, low, close = map(Decimal, prices.split())
    return Candle(START + timedelta(minutes=minute), opened, high, low, close, Decimal(volume))


@pytest.mark.parametrize("header", [HEADER, ",Open,High,Low,Close,Volume\n"])
def test_candles_are_read_with_a_named_and_with_an_unnamed_time_column(tmp_path: Path, header: str) -> None:
    path = candle_file(tmp_path, header + "2026-01-01 00:00:00,2,3.5,1,2.5,7\n2026-01-01 00:01:00,2,2,2,2,0\n")
    assert read_candles(path) == [candle(0, "2 3.5 1 2.5", "7"), candle(1, "2 2 2 2")]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2026-01-01 00:01:00,2,1,3,2,0", "line 3: the high 1 is below the low 3"),
        ("2026-01-01 00:01:00,4,3,1,2,0", "line 3: the open 4 is not between the low 1 and the high 3"),
        ("2026-01-01 00:01:00,2,3,1,0.5,0", "line 3: the close 0.5 is not between the low 1 and the high 3"),
        ("2026-01-01 00:01:00,2,3,0,2,0", "line 3: low: 0 is not a positive price"),
        ("2026-01-01 00:01:00,2,x,1,2,0", "line 3: high: 'x' is not a number"),
        ("2026-01-01 00:00:00.5,2,3,1,2,0", "line 3: 2026-01-01 00:00:00.500000+00:00 comes less than a second after"),
        ("2026-01-01 00:00:00,2,3,1,2,0", "line 3: 2026-01-01 00:00:00+00:00 comes after 2026-01-01 00:00:00+00:00"),
        ("2025-12-31 00:00:00,2,3,1,2,0", "line 3: .*times must rise"),
        ("2026-01-01 00:01:00,2,3,1,2,-1", "line 3: volume: -1 is negative"),
        ("tomorrow,2,3,1,2,0", "line 3: 'tomorrow' is not a time"),
    ],
)
def test_a_malformed_candle_is_told_with_file_and_line(tmp_path: Path, row: str, fault: str) -> None:
    path = candle_file(tmp_path, HEADER + "2026-01-01 00:00:00,2,3,1,2,0\n" + row + "\n")
    with pytest.raises(DataError, match=f"candles.csv, {fault}".replace("+", r"\+")):
        read_candles(path)


def test_missing_candle_columns_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: the columns are timestamp, price; a candle file has timestamp,open"):
        read_candles(candle_file(tmp_path, "timestamp,price\n2026-01-01,2\n"))


def test_a_replay_walks_through_every_price_of_a_candle_and_then_begins_anew() -> None:
    replay = Replay([candle(0, "2 4 1 3"), candle(1, "3 3 1 2")], Decimal("2.375"), START)
    corners = [replay.at(seconds(15 * quarter)) for quarter in range(9)]
    assert corners == [
        2_000_000,
        1_000_000,
        4_000_000,
        3_000_000,
        3_000_000,
        3_000_000,
        1_000_000,
        2_000_000,
        2_000_000,
    ]
    assert replay.at(seconds(7.5)) == 1_500_000


def test_a_replay_has_the_wanted_mean_over_its_span_and_closes_gaps_up() -> None:
    candles = [candle(0, "100 120 90 110"), candle(1, "110 111 109 110"), candle(5000, "95 96 80 82")]
    replay = Replay(candles, Decimal("2.50"), START)
    prices = [replay.at(seconds(second)) for second in range(180)]
    assert mean(prices) == pytest.approx(2_500_000, abs=1)
    assert replay.at(seconds(180)) == prices[0]


def test_one_candle_is_replayed_as_a_minute() -> None:
    replay = Replay([candle(0, "1 1 1 1")], Decimal(2), START)
    assert replay.at(seconds(77)) == 2_000_000


def test_real_candles_replay_around_the_wanted_mean(shared: Path) -> None:
    candles = read_candles(shared / "data" / "candles" / "eurusd_1h.csv")
    assert len(candles) == 5_000
    replay = Replay(candles, Decimal(2), START)
    prices = [replay.at(START + quarter * timedelta(minutes=15)) for quarter in range(4 * 5_000)]
    assert mean(prices) == pytest.approx(2_000_000, abs=1)


def test_a_month_of_real_minute_candles_reads_whole(shared: Path) -> None:
    assert len(read_candles(shared / "data" / "candles" / "btc_perp_1m.csv.gz")) == 45_031


def test_a_walk_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    hours = [START + timedelta(hours=hour) for hour in range(48)]
    walks = [RandomWalk(WalkConfig(Decimal(2)), seed, START) for seed in (1, 1, 2)]
    first, same, other = ([walk.at(hour) for hour in hours] for walk in walks)
    assert first == same
    assert first != other
    assert len(set(first)) > 40


@given(st.lists(st.integers(0, 3600), min_size=1).map(sorted))
def test_a_walk_does_not_depend_on_how_often_it_is_asked(asked: list[int]) -> None:
    often, once = (RandomWalk(WalkConfig(Decimal(2)), 1, START) for _ in range(2))
    assert [often.at(seconds(second)) for second in asked][-1] == once.at(seconds(asked[-1]))


def test_a_walk_starts_at_its_mean_and_stays_around_it() -> None:
    walk = RandomWalk(WalkConfig(Decimal(2)), 7, START)
    assert walk.at(START) == 2_000_000
    prices = [walk.at(START + timedelta(hours=hour)) for hour in range(24 * 60)]
    assert mean(prices) == pytest.approx(2_000_000, rel=0.01)
    assert 1_600_000 < min(prices) < 1_900_000 < 2_100_000 < max(prices) < 2_400_000
