"""gridbot: automated trading on The Grid. What a strategy author imports.

Each name is imported when it is first used: commands that run no strategy start without what strategies need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.domain.book import Book
    from bot.domain.fill import Fill
    from bot.domain.lot import Lot
    from bot.domain.money import Rounding
    from bot.domain.order import Order, Side
    from bot.domain.problem import Problem, ProblemKind
    from bot.errors import ExchangeError, NoStock
    from bot.strategy.base import Strategy
    from bot.strategy.candles import Candles
    from bot.strategy.context import Context
    from bot.strategy.indicators import (
        atr,
        bollinger,
        crossed_above,
        crossed_below,
        ema,
        highest,
        lowest,
        macd,
        roc,
        rolling_quantile,
        rsi,
        sma,
        stdev,
        vwap,
        wma,
        zscore,
    )
    from bot.strategy.series import Series
    from bot.strategy.snapshot import Consumption
    from bot.strategy.view import MarketView

__all__ = [
    "Book",
    "Candles",
    "Consumption",
    "Context",
    "ExchangeError",
    "Fill",
    "Lot",
    "MarketView",
    "NoStock",
    "Order",
    "Problem",
    "ProblemKind",
    "Rounding",
    "Series",
    "Side",
    "Strategy",
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

_WHERE = {
    "Book": "domain.book",
    "Candles": "strategy.candles",
    "Consumption": "strategy.snapshot",
    "Context": "strategy.context",
    "ExchangeError": "errors",
    "Fill": "domain.fill",
    "Lot": "domain.lot",
    "MarketView": "strategy.view",
    "NoStock": "errors",
    "Order": "domain.order",
    "Problem": "domain.problem",
    "ProblemKind": "domain.problem",
    "Rounding": "domain.money",
    "Series": "strategy.series",
    "Side": "domain.order",
    "Strategy": "strategy.base",
    "atr": "strategy.indicators",
    "bollinger": "strategy.indicators",
    "crossed_above": "strategy.indicators",
    "crossed_below": "strategy.indicators",
    "ema": "strategy.indicators",
    "highest": "strategy.indicators",
    "lowest": "strategy.indicators",
    "macd": "strategy.indicators",
    "roc": "strategy.indicators",
    "rolling_quantile": "strategy.indicators",
    "rsi": "strategy.indicators",
    "sma": "strategy.indicators",
    "stdev": "strategy.indicators",
    "vwap": "strategy.indicators",
    "wma": "strategy.indicators",
    "zscore": "strategy.indicators",
}
"""In which modules names are."""


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
