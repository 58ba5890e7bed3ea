"""How long candles are, when they end, and longer candles made of shorter ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.backtest.moments import moment_of, nanos_of
from bot.domain.candle import Resolution
from bot.errors import DataError

Ints: TypeAlias = npt.NDArray[np.int64]

_A_MONDAY = nanos_of(timedelta(days=4))
"""1970-01-05, with which a span of every fixed length begins, nanoseconds since 1970."""


def resolution_of(times: Ints) -> Resolution:
    """The resolution of candles that begin at these times (ns): the step that is there most often.

    Raises:
        DataError: it is none of the exchange's, or there is but one candle.
    """
    if len(times) < 2:
        raise DataError("a single candle does not tell how long it is; name the resolution")
    steps, counts = np.unique(np.diff(times), return_counts=True)
    step = int(steps[np.argmax(counts)])
    for resolution in Resolution:
        if resolution.length is not None and nanos_of(resolution.length) == step:
            return resolution
    if nanos_of(timedelta(days=28)) <= step <= nanos_of(timedelta(days=31)):
        return Resolution.MONTH
    raise DataError(f"candles begin every {moment_of(step) - moment_of(0)}, which is none of {', '.join(Resolution)}")


def ends_of(resolution: Resolution, times: Ints) -> Ints:
    """When candles that begin at these times (ns) have closed."""
    if resolution.length is None:
        return ends_of_spans(resolution, times)
    return times + nanos_of(resolution.length)


def starts_of_spans(resolution: Resolution, times: Ints) -> Ints:
    """When the calendar's spans that hold these times (ns) begin; weeks begin on Monday, everything is UTC."""
    if resolution.length is None:
        return _nanos(times.astype("datetime64[ns]").astype("datetime64[M]"))
    length = nanos_of(resolution.length)
    return (times - _A_MONDAY) // length * length + _A_MONDAY


def ends_of_spans(resolution: Resolution, times: Ints) -> Ints:
    """When the calendar's spans that hold these times (ns) end."""
    starts = starts_of_spans(resolution, times)
    if resolution.length is None:
        return _nanos(starts.astype("datetime64[ns]").astype("datetime64[M]") + 1)
    return starts + nanos_of(resolution.length)


def _nanos(months: npt.NDArray[np.datetime64]) -> Ints:
    return months.astype("datetime64[ns]").astype(np.int64)
