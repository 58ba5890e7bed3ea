"""Averages that remember everything: each new value moves them by a share of the distance.

In a back-test the loop over a column is Python's, but as tight as it gets; its steps are those of `update`, to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate

import numpy as np

from bot.strategy.series import Floats


class WilderMean:
    """Wilder's smoothing: the mean of the first n values, then each new value counts for 1/n.

    J. Welles Wilder: New Concepts in Technical Trading Systems, 1978.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._mean = 0.0
        self._count = 0

    def update(self, x: float) -> float:
        """Take the next number, and give the mean; NaN before the n-th."""
        if self._count < self._n:
            self._count += 1
        self._mean += (x - self._mean) / self._count
        return self._mean if self._count == self._n else math.nan


def wilder(values: Floats, n: int) -> Floats:
    """What `WilderMean(n)` gives for each of these numbers."""
    start = WilderMean(n)
    means = [start.update(x) for x in values[:n].tolist()]
    if len(values) > n:
        means[n - 1 :] = accumulate(values[n:].tolist(), lambda mean, x: mean + (x - mean) / n, initial=means[-1])
    return np.array(means, dtype=np.float64)


def exponential(values: Floats, n: int, share: float) -> Floats:
    """Y += share * (x - y) for each of these numbers, beginning with y = x; NaN before the n-th."""
    means = np.array(list(accumulate(values.tolist(), lambda mean, x: mean + share * (x - mean))), dtype=np.float64)
    means[: n - 1] = math.nan
    return means


def passing_over_nan(values: Floats, of: Callable[[Floats], Floats]) -> Floats:
    """`of` the numbers among `values`, each result in its number's place; NaN elsewhere."""
    known = ~np.isnan(values)
    result = np.full(len(values), math.nan)
    result[known] = of(values[known])
    return result
