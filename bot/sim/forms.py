"""What the bodies of requests ask for, checked field by field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from bot.domain.money import MICROS_PER_USD
from bot.domain.order import OrderType, Side, TimeInForce
from bot.sim.refusals import malformed, out_of_range

Word = TypeVar("Word", Side, OrderType, TimeInForce)

_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
_WHOLE = re.compile(r"[0-9]{1,15}")
_MAX_DIGITS = 15
MAX_CLIENT_ID = 128
"""The most characters that a client order id can have."""

_PRICED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_WAITING = (OrderType.STOP, OrderType.STOP_LIMIT)
_REPLACEABLE = ("price", "quantity", "stop_price", "time_in_force")


@dataclass(frozen=True, slots=True)
class OrderForm:
    """An order as it was asked for; prices are micro-dollars per unit, None where the type of the order has none."""

    market_id: str
    side: Side
    quantity: int
    price: int | None
    stop_price: int | None
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    client_order_id: str | None


@dataclass(frozen=True, slots=True)
class ReplaceForm:
    """New terms of an order as they were asked for; what is None stays."""

    quantity: int | None
    price: int | None
    stop_price: int | None
    time_in_force: TimeInForce | None


@dataclass(frozen=True, slots=True)
class TransferForm:
    """A transfer to Consumption as it was asked for."""

    instrument_id: str
    quantity: int


def order_form(body: bytes) -> OrderForm:
    """Read the body of `POST orders`.

    Raises:
        Refusal: it is malformed, or its price cannot be any market's.
    """
    fields = _fields(body)
    kind = _word(fields, "type", OrderType)
    price, stop_price = _price(fields, "price"), _price(fields, "stop_price")
    if (price is not None) is not (kind in _PRICED):
        raise malformed("a limit or stop_limit order needs a price, a market or stop order takes none")
    if (stop_price is not None) is not (kind in _WAITING):
        raise malformed("a stop or stop_limit order needs a stop_price, a limit or market order takes none")
    default = TimeInForce.IOC if kind is OrderType.MARKET else TimeInForce.GTC
    return OrderForm(
        market_id=_text(fields, "market_id"),
        side=_word(fields, "side", Side),
        quantity=_quantity(fields),
        price=price,
        stop_price=stop_price,
        time_in_force=_word(fields, "time_in_force", TimeInForce, default),
        post_only=_flag(fields, "post_only"),
        reduce_only=_flag(fields, "reduce_only"),
        client_order_id=_client_order_id(fields),
    )


def replace_form(body: bytes) -> ReplaceForm:
    """Read the body of `PUT orders/{id}`.

    Raises:
        Refusal: it is malformed or empty, or its prices cannot be any market's.
    """
    fields = {name: value for name, value in _fields(body).items() if name in _REPLACEABLE and value is not None}
    if not fields:
        raise malformed(f"one of these is needed: {', '.join(_REPLACEABLE)}")
    return ReplaceForm(
        quantity=_quantity(fields) if "quantity" in fields else None,
        price=_price(fields, "price"),
        stop_price=_price(fields, "stop_price"),
        time_in_force=_word(fields, "time_in_force", TimeInForce) if "time_in_force" in fields else None,
    )


def transfer_form(body: bytes) -> TransferForm:
    """Read the body of `POST transfers/trading-to-consumption`.

    Raises:
        Refusal: it is malformed.
    """
    fields = _fields(body)
    return TransferForm(instrument_id=_text(fields, "instrument_id"), quantity=_quantity(fields))


def _fields(body: bytes) -> dict[str, Any]:
    try:
        return _decoder.decode(body)
    except (ValueError, ArithmeticError, RecursionError):  # also numbers and texts that no decoder can hold
        raise malformed("the body must be a JSON object") from None


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise malformed(f"{name} must be a text")
    return value


def _word(fields: dict[str, Any], name: str, words: type[Word], default: Word | None = None) -> Word:
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if value not in tuple(words):
        raise malformed(f"{name} must be one of: {', '.join(words)}")
    return words(value)


def _flag(fields: dict[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise malformed(f"{name} must be true or false")
    return value


def _client_order_id(fields: dict[str, Any]) -> str | None:
    if fields.get("client_order_id") is None:
        return None
    client_order_id = _text(fields, "client_order_id")
    if len(client_order_id) > MAX_CLIENT_ID:
        raise malformed(f"client_order_id must have at most {MAX_CLIENT_ID} characters")
    return client_order_id


def _quantity(fields: dict[str, Any]) -> int:
    value = fields.get("quantity")
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, Decimal) and value.adjusted() <= _MAX_DIGITS and value == value.to_integral_value():
        value = int(value)  # JSON makes no difference between 5 and 5.0
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise malformed("quantity must be a whole number from 1")
    return value


def _price(fields: dict[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise malformed(f"{name} must be a decimal number")
    price = Decimal(value)
    if price.adjusted() > _MAX_DIGITS or int(price.as_tuple().exponent) < -12:
        raise out_of_range(f"{name} must have at most 15 digits before and 12 after the decimal point")
    micros = price * MICROS_PER_USD
    if micros != micros.to_integral_value():
        raise out_of_range(f"{name} must be a whole number of ticks")
    return int(micros)
