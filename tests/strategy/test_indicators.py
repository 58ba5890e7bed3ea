"""Indicators against their definitions, written down in pandas; and one value at a time against whole columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.strategy.indicators as indicators
from bot.errors import StrategyError
from bot.strategy.candles import Candles
from bot.strategy.indicators import (
    Atr,
    Band,
    Ema,
    Highest,
    Lowest,
    MacdLine,
    Quantile,
    Roc,
    Rsi,
    Sma,
    Stdev,
    Stepper,
    Vwap,
    Wma,
    Zscore,
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

PRICES = st.lists(st.integers(1, 10**6).map(lambda cents: cents / 100), max_size=50)
ANY_SIZE = st.floats(1e-100, 1e100) | st.floats(-1e100, -1e-100) | st.just(0.0)
WILD = st.lists(ANY_SIZE, max_size=40) | st.builds(lambda x, n: [x] * n, ANY_SIZE, st.integers(0, 40))
WITH_HOLES = st.lists(st.floats(-1e6, 1e6) | st.just(math.nan) | st.sampled_from([1.0, 2.0]), max_size=50)
LENGTHS = st.integers(1, 8)

STEPPERS: dict[str, Callable[[int], Stepper]] = {
    "sma": Sma,
    "ema": Ema,
    "wma": Wma,
    "rsi": Rsi,
    "stdev": Stdev,
    "zscore": Zscore,
    "band above": lambda n: Band(n, 1.5),
    "band below": lambda n: Band(n, -1.5),
    "roc": Roc,
    "macd": lambda n: MacdLine(n, n + 3),
    "highest": Highest,
    "lowest": Lowest,
    "first quartile": lambda n: Quantile(n, 0.25),
}
every_stepper = pytest.mark.parametrize("make", STEPPERS.values(), ids=STEPPERS.keys())


def history(closes: list[float], *, volumes: list[float] | None = None) -> Candles:
    close = np.array(closes, dtype=np.float64)
    wiggle = np.abs(np.sin(np.arange(len(closes))))
    volume = np.arange(len(closes)) % 4 if volumes is None else np.array(volumes, dtype=np.float64)
    time = np.arange(len(closes)) * 60
    candles = Candles.of("1m", time, close, close * (1 + wiggle / 10), close * (1 - wiggle / 20), close, volume)
    candles.show(len(closes))
    return candles


def stepped(stepper: Stepper, *columns: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([stepper.update(*row) for row in zip(*columns, strict=True)], dtype=np.float64)


def wilder(x: pd.Series[float], n: int) -> pd.Series[float]:
    """The mean of the first n, then an exponential mean with a share of 1/n."""
    known = x.dropna()
    if len(known) < n:
        return pd.Series(math.nan, index=x.index)
    seeded = pd.concat([known.iloc[n - 1 : n] * 0 + known.iloc[:n].mean(), known.iloc[n:]])
    return seeded.ewm(alpha=1 / n, adjust=False).mean().reindex(x.index)


def pandas_rsi(x: pd.Series[float], n: int) -> pd.Series[float]:
    change = x.diff()
    gain, loss = wilder(change.clip(lower=0), n), wilder(-change.clip(upper=0), n)
    return (100 * gain / (gain + loss)).where(gain + loss != 0, 50.0).where(gain.notna())


def pandas_ema(x: pd.Series[float], n: int) -> pd.Series[float]:
    return x.ewm(span=n, adjust=False, min_periods=n).mean()


def pandas_atr(frame: pd.DataFrame, n: int) -> pd.Series[float]:
    before = frame["close"].shift()
    ranges = pd.concat(
        [frame["high"] - frame["low"], (frame["high"] - before).abs(), (frame["low"] - before).abs()], axis=1
    )
    return wilder(ranges.max(axis=1), n)


def pandas_vwap(frame: pd.DataFrame, n: int) -> pd.Series[float]:
    typical = (frame["high"] + frame["low"] + frame["close"]) / 3
    volume = frame["volume"].rolling(n).sum()
    return (typical * frame["volume"]).rolling(n).sum() / volume.where(volume > 0.5)


def pandas_wma(x: pd.Series[float], n: int) -> pd.Series[float]:
    return x.rolling(n).apply(lambda window: np.average(window, weights=np.arange(1, n + 1)), raw=True)


Ours = Callable[[Candles, int], Series]
Theirs = Callable[[pd.DataFrame, int], "pd.Series[float]"]
DEFINITIONS: dict[str, tuple[Ours, Theirs]] = {
    "sma": (lambda c, n: sma(c.close, n), lambda f, n: f["close"].rolling(n).mean()),
    "ema": (lambda c, n: ema(c.close, n), lambda f, n: pandas_ema(f["close"], n)),
    "wma": (lambda c, n: wma(c.close, n), lambda f, n: pandas_wma(f["close"], n)),
    "rsi": (lambda c, n: rsi(c.close, n), lambda f, n: pandas_rsi(f["close"], n)),
    "atr": (atr, pandas_atr),
    "vwap": (vwap, pandas_vwap),
    "stdev": (
        lambda c, n: stdev(c.close, n),
        lambda f, n: f["close"].rolling(n).apply(lambda window: window.std(), raw=True),
    ),
    "roc": (lambda c, n: roc(c.close, n), lambda f, n: f["close"].pct_change(n) * 100),
    "highest": (lambda c, n: highest(c.high, n), lambda f, n: f["high"].rolling(n).max()),
    "lowest": (lambda c, n: lowest(c.low, n), lambda f, n: f["low"].rolling(n).min()),
    "median": (lambda c, n: rolling_quantile(c.close, n, 0.5), lambda f, n: f["close"].rolling(n).quantile(0.5)),
    "ninth decile": (lambda c, n: rolling_quantile(c.close, n, 0.9), lambda f, n: f["close"].rolling(n).quantile(0.9)),
    "upper band": (
        lambda c, n: bollinger(c.close, n, 2).upper,
        lambda f, n: (
            f["close"].rolling(n).mean() + 2 * f["close"].rolling(n).apply(lambda window: window.std(), raw=True)
        ),
    ),
    "lower band": (
        lambda c, n: bollinger(c.close, n, 2).lower,
        lambda f, n: (
            f["close"].rolling(n).mean() - 2 * f["close"].rolling(n).apply(lambda window: window.std(), raw=True)
        ),
    ),
    "macd": (
        lambda c, n: macd(c.close, n, n + 5, 3).macd,
        lambda f, n: pandas_ema(f["close"], n) - pandas_ema(f["close"], n + 5),
    ),
    "macd signal": (
        lambda c, n: macd(c.close, n, n + 5, 3).signal,
        lambda f, n: pandas_ema(pandas_ema(f["close"], n) - pandas_ema(f["close"], n + 5), 3),
    ),
    "mean of an rsi": (
        lambda c, n: sma(rsi(c.close, n), 3),
        lambda f, n: pandas_rsi(f["close"], n).rolling(3).mean(),
    ),
}


@pytest.mark.parametrize(("ours", "theirs"), DEFINITIONS.values(), ids=DEFINITIONS.keys())
@given(closes=PRICES, n=LENGTHS)
@settings(max_examples=40)
def test_a_line_is_what_its_definition_gives_in_pandas(ours: Ours, theirs: Theirs, closes: list[float], n: int) -> None:
    candles = history(closes)
    expected = theirs(candles.frame(), n).to_numpy()
    scale = max(closes, default=1.0)
    np.testing.assert_allclose(ours(candles, n).values, expected, rtol=1e-9, atol=1e-9 * scale)


@given(closes=PRICES, n=st.integers(2, 8))
def test_a_zscore_is_the_distance_from_the_mean_in_standard_deviations(closes: list[float], n: int) -> None:
    line = zscore(history(closes).close, n).values
    for i, z in enumerate(line):
        window = np.array(closes[max(0, i - n + 1) : i + 1])
        if len(window) < n or window.std() < 1e-9 * window.max():
            continue
        assert z == pytest.approx((window[-1] - window.mean()) / window.std(), rel=1e-6, abs=1e-6)


@every_stepper
@given(values=WILD | WITH_HOLES, n=LENGTHS)
@settings(max_examples=60)
def test_one_value_at_a_time_gives_the_bits_that_a_whole_column_gives(
    make: Callable[[int], Stepper], values: list[float], n: int
) -> None:
    column = np.array(values, dtype=np.float64)
    np.testing.assert_array_equal(stepped(make(n), values), make(n).over(column))


@pytest.mark.parametrize("make", [Atr, Vwap], ids=["atr", "vwap"])
@given(closes=PRICES | st.lists(st.floats(1e-100, 1e100), max_size=40), n=LENGTHS)
def test_one_candle_at_a_time_gives_the_bits_that_a_whole_history_gives(
    make: type[Atr | Vwap], closes: list[float], n: int
) -> None:
    candles = history(closes)
    columns = [candles.high.values, candles.low.values, candles.close.values, candles.volume.values]
    if make is Atr:
        columns.pop()
    np.testing.assert_array_equal(stepped(make(n), *(c.tolist() for c in columns)), make(n).over(*columns))


@given(values=WILD, n=LENGTHS)
def test_means_and_deviations_are_right_for_huge_and_tiny_values(values: list[float], n: int) -> None:
    column = np.array(values, dtype=np.float64)
    means, deviations = Sma(n).over(column), Stdev(n).over(column)
    for i in range(n - 1, len(values)):
        window = [Fraction(x) for x in values[i - n + 1 : i + 1]]
        mean = sum(window, Fraction()) / n
        size = max(abs(x) for x in window)
        assert abs(Fraction(float(means[i])) - mean) <= size * Fraction(1, 10**12)
        variance = float(sum((x - mean) ** 2 for x in window) / n)
        assert deviations[i] == pytest.approx(math.sqrt(variance), rel=1e-9, abs=1e-150)


@every_stepper
def test_a_hundred_thousand_steps_leave_no_drift(make: Callable[[int], Stepper]) -> None:
    """After a wild past, a line is the same as that of a history which begins shortly before."""
    rng = np.random.default_rng(7)
    past = 1e6 + 1e5 * rng.standard_normal(100_000)
    recent = 1e-3 * (2 + rng.random(1_500))
    n = 20
    line = make(n).over(np.concatenate([past, recent]))[-10:]
    np.testing.assert_allclose(line, make(n).over(recent)[-10:], rtol=1e-9)


def test_live_steps_do_not_drift_from_exact_sums() -> None:
    rng = np.random.default_rng(8)
    mean, deviation = Sma(10), Stdev(10)
    window: list[float] = []
    for i, x in enumerate((1e9 + rng.random(100_000)).tolist()):
        window = [*window[-9:], x]
        found = mean.update(x), deviation.update(x)
        if i % 997 == 0 and i > 10:
            exact = [Fraction(value) for value in window]
            middle = sum(exact) / 10
            assert found[0] == pytest.approx(float(middle), rel=1e-15)
            assert found[1] == pytest.approx(math.sqrt(float(sum((v - middle) ** 2 for v in exact) / 10)), rel=1e-12)


@given(price=st.floats(1e-6, 1e6), n=LENGTHS)
def test_where_the_price_stands_still_averages_are_the_price_and_nothing_crosses(price: float, n: int) -> None:
    candles = history([price] * 30, volumes=[1.0] * 30)
    close = candles.close
    flat = Candles.of("1m", np.arange(30), *[np.full(30, price)] * 5)
    flat.show(30)
    lines = [sma(close, n), ema(close, n), wma(close, n), *bollinger(close, n), vwap(flat, n)]
    assert all(line[-1] == price for line in lines)
    assert not any(crossed_above(close, line) or crossed_below(close, line) for line in lines)
    assert rsi(close, n)[-1] == 50
    assert stdev(close, n)[-1] == atr(flat, n)[-1] == roc(close, n)[-1] == macd(close, 2, 4, 2).histogram[-1] == 0
    assert math.isnan(zscore(close, n)[-1])


WARM_AT = {
    "sma": (lambda c: sma(c.close, 5), 5),
    "ema": (lambda c: ema(c.close, 5), 5),
    "wma": (lambda c: wma(c.close, 5), 5),
    "stdev": (lambda c: stdev(c.close, 5), 5),
    "zscore": (lambda c: zscore(c.close, 5), 5),
    "highest": (lambda c: highest(c.close, 5), 5),
    "lowest": (lambda c: lowest(c.close, 5), 5),
    "quantile": (lambda c: rolling_quantile(c.close, 5, 0.1), 5),
    "bands": (lambda c: bollinger(c.close, 5).upper, 5),
    "atr": (lambda c: atr(c, 5), 5),
    "vwap": (lambda c: vwap(c, 5), 5),
    "rsi": (lambda c: rsi(c.close, 5), 6),
    "roc": (lambda c: roc(c.close, 5), 6),
    "macd": (lambda c: macd(c.close, 3, 5, 4).macd, 5),
    "macd signal": (lambda c: macd(c.close, 3, 5, 4).signal, 8),
    "macd histogram": (lambda c: macd(c.close, 3, 5, 4).histogram, 8),
}


@pytest.mark.parametrize(("line", "first"), WARM_AT.values(), ids=WARM_AT.keys())
def test_a_line_is_nan_until_it_is_warm(line: Callable[[Candles], Series], first: int) -> None:
    values = line(history([float(x * x % 17 + 1) for x in range(20)])).values
    assert np.isnan(values).tolist() == [i < first - 1 for i in range(20)]


def test_known_values() -> None:
    close = history([1.0, 2.0, 3.0, 4.0, 2.0]).close
    assert sma(close, 2).values[1:].tolist() == [1.5, 2.5, 3.5, 3.0]
    assert ema(close, 3).values[2:].tolist() == [2.25, 3.125, 2.5625]
    assert wma(close, 2)[-1] == pytest.approx((4 + 2 * 2) / 3)
    assert rsi(close, 3).values[3:].tolist() == [100.0, pytest.approx(50.0)]
    assert roc(close, 1)[-1] == -50
    assert (highest(close, 2)[-1], lowest(close, 2)[-1]) == (4, 2)
    assert rolling_quantile(close, 4, 0.5)[-1] == 2.5
    assert stdev(close, 2)[-1] == 1


def test_a_change_from_zero_and_a_window_without_trades_are_nan() -> None:
    candles = history([0.0, 1.0, 2.0], volumes=[1.0, 0.0, 0.0])
    assert np.isnan(roc(candles.close, 1).values).tolist() == [True, True, False]
    assert np.isnan(vwap(candles, 2).values).tolist() == [True, False, True]


def test_a_missing_value_blinds_a_window_while_it_is_inside_and_is_passed_over_by_an_average() -> None:
    column = np.array([1.0, 2.0, math.nan, 3.0, 4.0, 5.0])
    assert np.isnan(Sma(2).over(column)).tolist() == [True, False, True, True, False, False]
    assert np.isnan(Ema(2).over(column)).tolist() == [True, False, True, False, False, False]
    assert Ema(2).over(column)[3:].tolist() == Ema(2).over(column[[0, 1, 3, 4, 5]])[2:].tolist()


@pytest.mark.parametrize(
    ("a", "b", "above", "below"),
    [
        ([1, 3], [2, 2], True, False),
        ([3, 1], [2, 2], False, True),
        ([2, 3], [2, 2], True, False),
        ([2, 1], [2, 2], False, True),
        ([3, 4], [2, 2], False, False),
        ([1, 2], [2, 2], False, False),
        ([3, 2], [2, 2], False, False),
        ([1, 2, 4], [9, 3, 3], True, False),
        ([9], [1], False, False),
        ([], [], False, False),
    ],
)
def test_crossings(a: list[float], b: list[float], *, above: bool, below: bool) -> None:
    candles = Candles.of("1m", np.arange(len(a)), a, a, a, b, a)
    candles.show(len(a))
    for _ in range(2):  # the first time no list of floats is there
        assert crossed_above(candles.open, candles.close) is above
        assert crossed_below(candles.open, candles.close) is below
    if b and b[-1] == b[0]:
        assert crossed_above(candles.open, b[0]) is crossed_above(candles.open, Decimal(b[0])) is above
        assert crossed_below(candles.open, int(b[0])) is below


def test_nothing_crosses_before_a_line_is_warm_or_before_the_second_candle() -> None:
    candles = history([3.0, 1.0, 5.0, 1.0])
    close, slow = candles.close, sma(candles.close, 3)
    seen = []
    for shown in range(5):
        candles.show(shown)
        seen.append((crossed_above(close, slow), crossed_below(close, slow), crossed_above(close, 2)))
    assert seen == [(False, False, False)] * 3 + [(False, False, True), (False, True, False)]


BAD_CALLS: dict[str, Callable[[Candles], object]] = {
    "sma: n must be a whole number of at least 1, not 0": lambda c: sma(c.close, 0),
    "ema: n must be a whole number of at least 1, not 2.5": lambda c: ema(c.close, 2.5),  # type: ignore[arg-type]
    "wma: n must be a whole number of at least 1, not True": lambda c: wma(c.close, True),
    "roc: n must be a whole number of at least 1, not -1": lambda c: roc(c.close, -1),
    "rsi: n must be a whole number of at least 1, not None": lambda c: rsi(c.close, None),  # type: ignore[arg-type]
    "atr: n must be a whole number of at least 1, not 0": lambda c: atr(c, 0),
    "vwap: n must be a whole number of at least 1, not '3'": lambda c: vwap(c, "3"),  # type: ignore[arg-type]
    "stdev: n must be a whole number of at least 1, not [3]": lambda c: stdev(c.close, [3]),  # type: ignore[arg-type]
    "zscore takes a series such as ctx.candles.close, not [1.0]": lambda c: zscore([1.0], 3),  # type: ignore[arg-type]
    "highest takes a series such as": lambda c: highest(c, 3),  # type: ignore[arg-type]
    "lowest takes a series such as": lambda c: lowest(None, 3),  # type: ignore[arg-type]
    "atr takes candles such as ctx.candles": lambda c: atr(c.close, 3),  # type: ignore[arg-type]
    "vwap takes candles such as ctx.candles": lambda c: vwap([], 3),  # type: ignore[arg-type]
    "rolling_quantile: q must be a number from 0 to 1, not 90": lambda c: rolling_quantile(c.close, 5, 90),
    "bollinger: n must be": lambda c: bollinger(c.close, 0),
    "bollinger: k must be a number from 0 to 100, not -1": lambda c: bollinger(c.close, 5, -1),
    "bollinger takes a series": lambda c: bollinger([], 5),  # type: ignore[arg-type]
    "macd: fast must be less than slow, not 26 and 12": lambda c: macd(c.close, 26, 12),
    "macd: signal must be": lambda c: macd(c.close, 2, 3, 0),
    "macd takes a series": lambda c: macd(()),  # type: ignore[arg-type]
    "crossed_above takes a series first, such as ctx.candles.close, not 3": lambda c: crossed_above(3, c.close),  # type: ignore[arg-type]
    "crossed_below takes a series or a number second, not 'x'": lambda c: crossed_below(c.close, "x"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("text", "call"), BAD_CALLS.items(), ids=BAD_CALLS.keys())
def test_bad_arguments_get_one_clear_error(text: str, call: Callable[[Candles], object]) -> None:
    with pytest.raises(StrategyError) as caught:
        call(history([1.0, 2.0]))
    assert str(caught.value).startswith(text)


def test_a_line_is_made_once_for_each_parameter() -> None:
    candles = history([1.0, 2.0, 3.0])
    close = candles.close
    assert sma(close, 2) is sma(close, 2)
    assert sma(close, 2) is not sma(close, 3)
    assert atr(candles, 2) is atr(candles, 2)
    assert bollinger(close, 2) == bollinger(close, 2)
    assert macd(close, 1, 2, 2) == macd(close, 1, 2, 2)


def test_the_package_offers_what_it_says() -> None:
    assert all(hasattr(indicators, name) for name in indicators.__all__)
