"""gridbot: automated trading on The Grid. What a strategy author imports."""

from bot.domain.fill import Fill
from bot.domain.money import Rounding
from bot.domain.order import Order, Side
from bot.strategy.base import Strategy
from bot.strategy.context import Consumption, Context, MarketView

__all__ = ["Consumption", "Context", "Fill", "MarketView", "Order", "Rounding", "Side", "Strategy"]
