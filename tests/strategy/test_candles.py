"""Candles that grow, and histories that are shown bit by bit: a hook cannot tell them apart, or see ahead."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.candle import Candle
from bot.strategy.candles import Candles
from bot.strategy.indicators import (
    atr,
    bollinger,
    crossed_above,
    crossed_below,
    ema,
    highest,
    lowest,
    macd,
    roc,
    rolling_quantile,
    rsi,
    sma,
    stdev,
    vwap,
    wma,
    zscore,
)
from bot.strategy.series import Series

START = datetime(2026, 1, 5, tzinfo=UTC)

CENTS = st.integers(1, 500)
CANDLES = st.lists(st.tuples(CENTS, CENTS, st.integers(0, 5)), min_size=1, max_size=40)


def candles_of(rows: list[tuple[int, int, int]]) -> list[Candle]:
    candles = []
    for i, (opened, closed, volume) in enumerate(rows):
        first, last = Decimal(opened) / 100, Decimal(closed) / 100
        start = START + timedelta(minutes=i)
        candles.append(Candle(start, first, max(first, last) + 1, min(first, last) / 2, last, volume))
    return candles


def history(candles: list[Candle]) -> Candles:
    columns: list[list[float]] = [
        [float(getattr(candle, name)) for candle in candles] for name in ("open", "high", "low", "close", "volume")
    ]
    return Candles.of("1m", [int(candle.start.timestamp()) for candle in candles], *columns)


def windows(candles: Candles) -> list[Series]:
    """Lines that depend on their windows alone, nested ones among them."""
    close = candles.close
    return [
        sma(close, 3),
        wma(close, 3),
        stdev(close, 3),
        zscore(close, 3),
        roc(close, 3),
        highest(candles.high, 4),
        lowest(candles.low, 4),
        rolling_quantile(close, 4, 0.3),
        vwap(candles, 3),
        *bollinger(close, 3),
        sma(stdev(close, 2), 2),
    ]


def everything(candles: Candles) -> list[Series]:
    close = candles.close
    averages = [ema(close, 3), rsi(close, 3), atr(candles, 3), *macd(close, 2, 4, 3), sma(rsi(close, 2), 3)]
    return [*windows(candles), *averages, candles.open, close, candles.volume]


def test_candles_begin_empty() -> None:
    for candles in (Candles("1m"), history(candles_of([(1, 2, 3)]))):
        assert (len(candles), len(candles.close), len(candles.time)) == (0, 0, 0)
        assert repr(candles) == "<Candles: 0 of 1m>"
        with pytest.raises(IndexError):
            candles.starts_at()


@pytest.mark.parametrize("live", [True, False])
def test_columns_times_and_frame(live: bool) -> None:
    rows = candles_of([(100, 200, 3), (300, 100, 0), (1, 1, 1)])
    candles = Candles("1m") if live else history(rows)
    if live:
        for candle in rows[:2]:
            candles.append(candle)
    else:
        candles.show(2)
    assert candles.resolution == "1m"
    assert candles.open.values.tolist() == [1, 3]
    assert candles.high.values.tolist() == [3, 4]
    assert candles.low.values.tolist() == [0.5, 0.5]
    assert candles.close.values.tolist() == [2, 1]
    assert candles.volume.values.tolist() == [3, 0]
    assert candles.starts_at() == candles.starts_at(1) == START + timedelta(minutes=1)
    assert candles.starts_at(-2) == START
    assert candles.time.dtype == np.dtype("datetime64[s]")
    assert candles.time.tolist() == [START.replace(tzinfo=None), (START + timedelta(minutes=1)).replace(tzinfo=None)]
    with pytest.raises(ValueError, match="read-only"):
        candles.time[0] = candles.time[1]
    frame = candles.frame()
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert frame.index[0] == pd.Timestamp(START)
    assert frame["close"].tolist() == [2, 1]
    frame.iloc[0, 3] = 9.0
    assert candles.close[0] == 2
    assert repr(candles) == "<Candles: 2 of 1m, newest 2026-01-05 00:01:00>"


@given(rows=CANDLES)
@settings(max_examples=40)
def test_at_every_candle_live_and_history_give_the_same_bits(rows: list[tuple[int, int, int]]) -> None:
    candles = candles_of(rows)
    shown, live = history(candles), Candles("1m")
    for n, candle in enumerate(candles, start=1):
        live.append(candle)
        shown.show(n)
        for growing, whole in zip(everything(live), everything(shown), strict=True):
            np.testing.assert_array_equal(growing.values, whole.values)
            assert growing[-1] == whole[-1] or math.isnan(growing[-1])
        for cross in (crossed_above, crossed_below):
            assert cross(live.close, sma(live.close, 2)) is cross(shown.close, sma(shown.close, 2))
        assert (live.time == shown.time).all()


@given(rows=CANDLES, later=CANDLES, n=st.integers(0, 40))
@settings(max_examples=40)
def test_what_is_visible_does_not_depend_on_what_comes_later(
    rows: list[tuple[int, int, int]], later: list[tuple[int, int, int]], n: int
) -> None:
    n = min(n, len(rows))
    one, other = history(candles_of(rows)), history(candles_of([*rows[:n], *later]))
    one.show(n)
    other.show(n)
    for a, b in zip(everything(one), everything(other), strict=True):
        assert len(a) == n
        np.testing.assert_array_equal(a.values, b.values)


@given(rows=CANDLES, keep=st.integers(1, 12))
@settings(max_examples=60)
def test_forgetting_the_oldest_candles_leaves_lines_as_they_are(rows: list[tuple[int, int, int]], keep: int) -> None:
    candles = candles_of(rows)
    whole, short = Candles("1m", keep=1000), Candles("1m", keep=keep)
    for n, candle in enumerate(candles, start=1):
        whole.append(candle)
        short.append(candle)
        assert min(n, keep) <= len(short) < 2 * keep
        for a, b in zip(everything(short), everything(whole), strict=True):
            np.testing.assert_array_equal(a.values, b.values[-len(short) :])
        assert short.time.tolist() == whole.time.tolist()[-len(short) :]
        assert short.starts_at() == candle.start


@given(rows=st.lists(st.tuples(CENTS, CENTS, st.integers(1, 5)), min_size=12, max_size=40))
@settings(max_examples=40)
def test_a_window_does_not_depend_on_where_the_history_begins(rows: list[tuple[int, int, int]]) -> None:
    whole = history(candles_of(rows))
    whole.show(len(rows))
    late = Candles("1m")
    for candle in candles_of(rows)[-8:]:
        late.append(candle)
    for a, b in zip(windows(late), windows(whole), strict=True):
        assert a[-1] == b[-1] or (math.isnan(a[-1]) and math.isnan(b[-1]))


@pytest.mark.parametrize("minutes", [0, -1])
def test_a_candle_that_is_not_newer_is_refused_and_changes_nothing(minutes: int) -> None:
    candles = Candles("1m")
    first = candles_of([(1, 2, 3), (4, 5, 6)])[1]
    candles.append(first)
    one = Decimal(1)
    with pytest.raises(ValueError, match="after the one of 2026-01-05 00:01:00"):
        candles.append(Candle(first.start + timedelta(minutes=minutes), one, one, one, one, 1))
    assert (len(candles), candles.close[-1]) == (1, 0.05)


def test_a_history_is_shown_and_live_candles_grow() -> None:
    rows = candles_of([(1, 2, 3)])
    whole = history(rows)
    with pytest.raises(ValueError, match="a whole history"):
        whole.append(rows[0])
    for n in (2, -1):
        with pytest.raises(ValueError, match=f"cannot show {n} candles of 1"):
            whole.show(n)
    with pytest.raises(ValueError, match="these candles grow"):
        Candles("1m").show(0)
    with pytest.raises(ValueError, match="at least one candle"):
        Candles("1m", keep=0)


BAD_HISTORIES: dict[str, tuple[list[int], list[float]]] = {
    r"close has \(1,\) values for \(2,\) candles": ([0, 60], [1.0]),
    "close of candle 1 is no finite number": ([0, 60], [1.0, math.nan]),
    "candle 2 does not begin after the one before it": ([0, 60, 60], [1.0, 1.0, 1.0]),
    "candle 1 does not begin after the one before it": ([60, 0], [1.0, 1.0]),
}


@pytest.mark.parametrize(("text", "columns"), BAD_HISTORIES.items(), ids=BAD_HISTORIES.keys())
def test_a_history_that_is_wrong_is_refused(text: str, columns: tuple[list[int], list[float]]) -> None:
    time, close = columns
    other = [1.0] * len(time)
    with pytest.raises(ValueError, match=text):
        Candles.of("1m", time, other, other, other, close, other)


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_times_may_come_in_any_unit(unit: str) -> None:
    time: Any = np.array(["2026-01-05T00:00", "2026-01-05T00:01"], dtype=f"datetime64[{unit}]")
    candles = Candles.of("1m", time, *[[1.0, 2.0]] * 5)
    candles.show(2)
    assert candles.starts_at(0) == START


def test_a_history_leaves_the_arrays_it_was_made_of_writable() -> None:
    close = np.array([1.0, 2.0])
    Candles.of("1m", [0, 60], close, close, close, close, close)
    close[0] = 3.0
    assert close.flags.writeable


def test_pandas_is_imported_by_frames_alone() -> None:
    import subprocess
    import sys

    code = "import sys, bot.strategy.candles, bot.strategy.indicators; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
