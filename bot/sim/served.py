"""All routes of the Trading API that need a signature."""

from __future__ import annotations

from bot.sim.account_routes import ACCOUNT_ROUTES
from bot.sim.checks import CHECK_ROUTES
from bot.sim.market_routes import MARKET_ROUTES
from bot.sim.order_routes import ORDER_ROUTES
from bot.sim.position_routes import POSITION_ROUTES
from bot.sim.routes import Handler
from bot.sim.supply_routes import SUPPLY_ROUTES

SERVED: dict[str, dict[str, Handler]] = {
    **MARKET_ROUTES,
    **ORDER_ROUTES,
    **POSITION_ROUTES,
    **ACCOUNT_ROUTES,
    **SUPPLY_ROUTES,
    **CHECK_ROUTES,
}
"""Patterns, methods and handlers."""
