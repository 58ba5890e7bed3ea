"""Seconds and occasions as a plan of faults gives them."""

from __future__ import annotations

import math


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
