"""How far a series strays from its mean."""

from __future__ import annotations

from typing import Any, NamedTuple

from bot.strategy.indicators.arguments import between, series_line
from bot.strategy.indicators.averages import sma
from bot.strategy.indicators.windows import Window, Windowed, mean, ratio, rise, spread
from bot.strategy.series import Series

_WIDEST = 100.0


class Stdev(Windowed):
    """The standard deviation, one value at a time; see `stdev`."""

    name = "stdev"

    def of(self, window: Window) -> Any:
        """The standard deviation of the population."""
        return spread(window)


class Zscore(Windowed):
    """The distance from the mean in standard deviations, one value at a time; see `zscore`."""

    name = "zscore"

    def of(self, window: Window) -> Any:
        """How many standard deviations the newest value is from the mean."""
        return ratio(window[-1] - window[0] - rise(window), spread(window))


class Band(Windowed):
    """A band `k` standard deviations above the mean, or below it where `k` is negative; see `bollinger`."""

    name = "bollinger"

    def __init__(self, n: int, k: float) -> None:
        super().__init__(n)
        self.k = between(self.name, k, -_WIDEST, _WIDEST, what="k")

    def of(self, window: Window) -> Any:
        """The mean and `k` standard deviations."""
        return mean(window) + self.k * spread(window)


class Bands(NamedTuple):
    """What `bollinger` gives."""

    lower: Series
    middle: Series
    upper: Series


def stdev(series: Series, n: int) -> Series:
    """The standard deviation of the newest `n` values: sqrt(mean((x - mean(x))^2)).

    Of the population, that is divided by n, as `bollinger` and numpy take it (pandas divides by n - 1). In the series'
    units; NaN before the n-th value, and while one of the `n` is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["stdev", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("stdev", series, Stdev, n)


def zscore(series: Series, n: int) -> Series:
    """How far the newest value is from the mean of the newest `n`: (x - sma(x, n)) / stdev(x, n).

    In standard deviations of the population; NaN before the n-th value, while one of the `n` is NaN, and where all `n`
    are the same.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `series` is none.
    """
    try:
        return series.lines["zscore", n]
    except (KeyError, AttributeError, TypeError):
        return series_line("zscore", series, Zscore, n)


def bollinger(series: Series, n: int = 20, k: float = 2.0) -> Bands:
    """Bollinger bands: sma(x, n) - k * stdev(x, n), sma(x, n), and sma(x, n) + k * stdev(x, n).

    The standard deviation is of the population (divided by n), as their author defines it (J. Bollinger: Bollinger on
    Bollinger Bands, 2001). In the series' units; NaN before the n-th value, and while one of the `n` is NaN.

    Raises:
        StrategyError: `n` is no whole number of at least 1, `k` no number from 0 to 100, or `series` is none.
    """
    try:
        lines = series.lines
        return Bands(lines["bollinger", n, -k], lines["sma", n], lines["bollinger", n, k])
    except (KeyError, AttributeError, TypeError):
        k = between("bollinger", k, 0, _WIDEST, what="k")
        lower, upper = (series_line("bollinger", series, Band, n, side) for side in (-k, k))
        return Bands(lower, sma(series, n), upper)
