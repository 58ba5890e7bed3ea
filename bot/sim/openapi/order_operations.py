"""Operations on an account's own orders and fills."""

from __future__ import annotations

from bot.domain.order import OrderType, Side, TimeInForce
from bot.sim.config import VenueConfig
from bot.sim.openapi.lists import paged
from bot.sim.openapi.operations import PAGING, SPAN, Operation, Operations, asked, filters
from bot.sim.openapi.schemas import (
    COUNT,
    FLAG,
    MOMENT,
    NAME,
    NULL,
    POSITIVE,
    USD,
    Schemas,
    listed,
    nullable,
    record,
    ref,
    word,
    words,
    wrapped,
)
from bot.sim.orders import ACTIVE, CANCELLED, EXPIRED, FILLED, PARTIALLY_FILLED, PENDING

ORDER_SCHEMAS: Schemas = {
    "Order": record(
        {
            "order_id": NAME,
            "client_order_id": nullable(NAME),
            "market_id": NAME,
            "instrument_id": NAME,
            "trader_id": NAME,
            "side": words(Side),
            "type": words(OrderType),
            "status": words((PENDING, ACTIVE, PARTIALLY_FILLED, FILLED, CANCELLED, EXPIRED)),
            "quantity": POSITIVE,
            "filled_quantity": COUNT,
            "remaining_quantity": COUNT,
            "price": nullable(USD),
            "stop_price": nullable(USD),
            "average_price": nullable(USD),
            "fee": USD,
            "time_in_force": words(TimeInForce),
            "post_only": FLAG,
            "reduce_only": FLAG,
            "closure_reason": nullable(NAME),
            "submitted_at": MOMENT,
            "created_at": MOMENT,
            "updated_at": MOMENT,
            "closed_at": nullable(MOMENT),
        }
    ),
    "Trade": record(
        {
            "trade_id": NAME,
            "order_id": NAME,
            "market_id": NAME,
            "instrument_id": NAME,
            "side": words(Side),
            "price": USD,
            "quantity": POSITIVE,
            "total_value": USD,
            "fee": NULL,
            "status": word("settled"),
            "execution_timestamp": MOMENT,
            "settlement_timestamp": MOMENT,
            "trading_account_id": NAME,
        }
    ),
    "OrderCount": record({"count": COUNT, "by_market": listed(record({"market_id": NAME, "count": POSITIVE}))}),
    "Cancelled": record({"cancelled": COUNT}),
}

_SIDE = asked("side", "only orders of this side", words(Side))
_CANCELLED_FEW = {200: wrapped(ref("Cancelled"))}


def order_operations(config: VenueConfig) -> Operations:
    """Operations by path and method, as this configuration has them."""
    order = wrapped(ref("Order"))
    cancelled = {204: None} if config.cancel_status == 204 else {200: order}
    replaceable = (400, 404, 409, 422)
    return {
        "orders": {
            "POST": Operation(
                "placeOrder",
                "Place an order; what it can trade at once is traded when the answer comes",
                {201: order},
                (400, 403, 404, 422),
                body=ref("OrderForm"),
            ),
            "GET": Operation(
                "listOrders",
                "Orders, open and closed",
                {200: paged(ref("Order"))},
                (400, 422),
                (*filters("market_id", "instrument_id", "side", "status"), *SPAN, *PAGING),
            ),
            "DELETE": Operation(
                "cancelOrders",
                "Cancel the open orders, all or those of one market or side",
                _CANCELLED_FEW,
                (400, 404),
                (*filters("market_id", "instrument_id"), _SIDE),
            ),
        },
        "orders/count": {
            "GET": Operation("countOrders", "How many orders are open", {200: wrapped(ref("OrderCount"))})
        },
        "orders/{order_id}": {
            "GET": Operation("getOrder", "An order", {200: order}, (404,)),
            "PUT": Operation(
                "replaceOrder",
                "Give an open order a new price or quantity",
                {200: order},
                replaceable,
                body=ref("ReplaceForm"),
            ),
            "DELETE": Operation("cancelOrder", "Cancel an order", cancelled, (404, config.closed_cancel_status)),
        },
        "markets/{market_id}/orders": {
            "DELETE": Operation(
                "cancelMarketOrders", "Cancel the open orders of one market", _CANCELLED_FEW, (400, 404), (_SIDE,)
            )
        },
        "trades": {
            "GET": Operation(
                "listTrades",
                "The account's trades",
                {200: paged(ref("Trade"))},
                (400, 422),
                (*filters("market_id", "instrument_id", "order_id"), *SPAN, *PAGING),
            )
        },
        "trades/{trade_id}": {"GET": Operation("getTrade", "A trade", {200: wrapped(ref("Trade"))}, (404,))},
    }
