"""gridbot: automated trading on The Grid. What a strategy author imports.

Each name is imported when it is first used: commands that run no strategy start without what strategies need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.domain.fill import Fill
    from bot.domain.money import Rounding
    from bot.domain.order import Order, Side
    from bot.strategy.base import Strategy
    from bot.strategy.context import Consumption, Context, MarketView

__all__ = ["Consumption", "Context", "Fill", "MarketView", "Order", "Rounding", "Side", "Strategy"]

_WHERE = {
    "Consumption": "strategy.context",
    "Context": "strategy.context",
    "Fill": "domain.fill",
    "MarketView": "strategy.context",
    "Order": "domain.order",
    "Rounding": "domain.money",
    "Side": "domain.order",
    "Strategy": "strategy.base",
}
"""In which modules names are."""


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
