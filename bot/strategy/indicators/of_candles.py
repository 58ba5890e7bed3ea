"""Indicators that need more of a candle than one column."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

from bot.strategy.candles import Candles
from bot.strategy.indicators.arguments import check_candles, whole
from bot.strategy.indicators.smoothing import WilderMean, wilder
from bot.strategy.indicators.windows import Window, by_window, ratio, total
from bot.strategy.series import Floats, Series, Stepper


class Atr(Stepper):
    """The average true range, one candle at a time; see `atr`."""

    def __init__(self, n: int = 14) -> None:
        self.n = whole("atr", n)
        self._close: float | None = None
        self._ranges = WilderMean(self.n)

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next candle, and give the average."""
        before, self._close = self._close, close
        if before is None:
            return self._ranges.update(high - low)
        return self._ranges.update(max(high, before) - min(low, before))

    def over(self, *columns: Floats) -> Floats:
        """What `update` gives for each candle."""
        high, low, close = columns
        ranges = high - low
        ranges[1:] = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
        return wilder(ranges, self.n)


class Vwap(Stepper):
    """The volume-weighted average price, one candle at a time; see `vwap`."""

    def __init__(self, n: int) -> None:
        self.n = whole("vwap", n)
        self._prices: deque[float] = deque(maxlen=self.n)
        self._volumes: deque[float] = deque(maxlen=self.n)

    def of(self, prices: Window, volumes: Window) -> Any:
        """The weighted mean, counted from the oldest price."""
        oldest = prices[0]
        weighted = total((price - oldest) * volume for price, volume in zip(prices, volumes, strict=True))
        return oldest + ratio(weighted, total(volumes))

    def update(self, high: float, low: float, close: float, volume: float) -> float:
        """Take the next candle, and give the average."""
        self._prices.append(typical(high, low, close))
        self._volumes.append(volume)
        return float(self.of(self._prices, self._volumes)) if len(self._prices) == self.n else math.nan

    def over(self, *columns: Floats) -> Floats:
        """What `update` gives for each candle."""
        high, low, close, volume = columns
        return by_window(self.n, self.of, typical(high, low, close), volume)


def typical(high: Any, low: Any, close: Any) -> Any:
    """(high + low + close) / 3, counted from the close: exactly the close where the candle is flat."""
    return close + ((high - close) + (low - close)) / 3


def atr(candles: Candles, n: int = 14) -> Series:
    """The average true range: Wilder's mean of max(high, close before) - min(low, close before).

    The first candle's range is high - low. The mean is of the first `n` ranges, then each new one counts for 1/n
    (J. Welles Wilder: New Concepts in Technical Trading Systems, 1978). USD per unit; NaN before the n-th candle.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `candles` are none.
    """
    try:
        return candles.lines["atr", n]
    except (KeyError, AttributeError, TypeError):
        check_candles("atr", candles)
        stepper = Atr(n)
        return candles.line(("atr", n), (candles.high, candles.low, candles.close), lambda: stepper)


def vwap(candles: Candles, n: int) -> Series:
    """The volume-weighted average price of the newest `n` candles: sum(p * volume) / sum(volume).

    p is a candle's typical price, (high + low + close) / 3: what was paid for the single units is not in a candle. USD
    per unit; NaN before the n-th candle, and where nothing was traded in all `n`.

    Raises:
        StrategyError: `n` is no whole number of at least 1, or `candles` are none.
    """
    try:
        return candles.lines["vwap", n]
    except (KeyError, AttributeError, TypeError):
        check_candles("vwap", candles)
        stepper, columns = Vwap(n), (candles.high, candles.low, candles.close, candles.volume)
        return candles.line(("vwap", n), columns, lambda: stepper)
