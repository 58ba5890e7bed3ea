"""The bodies of writes, checked as far as that takes no knowledge of the market."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.domain.money import plain
from bot.domain.order import NewOrder, OrderType, TimeInForce
from bot.errors import InvalidRequest


def order_payload(order: NewOrder) -> dict[str, Any]:
    """The body that places an order: its price as a plain decimal string, its quantity as an integer.

    Raises:
        InvalidRequest: the quantity or the price cannot be any order's, or it has no client order id.
    """
    if not order.client_order_id:
        raise InvalidRequest("an order needs a client order id; without one it could not be found again")
    payload = {
        "market_id": order.market_id,
        "side": order.side,
        "type": order.order_type,
        "quantity": _units(order.quantity),
        "client_order_id": order.client_order_id,
    }
    if order.order_type is OrderType.LIMIT:
        payload["price"] = _price(order.price)
        payload["time_in_force"] = order.time_in_force
    elif order.price is not None:
        raise InvalidRequest(f"a market order takes no price, but has {order.price}")
    elif order.time_in_force is not TimeInForce.GTC:  # the default, and a market order never rests
        payload["time_in_force"] = order.time_in_force
    if order.post_only:
        payload["post_only"] = True
    return payload


def transfer_payload(instrument_id: str, quantity: int) -> dict[str, Any]:
    """The body that moves units to Consumption.

    Raises:
        InvalidRequest: the quantity cannot be moved.
    """
    return {"instrument_id": instrument_id, "quantity": _units(quantity)}


def _units(quantity: object) -> int:
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise InvalidRequest(f"a quantity is a whole number of units from 1, not {quantity!r}")
    return quantity


def _price(price: object) -> str:
    if not isinstance(price, Decimal) or not price.is_finite() or price <= 0:
        raise InvalidRequest(f"the price of a limit order is a positive Decimal of USD per unit, not {price!r}")
    return plain(price)
