"""Computations over the newest n values.

One formula serves both ways of running: a window is iterated oldest value first, and a value is a float live, or an
array of one float for each of many windows in a back-test. So both give the same bits. Nothing is carried from one
window to the next, so nothing drifts, and a line does not depend on where its history begins. The price is n additions
for each candle, in numpy's inner loops where there are many.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from bot.strategy.indicators.arguments import whole
from bot.strategy.series import Floats, Stepper

Window: TypeAlias = Any
"""n values, oldest first: a sequence of floats, or of equally long arrays. What is computed of it is either too."""

_AT_ONCE = 1 << 14  # windows: a column of so many fits into the processor's cache


class Windowed(Stepper):
    """A stepper whose value depends on the newest `n` numbers alone. NaN until it has met so many in a row.

    Attributes:
        name: the function that errors speak of.
        n: how many numbers its window has.
    """

    name: ClassVar[str]

    def __init__(self, n: int) -> None:
        self.n = whole(self.name, n)
        self._window: deque[float] = deque(maxlen=self.n)
        self._in_a_row = 0

    @abstractmethod
    def of(self, window: Window) -> Any:
        """What a window of `n` numbers comes to."""

    def update(self, x: float) -> float:
        """Take the next value, and give what the window comes to."""
        self._window.append(x)
        self._in_a_row = 0 if math.isnan(x) else self._in_a_row + 1
        return float(self.of(self._window)) if self._in_a_row >= self.n else math.nan

    def over(self, *columns: Floats) -> Floats:
        """What `update` gives for each value of a column."""
        return by_window(self.n, self.of, *columns)


def by_window(n: int, of: Callable[..., Any], *columns: Floats) -> Floats:
    """`of(window, ...)`, one window of each column, where the newest `n` values of all are numbers; NaN elsewhere."""
    result = np.full(len(columns[0]), math.nan)
    if len(result) < n:
        return result
    views = [np.lib.stride_tricks.sliding_window_view(column, n) for column in columns]
    for first in range(0, len(views[0]), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        result[n - 1 :][part] = of(*(view[part].T for view in views))
    missing = np.cumsum(np.isnan(columns).any(axis=0))
    before = np.concatenate(([0], missing[:-n]))
    result[n - 1 :][missing[n - 1 :] > before] = math.nan
    return result


def mean(window: Window) -> Any:
    """The mean, counted from the oldest value: exactly the price where that did not move."""
    return window[0] + rise(window)


def rise(window: Window) -> Any:
    """How far the mean is above the oldest value."""
    oldest = window[0]
    return total(x - oldest for x in window) / len(window)


def spread(window: Window) -> Any:
    """The standard deviation of the population (divided by n).

    In two passes over the distances from the oldest value, the mean first, which keeps all digits however far the
    values are from zero (T. Chan, G. Golub, R. LeVeque: Algorithms for computing the sample variance, 1983).
    """
    oldest, middle = window[0], rise(window)
    distances = (x - oldest - middle for x in window)
    return np.sqrt(total(distance * distance for distance in distances) / len(window))


def total(values: Any) -> Any:
    """The sum, added up in order: `sum` does it differently from one version of Python to the next."""
    so_far = 0.0
    for value in values:
        so_far = so_far + value
    return so_far


def ratio(above: Any, below: Any) -> Any:
    """`above / below`, NaN where `below` is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, math.nan, np.divide(above, below))
