"""Orders, trades and tickers as the stream's events show them: all values are strings.

Of an order and a trade nothing is null: a price that there is not is "0", an id "". A ticker has null for an empty
side.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.sim.account_views import order_view
from bot.sim.market import SimMarket
from bot.sim.market_views import ticker_view, usd
from bot.sim.orders import SimOrder, SimTrade

_ORDER_FIELDS = {
    "order_id": "order_id",
    "client_order_id": "client_order_id",
    "market_id": "market_id",
    "side": "side",
    "order_type": "type",
    "status": "status",
    "original_quantity": "quantity",
    "remaining_quantity": "remaining_quantity",
    "filled_quantity": "filled_quantity",
    "price": "price",
    "average_fill_price": "average_price",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
"""What the stream calls the fields of an order, and what the routes call them."""

_ABSENT = {"client_order_id": "", "price": "0", "average_fill_price": "0"}
"""What stands for what an order does not have."""


def order_event(order: SimOrder) -> dict[str, Any]:
    """An order as it is now."""
    view = order_view(order)
    shown = {name: view[field] for name, field in _ORDER_FIELDS.items()}
    return {"data": {name: _ABSENT[name] if value is None else _text(value) for name, value in shown.items()}}


def trade_event(trade: SimTrade) -> dict[str, Any]:
    """A trade; its side is the taker's."""
    return {
        "data": {
            "trade_id": trade.trade_id,
            "market_id": trade.market_id,
            "price": usd(trade.price),
            "quantity": _text(trade.quantity),
            "side": trade.side,
            "executed_at": trade.executed_at,
            "maker_order_id": trade.maker_order_id,
            "taker_order_id": trade.taker_order_id,
        }
    }


def ticker_event(market: SimMarket, now: datetime) -> dict[str, Any]:
    """A market's best prices and last price, and the units traded in the last 24 hours; no envelope around it."""
    view = ticker_view(market, now)
    return {name: _text(view[name]) for name in ("market_id", "last_price", "bid", "ask", "volume_24h")}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value
