"""Bars of prices in columns of machine integers: small in memory, and quick to sum up."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """What was traded in a span of time.

    Attributes:
        start: when the span begins, Unix seconds.
        open: price of the first trade, micro-dollars per unit, as all prices here.
        high: highest price.
        low: lowest price.
        close: price of the last trade.
        volume: units traded.
        trades: number of trades.
    """

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int

    def joined(self, later: Bar) -> Bar:
        """This span and a later one as one."""
        return Bar(
            start=self.start,
            open=self.open,
            high=max(self.high, later.high),
            low=min(self.low, later.low),
            close=later.close,
            volume=self.volume + later.volume,
            trades=self.trades + later.trades,
        )


class Bars:
    """Bars in the order of time, 56 bytes each. Its length is their number."""

    __slots__ = ("_closes", "_highs", "_lows", "_opens", "_starts", "_trades", "_volumes")

    def __init__(self) -> None:
        self._starts = array("q")
        self._opens = array("q")
        self._highs = array("q")
        self._lows = array("q")
        self._closes = array("q")
        self._volumes = array("q")
        self._trades = array("q")

    def __len__(self) -> int:
        return len(self._starts)

    def start(self, place: int) -> int:
        """When the bar at a place begins, Unix seconds; -1 is the newest bar's place."""
        return self._starts[place]

    def place(self, at: int) -> int:
        """The place of the first bar that does not begin before a moment (Unix seconds); the length if none does."""
        return bisect_left(self._starts, at)

    def append(self, bar: Bar) -> None:
        """Add a bar behind all others."""
        for column, value in zip(
            self._columns(),
            (bar.start, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades),
            strict=True,
        ):
            column.append(value)

    def trade(self, prices: Sequence[int], quantities: Sequence[int]) -> None:
        """Take trades, one at least, into the newest bar."""
        self._highs[-1] = max(self._highs[-1], max(prices))
        self._lows[-1] = min(self._lows[-1], min(prices))
        self._closes[-1] = prices[-1]
        self._volumes[-1] += sum(quantities)
        self._trades[-1] += len(prices)

    def total(self, first: int, end: int, start: int) -> Bar:
        """The bars from place `first` to before `end`, at least one, as one bar that begins at `start`."""
        return Bar(
            start=start,
            open=self._opens[first],
            high=max(self._highs[first:end]),
            low=min(self._lows[first:end]),
            close=self._closes[end - 1],
            volume=sum(self._volumes[first:end]),
            trades=sum(self._trades[first:end]),
        )

    def forget(self, end: int) -> None:
        """Drop the bars before a place."""
        for column in self._columns():
            del column[:end]

    def followed_by(self, bar: Bar) -> Bars:
        """A copy with one bar more."""
        copy = Bars()
        for column, source in zip(copy._columns(), self._columns(), strict=True):
            column.extend(source)
        copy.append(bar)
        return copy

    def _columns(self) -> tuple[array[int], ...]:
        return self._starts, self._opens, self._highs, self._lows, self._closes, self._volumes, self._trades
