# ruff: noqa: SLF001 - back-tests ask at each candle, and reading the columns' own lists takes a third of the time
"""Moments at which one line crosses another, or a level."""

from __future__ import annotations

import math
from decimal import Decimal

from bot.errors import StrategyError
from bot.strategy.series import Series


def crossed_above(a: Series, b: Series | float | Decimal) -> bool:
    """Whether `a` is above `b` now and was not before the newest candle: now a > b, before a <= b.

    False where one of the four values is missing or NaN. `b` may be a level, such as 70.

    Raises:
        StrategyError: `a` is no series, or `b` neither a series nor a number.
    """
    if isinstance(b, Series):
        try:
            i, j, line, level = a.cursor.shown, b.cursor.shown, a._floats, b._floats
            return line[i] > level[j] and line[i - 1] <= level[j - 1]
        except AttributeError:
            pass  # no scalar of one of them was read yet, or `a` is no series
    before, now, level_before, level_now = _newest("crossed_above", a, b)
    return now > level_now and before <= level_before


def crossed_below(a: Series, b: Series | float | Decimal) -> bool:
    """Whether `a` is below `b` now and was not before the newest candle: now a < b, before a >= b.

    False where one of the four values is missing or NaN. `b` may be a level, such as 30.

    Raises:
        StrategyError: `a` is no series, or `b` neither a series nor a number.
    """
    if isinstance(b, Series):
        try:
            i, j, line, level = a.cursor.shown, b.cursor.shown, a._floats, b._floats
            return line[i] < level[j] and line[i - 1] >= level[j - 1]
        except AttributeError:
            pass  # no scalar of one of them was read yet, or `a` is no series
    before, now, level_before, level_now = _newest("crossed_below", a, b)
    return now < level_now and before >= level_before


def _newest(name: str, a: Series, b: Series | float | Decimal) -> tuple[float, float, float, float]:
    """The two newest values of each, the older first: for levels, and for columns that have no list of floats yet."""
    if not isinstance(a, Series):
        raise StrategyError(f"{name} takes a series first, such as ctx.candles.close, not {a!r:.60}")
    if not isinstance(b, Series | int | float | Decimal):
        raise StrategyError(f"{name} takes a series or a number second, not {b!r:.60}")
    return *_two(a), *(_two(b) if isinstance(b, Series) else (float(b), float(b)))


def _two(series: Series) -> tuple[float, float]:
    return (series[-2], series[-1]) if len(series) > 1 else (math.nan, math.nan)
