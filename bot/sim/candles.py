"""Candle files: `timestamp,open,high,low,close,volume`, or with a first column of no name, which is the time, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bot.errors import DataError
from bot.sim.tables import Row, Table

SHORTEST = timedelta(seconds=1)
"""The least time between two candles."""


@dataclass(frozen=True, slots=True)
class Candle:
    """One period's prices, in the file's own currency, and when the period began."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def read_candles(path: Path) -> list[Candle]:
    """Read a candle file, oldest first; volumes are not looked at.

    Raises:
        DataError: the file is malformed; file and line are named.
    """
    table = Table(path)
    time = "timestamp" if table.has("timestamp") else ""
    if not table.has(time, "open", "high", "low", "close"):
        raise DataError(
            f"{path}, line 1: the columns are {', '.join(table.columns)}; "
            "a candle file has timestamp,open,high,low,close,volume"
        )
    candles: list[Candle] = []
    for row in table:
        candle = _candle(row, time)
        if candles and candle.at <= candles[-1].at:
            raise row.fault(f"{candle.at} comes after {candles[-1].at}; times must rise")
        if candles and candle.at - candles[-1].at < SHORTEST:
            raise row.fault(f"{candle.at} comes less than a second after {candles[-1].at}")
        candles.append(candle)
    return candles


def _candle(row: Row, time: str) -> Candle:
    candle = Candle(row.moment(time), *(row.number(name) for name in ("open", "high", "low", "close")))
    if candle.low <= 0:
        raise row.fault(f"low: {candle.low} is not a positive price")
    if candle.high < candle.low:
        raise row.fault(f"the high {candle.high} is below the low {candle.low}")
    for name, price in (("open", candle.open), ("close", candle.close)):
        if not candle.low <= price <= candle.high:
            raise row.fault(f"the {name} {price} is not between the low {candle.low} and the high {candle.high}")
    return candle
