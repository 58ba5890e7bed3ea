"""Columns with a cursor, and the lines that authors derive from them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from bot.domain.candle import Candle
from bot.errors import StrategyError
from bot.strategy.candles import Candles
from bot.strategy.indicators import Windowed, crossed_above, sma
from bot.strategy.series import MOST_LINES, Floats, Series, Stepper

START = datetime(2026, 1, 5, tzinfo=UTC)


def a_series(*values: float, shown: int | None = None) -> Series:
    candles = Candles.of("1m", np.arange(len(values)) * 60, *[list(values)] * 5)
    candles.show(len(values) if shown is None else shown)
    return candles.close


def grown(*prices: int, keep: int = 500) -> Candles:
    candles = Candles("1m", keep=keep)
    for price in prices:
        grow(candles, price)
    return candles


def grow(candles: Candles, price: int) -> None:
    start = candles.starts_at() + timedelta(minutes=1) if len(candles) else START
    exact = Decimal(price)
    candles.append(Candle(start, exact, exact, exact, exact, 1))


class Momentum(Stepper):
    """The change since the value before."""

    def __init__(self) -> None:
        self.before = math.nan

    def update(self, x: float) -> float:
        change, self.before = x - self.before, x
        return change


class Inverse(Stepper):
    """An author's mistake: it fails at zero."""

    def update(self, x: float) -> float:
        return 1 / x


@pytest.mark.parametrize("series", [a_series(1, 2, 3, 99, shown=3), grown(1, 2, 3).close], ids=["history", "live"])
def test_a_series_reads_like_a_sequence_of_what_is_visible(series: Series) -> None:
    assert (series[-1], series[-3], series[0], series[2], len(series)) == (3, 1, 1, 3, 3)
    assert type(series[-1]) is float
    assert list(series) == [1, 2, 3]
    assert series[-2:].tolist() == series.values[1:].tolist() == [2, 3]
    assert repr(series) == "<Series of 3 values, newest 3>"
    for index in (3, -4):
        with pytest.raises(IndexError, match="of a series that has 3 values so far"):
            series[index]


@pytest.mark.parametrize("series", [a_series(), a_series(1, 2, shown=0), Candles("1m").close])
def test_an_empty_series_has_no_values_and_nan_for_what_is_computed_of_them(series: Series) -> None:
    with pytest.raises(IndexError):
        series[-1]
    assert series.values.tolist() == series[-5:].tolist() == []
    assert all(math.isnan(x) for x in (series.mean(), series.min(), series.max(), series.std()))
    assert series.sum() == 0
    assert repr(series) == "<Series of 0 values>"


@pytest.mark.parametrize("series", [a_series(1, 2, 3, 99, shown=3), grown(1, 2, 3).close], ids=["history", "live"])
def test_numpy_takes_a_series_for_an_array(series: Series) -> None:
    assert (series - 1.0).tolist() == (np.add(series, [-1, -1, -1])).tolist() == [0, 1, 2]
    assert (series > 1).tolist() == [False, True, True]
    assert (series / series).tolist() == [1, 1, 1]
    assert (-series).tolist() == [-1, -2, -3]
    assert np.median(series) == np.mean(series) == series.mean() == 2
    assert np.std(series, ddof=1) == 1
    assert series.std() == pytest.approx(math.sqrt(2 / 3))
    assert (np.min(series), np.max(series), np.sum(series)) == (series.min(), series.max(), series.sum()) == (1, 3, 6)
    assert np.asarray(series, dtype=np.int64).tolist() == [1, 2, 3]
    assert np.add.reduce(series) == 6


