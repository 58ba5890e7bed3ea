"""Candles from files, arrays and one by one, and what is wrong with them."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.backtest import Gap, History
from bot.domain.candle import Candle, Resolution
from bot.domain.market import Market
from bot.errors import DataError
from tests.backtest.worlds import MARKET, START, candles

HEADER = "Time,Open,High,Low,Close,Volume\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "candles.csv"
    path.write_text(text)
    return path


def test_a_file_is_scaled_and_rounded_to_the_tick_with_its_zone(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv.gz"
    rows = "2026-01-01T01:00:00+01:00,100,110.4,90,101.26,7.5\n2026-01-01T00:01:00,100,100,100,100,0\n"
    path.write_bytes(gzip.compress((HEADER + rows).encode()))
    history = History.read(path, MARKET, scale=Decimal("0.01"))
    assert history.resolution is Resolution.M1
    assert history.time[0] == datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1e9
    assert [column[0] for column in (history.open, history.high, history.low, history.close)] == [
        1_000_000,
        1_100_000,
        900_000,
        1_010_000,
    ]
    assert history.volume.tolist() == [7.5, 0]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("2026-01-01 00:00:00,2,3,1,2,0\n\n2026-01-01 00:00:00,2,3,1,2,0\n", "line 4: .*times must rise"),
        ("2026-01-01 00:00:00,2,1,3,2,0\n", "line 2: the high 1 is below the low 3"),
        ("2026-01-01 00:00:00,2,nan,1,2,0\n", "line 2: high: 'nan' is not a finite number"),
        ("2026-01-01 00:00:00,2,3,0.001,2,0\n", "line 2: low: 0.001 x 1 rounds to 0 on the tick 0.01"),
        ("2026-01-01 00:00:00,2,3,1,2,0\n", "a single candle does not tell"),
        (
            "".join(f"2026-01-01 00:{minute}:00,2,3,1,2,0\n" for minute in ("00", "05", "10", "12")),
            "line 5: 2026-01-01 00:12:00.* is within the 5m candle of 2026-01-01 00:10:00",
        ),
        (
            "".join(f"2026-01-01 00:0{minute}:00,2,3,1,2,0\n" for minute in (0, 2, 4)),
            "candles begin every 0:02:00, which is none of 1m, 5m",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_one_line(tmp_path: Path, rows: str, fault: str) -> None:
    with pytest.raises(DataError, match=fault) as raised:
        History.read(written(tmp_path, HEADER + rows), MARKET)
    assert "\n" not in str(raised.value)


def candle(start: datetime, price: str) -> Candle:
    four = Decimal(price)
    return Candle(start, four, four, four, four, 1)


def columns(**changes: Any) -> dict[str, Any]:
    flat = {name: [1.0, 1.0, 1.0] for name in ("open", "high", "low", "close")}
    return {"time": np.arange(3) * 60_000_000_000, **flat, **changes}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"time": []}, "there are no candles|times must be"),
        ({"time": np.array([], dtype=np.int64)}, "there are no candles"),
        ({"time": [0.0, 1.0, 2.0]}, "times must be numpy times or whole nanoseconds"),
        ({"close": [1.0, 1.0]}, "there are 3 candles, but the column 'close'"),
        ({"open": [1.0, float("nan"), 1.0]}, "candle 1: its open is nan"),
        ({"low": [1.0, 0.0, 1.0]}, "candle 1: its low, 0.0, is not a positive price"),
        ({"low": [1.0, 2.0, 1.0]}, "candle 1: its high, 1.0, is below its low, 2.0"),
        ({"close": [1.0, 1.0, 2.0]}, "candle 2: its close, 2.0, is not between low and high"),
        ({"volume": [1.0, -1.0, 1.0]}, "candle 1: its volume, -1.0, is not 0 or more"),
    ],
)
def test_what_is_wrong_with_columns_is_told(changes: dict[str, Any], fault: str) -> None:
    given = columns(**changes)
    with pytest.raises(DataError, match=fault):
        History.of_arrays(MARKET, given.pop("time"), **given)


def test_columns_become_exact_prices_that_hooks_see_as_floats() -> None:
    times = np.array(["2026-01-05T00:00", "2026-01-05T00:01"], dtype="datetime64[m]")
    history = History.of_arrays(MARKET, times, open=[1, 1], high=[2, 1.004999], low=[0.5, 1], close=[1.5, 1])
    assert history.high.tolist() == [2_000_000, 1_000_000]
    shown = history.candles()
    assert len(shown) == 0
    shown.show(2)
    assert (shown.high.values.tolist(), shown.starts_at()) == ([2.0, 1.0], START + timedelta(minutes=1))
    assert "2 candles of 1m" in repr(history)


@pytest.mark.parametrize(
    ("one", "fault"),
    [
        (candle(START.replace(tzinfo=None), "1"), "names no time zone"),
        (candle(START, "1.005"), "1.005, is not on the market's tick"),
        (candle(START, "0.0000001"), "candle 0: open: .*micro-dollars"),
    ],
)
def test_what_is_wrong_with_a_candle_is_told(one: Candle, fault: str) -> None:
    with pytest.raises(DataError, match=fault):
        History.of(MARKET, [one], Resolution.M1)


def test_a_tick_finer_than_a_micro_dollar_is_refused() -> None:
    with pytest.raises(DataError, match=r"a tick of .* is too fine"):
        History.of(Market("m", "i", "s", Decimal("0.0000001")), [candle(START, "1")], Resolution.M1)


def test_gaps_are_told_and_months_and_days_are_known() -> None:
    def at(*days: int) -> History:
        return History.of(MARKET, [candle(START + timedelta(days=day), "1") for day in days])

    weekend = at(0, 1, 4, 5)
    assert weekend.resolution is Resolution.D1
    assert weekend.gaps == (Gap(START + timedelta(days=1), START + timedelta(days=4)),)
    months = at(27, 27 + 28, 27 + 59)
    assert months.resolution is Resolution.MONTH
    assert months.gaps == ()


def test_a_history_can_be_cut() -> None:
    history = candles("100", "101", "102")
    assert history.first(2).close.tolist() == [1_000_000, 1_010_000]
    with pytest.raises(DataError, match="at least one candle"):
        history.first(0)


@pytest.mark.parametrize(
    ("name", "tick", "resolution", "count"),
    [("eurusd_1h.csv", "0.00001", Resolution.H1, 5_000), ("btc_perp_1m.csv.gz", "0.5", Resolution.M1, 45_031)],
)
def test_real_files_are_read(shared: Path, name: str, tick: str, resolution: Resolution, count: int) -> None:
    market = Market("m", "i", "text-prime", Decimal(tick))
    history = History.read(shared / "data" / "candles" / name, market)
    assert (len(history), history.resolution) == (count, resolution)
