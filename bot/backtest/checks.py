"""What is wrong with columns of candles: the first fault is raised, and says of which candle it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.backtest.moments import moment_of
from bot.domain.candle import Resolution
from bot.errors import DataError

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Where: TypeAlias = Callable[[int], str]
"""How a candle is called by its number: by its line where it is from a file."""


def check_columns(times: Ints, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raises `DataError` unless there are candles, and as many of each column as there are times."""
    if times.ndim != 1 or not len(times):
        raise DataError("there are no candles")
    for name, column in columns.items():
        if column.shape != times.shape:
            raise DataError(f"there are {len(times)} candles, but the column '{name}' is of shape {column.shape}")


def check_finite(column: Floats, name: str) -> None:
    """Raises `DataError` for NaN and infinity."""
    _each(np.isfinite(column), lambda i: f"candle {i}: its {name} is {column[i]}")


def check_candles(times: Ints, prices: Mapping[str, Ints], volume: Floats, tick: int, where: Where) -> None:
    """Raises `DataError` unless times rise and every candle is sane, its prices (micro-dollars) on the tick."""
    low, high = prices["low"], prices["high"]
    _each(
        times[1:] > times[:-1],
        lambda i: f"{where(i + 1)}: {_at(times, i + 1)} comes after {_at(times, i)}; times must rise",
    )
    _each(low > 0, lambda i: f"{where(i)}: its low, {low[i] / 1e6}, is not a positive price")
    _each(low <= high, lambda i: f"{where(i)}: its high, {high[i] / 1e6}, is below its low, {low[i] / 1e6}")
    for name, column in prices.items():
        _check_price(name, column, low, high, tick, where)
    _each(np.isfinite(volume) & (volume >= 0), lambda i: f"{where(i)}: its volume, {volume[i]}, is not 0 or more")


def _check_price(name: str, column: Ints, low: Ints, high: Ints, tick: int, where: Where) -> None:
    def named(number: int) -> str:
        return f"{where(number)}: its {name}, {column[number] / 1e6},"

    _each((low <= column) & (column <= high), lambda i: f"{named(i)} is not between low and high")
    _each(column % tick == 0, lambda i: f"{named(i)} is not on the market's tick of {tick / 1e6}")


def check_ends(times: Ints, ends: Ints, resolution: Resolution, where: Where) -> None:
    """Raises `DataError` when a candle begins before the one before it has ended."""
    _each(
        times[1:] >= ends[:-1],
        lambda i: f"{where(i + 1)}: {_at(times, i + 1)} is within the {resolution} candle of {_at(times, i)}",
    )


def _each(fine: npt.NDArray[np.bool_], fault: Callable[[int], str]) -> None:
    if not fine.all():
        raise DataError(fault(int(np.argmin(fine))))


def _at(times: Ints, number: int) -> str:
    return str(moment_of(int(times[number])))