@pytest.mark.parametrize("series", [a_series(1, 2, 3), grown(1, 2, 3).close], ids=["history", "live"])
def test_what_is_handed_out_cannot_be_written_to(series: Series) -> None:
    for array in (series.values, series[-2:], np.asarray(series)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9
    copy = np.array(series)
    copy[0] = 9
    assert series[0] == 1


def test_an_array_handed_out_live_stays_as_it_was() -> None:
    candles = grown(1, 2)
    before = candles.close.values
    grow(candles, 3)
    assert (before.tolist(), candles.close.values.tolist()) == ([1, 2], [1, 2, 3])


def test_an_authors_stepper_makes_a_line_that_is_computed_once() -> None:
    made: list[Momentum] = []

    def make() -> Momentum:
        made.append(Momentum())
        return made[-1]

    history, live = a_series(1, 4, 9), grown(1, 4)
    assert history.line(("momentum",), make) is history.line(("momentum",), make)
    assert len(made) == 1
    line = live.close.line(("momentum",), make)
    grow(live, 9)
    assert live.close.line(("momentum",), make) is line
    assert len(made) == 2
    assert line[-2:].tolist() == history.line(("momentum",), make)[-2:].tolist() == [3, 5]


def test_an_author_writes_a_window_formula_once_for_both_ways_of_running() -> None:
    class Range(Windowed):
        name = "range"

        def of(self, window: Any) -> Any:
            return np.max(window, axis=0) - np.min(window, axis=0)

    for series in (a_series(1, 4, 9, 2), grown(1, 4, 9, 2).close):
        line = series.line(("range", 3), lambda: Range(3))
        assert line[-2:].tolist() == [8, 7]
        assert math.isnan(line[1])
    with pytest.raises(StrategyError, match="range: n must be a whole number of at least 1, not 0"):
        Range(0)


def test_a_line_shares_the_cursor_of_its_source() -> None:
    candles = Candles.of("1m", np.arange(4), *[[1, 2, 3, 4]] * 5)
    line = sma(sma(candles.close, 1), 2)
    assert len(line) == 0
    candles.show(3)
    assert (len(line), line[-1]) == (3, 2.5)
    candles.show(2)
    assert (len(line), line[-1]) == (2, 1.5)


def test_a_stepper_that_fails_live_is_told_to_who_reads_its_line_and_hinders_nobody_else() -> None:
    candles = grown(1, 2)
    line = candles.close.line(("inverse",), Inverse)
    nested = sma(line, 1)
    healthy = sma(candles.close, 2)
    assert line[-1] == nested[-1] == 0.5
    for price in (0, 4, 6):
        grow(candles, price)
    assert healthy[-1] == 5
    readings = (
        lambda: line[-1],
        lambda: line.values,
        lambda: nested[-1],
        lambda: crossed_above(line, healthy),
        lambda: candles.close.line(("inverse",), Inverse)[-1],
    )
    for read in readings:
        with pytest.raises(StrategyError, match=r"an indicator failed at a candle.*division by zero"):
            read()


def test_a_failed_line_does_not_hinder_forgetting() -> None:
    candles = grown(1, keep=2)
    line = candles.close.line(("inverse",), Inverse)
    for price in (0, 2, 3, 4, 5):
        grow(candles, price)
    assert candles.close.values.tolist() == [4, 5]
    with pytest.raises(StrategyError):
        line.values  # noqa: B018 - reading is what fails


def test_a_stepper_that_fails_on_the_history_fails_in_the_hook_that_asks() -> None:
    for series in (a_series(1, 0), grown(1, 0).close):
        with pytest.raises(ZeroDivisionError):
            series.line(("inverse",), Inverse)
        assert series.lines == {}


def test_a_computation_over_a_column_must_give_a_value_for_each_candle() -> None:
    class Short(Momentum):
        def over(self, *columns: Floats) -> Floats:
            return columns[0][1:]

    with pytest.raises(StrategyError, match=r"short: over\(\) gave an array of \(2,\) for columns of \(3,\)"):
        a_series(1, 2, 3).line(("short",), Short)


def test_columns_of_different_candles_make_no_line() -> None:
    one, other = Candles("1m"), Candles("1h")
    with pytest.raises(StrategyError, match="spread: a line is derived from columns of the same candles"):
        one.line(("spread",), (one.close, other.close), Momentum)


def test_a_hook_that_asks_for_another_line_at_each_candle_is_stopped() -> None:
    series = a_series(1, 2)
    for n in range(MOST_LINES):
        sma(series, n + 1)
    assert sma(series, 1)[-1] == 2
    with pytest.raises(StrategyError, match=f"sma: {MOST_LINES} lines are kept for this series already"):
        sma(series, MOST_LINES + 1)
