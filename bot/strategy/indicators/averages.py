"""Means that follow a series."""

from __future__ import annotations

import math
from typing import Any

from bot.strategy.indicators.arguments import series_line, whole
from bot.strategy.indicators.smoothing import exponential, passing_over_nan
from bot.strategy.indicators.windows import Window, Windowed, mean, total
from bot.strategy.series import Floats, Series, Stepper


class Sma(Windowed):
    """The simple moving average, one value at a time; see `sma`."""

    name = "sma"

    def of(self, window: Window) -> Any:
        """The mean."""
        return mean(window)


class Wma(Windowed):
    """The linearly weighted moving average, one value at a time; see `wma`."""

    name = "wma"

    def of(self, window: Window) -> Any:
        """The weighted mean, counted from the oldest value."""
        oldest = window[0]
        weighted = total(weight * (x - oldest) for weight, x in enumerate(window, start=1))
        return oldest + weighted / (self.n * (self.n + 1) / 2)


class Ema(Stepper):
    """The exponential moving average, one value at a time; see `ema`."""

    def __init__(self, n: int) -> None:
        self.n = whole("ema", n)
        self._share = 2 / (self.n + 1)
        self._mean = 0.0
        self._count = 0

    def update(self, x: float) -> float:
        """Take the next value, and give the average; a NaN changes nothing and gives NaN."""
        if math.isnan(x):
            return math.nan
        self._mean = x if self._count == 0 else self._mean + self._share * (x - self._mean)
        self._count += 1
        return self._mean if self._count >= self.n else math.nan

    def over(self, *columns: Floats) -> Floats:
        """What `update` gives for each value of a column."""
        return passing_over_nan(columns[0], lambda numbers: exponential(numbers, self.n, self._share))


def sma(series: Series, n: int) -> Series:
    """The simple moving average: (x[0] + ... + x[n-1]) / n over the newest `n` values.

    In the series' units; NaN before the n-th value, and while one of the `n` is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["sma", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("sma", series, Sma, n)


def ema(series: Series, n: int) -> Series:
    """The exponential moving average: y += 2 / (n + 1) * (x - y), beginning with y = x at the first value.

    The same as pandas' `ewm(span=n, adjust=False)`. In the series' units; NaN before the n-th value. It remembers
    everything: of what is older than 3.5 n candles, a thousandth is left. A NaN gives NaN and is passed over.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["ema", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("ema", series, Ema, n)


def wma(series: Series, n: int) -> Series:
    """The linearly weighted moving average: the newest of `n` values weighs n, the one before it n - 1, the oldest 1.

    (1 * x[0] + 2 * x[1] + ... + n * x[n-1]) / (n * (n + 1) / 2), x[n-1] being the newest. In the series' units; NaN
    before the n-th value, and while one of the `n` is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["wma", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("wma", series, Wma, n)
