"""Longer candles made of shorter ones, visible once they have closed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bot.backtest.history import History
from bot.backtest.spans import ends_of_spans, starts_of_spans
from bot.domain.candle import Resolution
from bot.domain.money import MICROS_PER_USD
from bot.errors import StrategyError
from bot.strategy.candles import Candles


class Coarser:
    """Candles of one longer resolution beside those of a history.

    Attributes:
        candles: as hooks see them.
    """

    def __init__(self, history: History, resolution: Resolution) -> None:
        ends = ends_of_spans(resolution, history.time)
        first = np.flatnonzero(np.diff(ends, prepend=ends[0] - 1))
        last = np.append(first[1:], len(history)) - 1
        self.candles = Candles.of(
            resolution,
            starts_of_spans(resolution, history.time[first]).astype("datetime64[ns]"),
            history.open[first] / MICROS_PER_USD,
            np.maximum.reduceat(history.high, first) / MICROS_PER_USD,
            np.minimum.reduceat(history.low, first) / MICROS_PER_USD,
            history.close[last] / MICROS_PER_USD,
            np.add.reduceat(history.volume, first),
        )
        self._closed = np.searchsorted(ends[first], history.end, side="right")

    def show(self, index: int) -> None:
        """Show what has closed when the history's candle of that number has."""
        self.candles.show(int(self._closed[index]))


def coarser(history: History, resolutions: Iterable[str]) -> list[Coarser]:
    """Candles of further resolutions.

    Raises:
        StrategyError: one is not longer than the history's own.
    """
    found = []
    for resolution in map(Resolution, resolutions):
        if resolution is history.resolution:
            continue
        if list(Resolution).index(resolution) < list(Resolution).index(history.resolution):
            raise StrategyError(
                f"the strategy reads candles of {resolution}, which cannot be made of candles of {history.resolution}; "
                "give the back-test shorter ones"
            )
        found.append(Coarser(history, resolution))
    return found
