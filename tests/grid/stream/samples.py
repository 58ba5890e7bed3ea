"""What the exchange says on its stream, with changes as a test wants them."""

from __future__ import annotations

from typing import Any


def order_data(order_id: str | None = "o-1", **changes: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "client_order_id": f"gb-{order_id}",
        "market_id": "m-1",
        "side": "buy",
        "order_type": "limit",
        "status": "active",
        "original_quantity": "10",
        "remaining_quantity": "10",
        "filled_quantity": "0",
        "price": "2.00",
        "average_fill_price": None,
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    } | changes


def trade_data(trade_id: str = "t-1", **changes: Any) -> dict[str, Any]:
    return {
        "trade_id": trade_id,
        "market_id": "m-1",
        "price": "2.00",
        "quantity": "4",
        "side": "sell",
        "executed_at": "2026-03-01T12:00:01Z",
        "maker_order_id": "o-1",
        "taker_order_id": "o-2",
    } | changes


def ticker_data(market_id: str | None = "m-1", **changes: Any) -> dict[str, Any]:
    return {
        "market_id": market_id,
        "last_price": "2.00",
        "bid": "1.99",
        "ask": None,
        "volume_24h": "4",
    } | changes
