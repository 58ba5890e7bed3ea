"""Lengths of time as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile("".join(rf"(?:(?P<{name}>\d+(?:\.\d+)?){unit})?" for unit, name in _UNITS.items()))
_LONGEST = timedelta(days=36_600)


def duration_of(value: object) -> timedelta:
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
