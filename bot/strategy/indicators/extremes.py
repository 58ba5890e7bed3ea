"""The highest, the lowest and what lies between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from bot.strategy.indicators.arguments import between, series_line
from bot.strategy.indicators.windows import Window, Windowed
from bot.strategy.series import Series


class Highest(Windowed):
    """The greatest of the newest values, one value at a time; see `highest`."""

    name = "highest"

    def of(self, window: Window) -> Any:
        """The greatest."""
        return np.max(window, axis=0)


class Lowest(Windowed):
    """The least of the newest values, one value at a time; see `lowest`."""

    name = "lowest"

    def of(self, window: Window) -> Any:
        """The least."""
        return np.min(window, axis=0)


class Quantile(Windowed):
    """A quantile of the newest values, one value at a time; see `rolling_quantile`."""

    name = "rolling_quantile"

    def __init__(self, n: int, q: float) -> None:
        super().__init__(n)
        place = between(self.name, q, 0, 1, what="q") * (self.n - 1)
        self._below = int(place)
        self._above = min(self._below + 1, self.n - 1)
        self._share = place - self._below

    def of(self, window: Window) -> Any:
        """The value at the quantile's place, between its two neighbours in order of size."""
        ordered = np.sort(window, axis=0)
        return ordered[self._below] + (ordered[self._above] - ordered[self._below]) * self._share


def highest(series: Series, n: int) -> Series:
    """The greatest of the newest `n` values.

    The newest one is among them: to see whether it broke out, compare it with `highest(series, n)[-2]`. In the series'
    units; NaN before the n-th value, and while one of the `n` is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["highest", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("highest", series, Highest, n)


def lowest(series: Series, n: int) -> Series:
    """The least of the newest `n` values, the newest among them; see `highest`.

    In the series' units; NaN before the n-th value, and while one of the `n` is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["lowest", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("lowest", series, Lowest, n)


def rolling_quantile(series: Series, n: int, q: float) -> Series:
    """The quantile `q` (from 0 to 1; 0.5 is the median) of the newest `n` values.

    The value at the place q * (n - 1) in order of size, counted from 0; between two places, linearly between their
    values, as numpy and pandas do (R. Hyndman, Y. Fan: Sample quantiles in statistical packages, 1996, definition 7).
    In the series' units; NaN before the n-th value, and while one of the `n` is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, `q` no number from 0 to 1, or `series` is none.
    """
    try:
        return series.lines["rolling_quantile", n, q]
    except (KeyError, AttributeError, TypeError):
        return series_line("rolling_quantile", series, Quantile, n, q)
