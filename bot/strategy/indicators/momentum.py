"""Which way a series is going, and how fast."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from bot.errors import StrategyError
from bot.strategy.indicators.arguments import series_line, whole
from bot.strategy.indicators.averages import Ema, ema
from bot.strategy.indicators.smoothing import WilderMean, passing_over_nan, wilder
from bot.strategy.indicators.windows import Window, Windowed, ratio
from bot.strategy.series import Floats, Series, Stepper, derived


class Rsi(Stepper):
    """The relative strength index, one value at a time; see `rsi`."""

    def __init__(self, n: int = 14) -> None:
        self.n = whole("rsi", n)
        self._last: float | None = None
        self._gains = WilderMean(self.n)
        self._losses = WilderMean(self.n)

    def update(self, x: float) -> float:
        """Take the next value, and give the index; a NaN changes nothing and gives NaN."""
        if math.isnan(x):
            return math.nan
        last, self._last = self._last, x
        if last is None:
            return math.nan
        gain = self._gains.update(max(x - last, 0.0))
        loss = self._losses.update(max(last - x, 0.0))
        return 100 * (gain / (gain + loss)) if gain + loss != 0 else 50.0

    def over(self, *columns: Floats) -> Floats:
        """What `update` gives for each value of a column."""
        return passing_over_nan(columns[0], self._of_numbers)

    def _of_numbers(self, numbers: Floats) -> Floats:
        changes = np.diff(numbers)
        gain, loss = wilder(np.maximum(changes, 0.0), self.n), wilder(np.maximum(-changes, 0.0), self.n)
        index = np.where(gain + loss == 0, 50.0, 100 * ratio(gain, gain + loss))
        return np.concatenate((numbers[:1] * math.nan, index))


class Roc(Windowed):
    """The rate of change, one value at a time; see `roc`."""

    name = "roc"

    def __init__(self, n: int) -> None:
        super().__init__(whole(self.name, n) + 1)

    def of(self, window: Window) -> Any:
        """The change over the window in percent."""
        return ratio(100 * (window[-1] - window[0]), window[0])


class MacdLine(Stepper):
    """The distance between a fast and a slow average, one value at a time; see `macd`."""

    def __init__(self, fast: int = 12, slow: int = 26) -> None:
        if whole("macd", fast, what="fast") >= whole("macd", slow, what="slow"):
            raise StrategyError(f"macd: fast must be less than slow, not {fast} and {slow}")
        self._fast, self._slow = Ema(fast), Ema(slow)

    def update(self, x: float) -> float:
        """Take the next value, and give the distance; NaN before the slow average is warm."""
        return self._fast.update(x) - self._slow.update(x)

    def over(self, *columns: Floats) -> Floats:
        """What `update` gives for each value of a column."""
        return self._fast.over(*columns) - self._slow.over(*columns)


class Difference(Stepper):
    """One value less another."""

    def update(self, a: float, b: float) -> float:
        """`a - b`."""
        return a - b

    def over(self, *columns: Floats) -> Floats:
        """`a - b` of whole columns."""
        return columns[0] - columns[1]


class Macd(NamedTuple):
    """What `macd` gives."""

    macd: Series
    signal: Series
    histogram: Series


def rsi(series: Series, n: int = 14) -> Series:
    """The relative strength index: 100 * g / (g + l), where g and l are the mean gain and the mean loss of a candle.

    The means are Wilder's: of the first `n` changes, then each new change counts for 1/n (J. Welles Wilder: New
    Concepts in Technical Trading Systems, 1978). From 0 to 100; 50 where the series has not moved at all. NaN before
    the value n + 1. A NaN gives NaN and is passed over.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["rsi", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("rsi", series, Rsi, n)


def roc(series: Series, n: int) -> Series:
    """The rate of change: 100 * (x - y) / y, where y is the value `n` candles ago.

    In percent; NaN before the value n + 1, where y is zero, and while one of the n + 1 is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["roc", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("roc", series, Roc, n)


def macd(series: Series, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Moving average convergence divergence (G. Appel), of exponential averages.

    macd = ema(x, fast) - ema(x, slow); signal = ema(macd, signal); histogram = macd - signal. In the series' units.
    `macd` is NaN before the value `slow`, the other two before the value slow + signal - 1.

    Raises:
        StrategyError: a parameter is no whole number of at least 1, `fast` is not below `slow`, or `series` is none.
    """
    try:
        distance = series.lines["macd", fast, slow]
        return Macd(distance, distance.lines["ema", signal], distance.lines["histogram", signal])
    except (KeyError, AttributeError, TypeError):
        whole("macd", signal, what="signal")
        distance = series_line("macd", series, MacdLine, fast, slow)
        smooth = ema(distance, signal)
        return Macd(distance, smooth, derived(distance.lines, ("histogram", signal), (distance, smooth), Difference))
