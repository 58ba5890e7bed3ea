"""Indicators: functions for hooks, which give a line of a series, and the steppers that stand behind the lines.

A line is computed once and kept with its series, so a hook may ask for it as often as it likes. It is NaN until it is
warm. Each stepper takes one value after another: `Sma(10).update(x)`. Derive from `Windowed` or `Stepper` for an
indicator of your own, and get its line with `Series.line`.
"""

from bot.strategy.indicators.averages import Ema, Sma, Wma, ema, sma, wma
from bot.strategy.indicators.crossings import crossed_above, crossed_below
from bot.strategy.indicators.dispersion import Band, Bands, Stdev, Zscore, bollinger, stdev, zscore
from bot.strategy.indicators.extremes import Highest, Lowest, Quantile, highest, lowest, rolling_quantile
from bot.strategy.indicators.momentum import Macd, MacdLine, Roc, Rsi, macd, roc, rsi
from bot.strategy.indicators.of_candles import Atr, Vwap, atr, vwap
from bot.strategy.indicators.windows import Windowed
from bot.strategy.series import Stepper

__all__ = [
    "Atr",
    "Band",
    "Bands",
    "Ema",
    "Highest",
    "Lowest",
    "Macd",
    "MacdLine",
    "Quantile",
    "Roc",
    "Rsi",
    "Sma",
    "Stdev",
    "Stepper",
    "Vwap",
    "Windowed",
    "Wma",
    "Zscore",
    "atr",
    "bollinger",
    "crossed_above",
    "crossed_below",
    "ema",
    "highest",
    "lowest",
    "macd",
    "roc",
    "rolling_quantile",
    "rsi",
    "sma",
    "stdev",
    "vwap",
    "wma",
    "zscore",
]
