"""Lengths of time as a plan of faults gives them."""

from __future__ import annotations

import math
import re
from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile("".join(rf"(?:(?P<{name}>\d+(?:\.\d+)?){unit})?" for unit, name in _UNITS.items()))
_LONGEST = timedelta(days=36_600)


def span_of(value: object) -> timedelta:
    """A length of time from `90s`, `10m`, `1h5m`, `1d12h` or a number of seconds.

    Raises:
        ValueError: it is none, negative, or longer than a century.
    """
    if isinstance(value, timedelta):
        span = value
    elif isinstance(value, str) and (found := _SPAN.fullmatch(value.strip())) and value.strip():
        span = _bounded({name: float(number) for name, number in found.groupdict().items() if number})
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        span = _bounded({"seconds": value})
    else:
        raise ValueError("must be a length of time such as 90s, 10m or 1h5m")
    if not timedelta(0) <= span <= _LONGEST:
        raise ValueError("must be from 0s to a century")
    return span


def _bounded(parts: dict[str, float]) -> timedelta:
    try:
        return timedelta(**parts)
    except (OverflowError, ValueError):
        raise ValueError("must be from 0s to a century") from None


def seconds_of(value: object) -> tuple[float, float]:
    """A range of seconds from its two ends; a single number stands for both.

    Raises:
        ValueError: it is none, an end is negative or not finite, or the first is above the second.
    """
    ends = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    match ends:
        case (int() | float() as low, int() | float() as high) if math.isfinite(high) and 0 <= low <= high:
            return float(low), float(high)
    raise ValueError("must be a number of seconds from 0, or two of them in brackets, the smaller first")


def occasions_of(value: object) -> tuple[int, ...] | None:
    """Numbers of occasions, counted from 1; a single one may stand without a list. None stays None.

    Raises:
        ValueError: they are none.
    """
    numbers = value if isinstance(value, (list, tuple)) else (value,)
    if value is None:
        return None
    if not numbers or not all(isinstance(one, int) and not isinstance(one, bool) and one > 0 for one in numbers):
        raise ValueError("must be a list of whole numbers from 1, such as [3, 7]")
    return tuple(numbers)
