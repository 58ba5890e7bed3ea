"""The route of an account's positions, and how it shows them."""

from __future__ import annotations

from typing import Any

from bot.sim.answers import Answer
from bot.sim.listing import listing
from bot.sim.market import SimMarket
from bot.sim.market_views import mean_usd, usd
from bot.sim.positions import Position, positions_of
from bot.sim.routes import Call, Handler


def position_view(position: Position, market: SimMarket) -> dict[str, Any]:
    """A position, valued at its market's last price; null where there is none yet."""
    last = market.trades.last
    return {
        "instrument_id": position.instrument_id,
        "status": _status(position),
        "quantity": position.quantity,
        "average_cost": mean_usd(position.cost, position.quantity) if position.quantity else None,
        "total_cost": usd(position.cost),
        "current_market_value": usd(last.price * position.quantity) if last else None,
        "last_trade_price": usd(last.price) if last else None,
        "opened_at": position.opened_at,
        "closed_at": position.closed_at,
    }


def _positions(call: Call) -> Answer:
    return listing(
        call.query,
        positions_of(call.venue.history(call.account)),
        lambda position: position_view(position, call.venue.market_of(position.instrument_id)),
        fields={"instrument_id": lambda position: position.instrument_id, "status": _status},
    )


def _status(position: Position) -> str:
    return "open" if position.closed_at is None else "closed"


POSITION_ROUTES: dict[str, dict[str, Handler]] = {"positions": {"GET": _positions}}
"""Patterns, methods and handlers."""
