"""What indicators are called with, checked when a line is first made, and told in the words of who called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.errors import StrategyError
from bot.strategy.candles import Candles
from bot.strategy.series import Series, Stepper


def series_line(name: str, series: Series, make: Callable[..., Stepper], *args: Any) -> Series:
    """The line `name(series, *args)`; its stepper is `make(*args)`, which checks them."""
    if not isinstance(series, Series):
        raise StrategyError(f"{name} takes a series such as ctx.candles.close, not {series!r:.60}")
    stepper = make(*args)
    return series.line((name, *args), lambda: stepper)


def check_candles(name: str, candles: Candles) -> None:
    """Raise `StrategyError` unless these are candles."""
    if not isinstance(candles, Candles):
        raise StrategyError(f"{name} takes candles such as ctx.candles, not {candles!r:.60}")


def whole(name: str, value: Any, *, what: str = "n", least: int = 1) -> int:
    """A number of candles. Raises `StrategyError` unless it is a whole number of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise StrategyError(f"{name}: {what} must be a whole number of at least {least}, not {value!r:.60}")
    return value


def between(name: str, value: Any, low: float, high: float, *, what: str) -> float:
    """A factor. Raises `StrategyError` unless it is a number from `low` to `high`."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
        raise StrategyError(f"{name}: {what} must be a number from {low:g} to {high:g}, not {value!r:.60}")
    return float(value)
