"""Prices of a span of time, summed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class Resolution(StrEnum):
    """How long a candle is, in the exchange's own words. Weeks begin on Monday, all spans in UTC."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"
    W1 = "1w"
    MONTH = "1M"

    @property
    def length(self) -> timedelta | None:
        """How long it is; None for the month, whose length differs."""
        return _LENGTHS.get(self)


_LENGTHS = {
    Resolution.M1: timedelta(minutes=1),
    Resolution.M5: timedelta(minutes=5),
    Resolution.M15: timedelta(minutes=15),
    Resolution.M30: timedelta(minutes=30),
    Resolution.H1: timedelta(hours=1),
    Resolution.H4: timedelta(hours=4),
    Resolution.D1: timedelta(days=1),
    Resolution.W1: timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class Candle:
    """A span's first, highest, lowest and last price (USD per unit), and what was traded in it.

    Attributes:
        start: when the span begins, UTC.
        open: price of its first trade.
        high: highest price.
        low: lowest price.
        close: price of its last trade.
        volume: units traded.
        trade_count: number of trades; None where the exchange does not say.
    """

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    trade_count: int | None = None
