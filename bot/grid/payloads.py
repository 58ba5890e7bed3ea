"""The bodies of writes, checked as far as that takes no knowledge of the market."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from bot.domain.money import plain
from bot.domain.order import NewOrder, OrderType, Side, TimeInForce
from bot.errors import InvalidRequest

Word = TypeVar("Word", bound=StrEnum)

_PRICES = {
    OrderType.LIMIT: ("price",),
    OrderType.MARKET: (),
    OrderType.STOP: ("stop_price",),
    OrderType.STOP_LIMIT: ("price", "stop_price"),
}
"""The prices that an order of each type must have; it must have no others."""


def order_payload(order: NewOrder) -> dict[str, Any]:
    """The body that places an order: its prices as plain decimal strings, its quantity as an integer.

    Raises:
        InvalidRequest: the quantity or a price cannot be any order's, its fields contradict one another, or it has no
            client order id.
    """
    if not order.client_order_id:
        raise InvalidRequest("an order needs a client order id; without one it could not be found again")
    order_type = word(order.order_type, OrderType)
    payload = {
        "market_id": order.market_id,
        "side": word(order.side, Side),
        "type": order_type,
        "quantity": _units(order.quantity),
        "client_order_id": order.client_order_id,
    }
    kind = f"{order_type.replace('_', '-')} order"
    prices = {"price": order.price, "stop_price": order.stop_price}
    for field, price in prices.items():
        if field in _PRICES[order_type]:
            payload[field] = _price(price, f"the {field} of a {kind}")
        elif price is not None:
            raise InvalidRequest(f"a {kind} takes no {field}, but has {price}")
    may_rest = "price" in payload
    time_in_force = word(order.time_in_force, TimeInForce)
    if may_rest or time_in_force is not TimeInForce.GTC:  # the default, and what has no limit never rests
        payload["time_in_force"] = time_in_force
    if order.post_only and not may_rest:
        raise InvalidRequest(f"a {kind} takes from the book, so it cannot be post-only")
    return payload | {name: True for name in ("post_only", "reduce_only") if getattr(order, name)}


def changes_payload(
    price: Decimal | None, quantity: int | None, stop_price: Decimal | None, time_in_force: TimeInForce | None
) -> dict[str, Any]:
    """The body that replaces an order; what is None stays as it is.

    Raises:
        InvalidRequest: all are, or one cannot be any order's.
    """
    payload: dict[str, Any] = {}
    if price is not None:
        payload["price"] = _price(price, "the price of an order")
    if quantity is not None:
        payload["quantity"] = _units(quantity)
    if stop_price is not None:
        payload["stop_price"] = _price(stop_price, "the stop_price of an order")
    if time_in_force is not None:
        payload["time_in_force"] = word(time_in_force, TimeInForce)
    if not payload:
        raise InvalidRequest("nothing is to be changed; give a price, a quantity, a stop price or a time in force")
    return payload


def units_payload(instrument_id: str, quantity: int) -> dict[str, Any]:
    """The body that moves or issues units of an instrument.

    Raises:
        InvalidRequest: the quantity can be no number of units, or no instrument is named.
    """
    if not instrument_id:
        raise InvalidRequest("no instrument is named; give its id")
    return {"instrument_id": instrument_id, "quantity": _units(quantity)}


def word(value: str, words: type[Word]) -> Word:
    """A word as one of those that the exchange knows.

    Raises:
        InvalidRequest: it is none of them.
    """
    try:
        return words(value)
    except ValueError:
        raise InvalidRequest(f"{value!r} is none of {', '.join(words)}") from None


def _units(quantity: object) -> int:
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise InvalidRequest(f"a quantity is a whole number of units from 1, not {quantity!r}")
    return quantity


def _price(price: object, what: str) -> str:
    if not isinstance(price, Decimal) or not price.is_finite() or price <= 0:
        raise InvalidRequest(f"{what} is a positive Decimal of USD per unit, not {price!r}")
    return plain(price)
