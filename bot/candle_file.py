"""Candle files: tables whose first column is the time, with columns open, high, low, close and maybe volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bot.domain.money import ZERO
from bot.errors import DataError
from bot.tables import Row, Table

SHORTEST = timedelta(seconds=1)
"""The least time between two candles."""

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Candle:
    """One period's prices, in the file's own currency, and when the period began.

    Attributes:
        at: when it began; UTC where the file names no zone.
        open: price of its first trade.
        high: highest price.
        low: lowest price.
        close: price of its last trade.
        volume: what was traded, in the file's own measure; zero where the file does not say.
    """

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO


def read_candles(path: Path) -> list[Candle]:
    """Read a candle file, plain or gzipped, oldest first.

    Raises:
        DataError: the file is malformed; file and line are named.
    """
    return [candle for _, candle in read_rows(path)]


def read_rows(path: Path) -> Iterator[tuple[Row, Candle]]:
    """The candles of a file, oldest first, each with the line that it stands in.

    Raises:
        DataError: the file is malformed; file and line are named.
    """
    table = Table(path)
    if not table.has(*PRICES):
        raise DataError(
            f"{path}, line 1: the columns are {', '.join(table.columns)}; "
            "a candle file has timestamp,open,high,low,close,volume"
        )
    time, has_volume = table.columns[0], table.has("volume")
    last: datetime | None = None
    for row in table:
        at = row.moment(time)
        if last is not None and at <= last:
            raise row.fault(f"{at} comes after {last}; times must rise")
        if last is not None and at - last < SHORTEST:
            raise row.fault(f"{at} comes less than a second after {last}")
        last = at
        yield row, _candle(row, at, has_volume=has_volume)


def _candle(row: Row, at: datetime, *, has_volume: bool) -> Candle:
    opened, high, low, close = (row.number(name) for name in PRICES)
    candle = Candle(at, opened, high, low, close, row.number("volume") if has_volume else ZERO)
    if candle.low <= 0:
        raise row.fault(f"low: {candle.low} is not a positive price")
    if candle.high < candle.low:
        raise row.fault(f"the high {candle.high} is below the low {candle.low}")
    for name, price in (("open", candle.open), ("close", candle.close)):
        if not candle.low <= price <= candle.high:
            raise row.fault(f"the {name} {price} is not between the low {candle.low} and the high {candle.high}")
    if candle.volume < 0:
        raise row.fault(f"volume: {candle.volume} is negative")
    return candle
