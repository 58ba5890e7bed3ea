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
_MAX_CLIENT_ID = 128
_OFFERED = (OrderType.LIMIT, OrderType.MARKET)
_REPLACEABLE = ("price", "quantity", "stop_price", "time_in_force")


@dataclass(frozen=True, slots=True)
class OrderForm:
    """An order as it was asked for; `price` is micro-dollars per unit, None on a market order."""

    market_id: str
    side: Side
    quantity: int
    price: int | None
    time_in_force: TimeInForce
    post_only: bool
    client_order_id: str | None


@dataclass(frozen=True, slots=True)
class ReplaceForm:
    """New terms of an order as they were asked for; what is None stays."""

    quantity: int | None
    price: int | None


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
    if kind not in _OFFERED:
        raise out_of_range(f"type {kind} is not offered; {' and '.join(_OFFERED)} are")
    is_market = kind is OrderType.MARKET
    price = _price(fields.get("price"))
    if (price is None) is not is_market:
        raise malformed("a limit order needs a price, a market order takes none")
    _refuse_stop_price(fields)
    if _flag(fields, "reduce_only"):
        raise out_of_range("reduce_only is not offered")
    return OrderForm(
        market_id=_text(fields, "market_id"),
        side=_word(fields, "side", Side),
        quantity=_quantity(fields),
        price=price,
        time_in_force=_word(fields, "time_in_force", TimeInForce, TimeInForce.IOC if is_market else TimeInForce.GTC),
        post_only=_flag(fields, "post_only"),
        client_order_id=_client_order_id(fields),
    )


def replace_form(body: bytes) -> ReplaceForm:
    """Read the body of `PUT orders/{id}`.

    Raises:
        Refusal: it is malformed or empty, or asks for what no resting order can be.
    """
    fields = {name: value for name, value in _fields(body).items() if name in _REPLACEABLE and value is not None}
    if not fields:
        raise malformed(f"one of these is needed: {', '.join(_REPLACEABLE)}")
    _refuse_stop_price(fields)
    if _word(fields, "time_in_force", TimeInForce, TimeInForce.GTC) is not TimeInForce.GTC:
        raise out_of_range("an order on the book is good till cancelled; place another instead")
    return ReplaceForm(
        quantity=_quantity(fields) if "quantity" in fields else None,
        price=_price(fields.get("price")),
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


def _refuse_stop_price(fields: dict[str, Any]) -> None:
    if fields.get("stop_price") is not None:
        raise out_of_range("stop_price is not offered")


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
    if len(client_order_id) > _MAX_CLIENT_ID:
        raise malformed(f"client_order_id must have at most {_MAX_CLIENT_ID} characters")
    return client_order_id


def _quantity(fields: dict[str, Any]) -> int:
    value = fields.get("quantity")
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise malformed("quantity must be a whole number from 1")
    return value


def _price(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise malformed("price must be a decimal number")
    price = Decimal(value)
    if price.adjusted() > 15 or int(price.as_tuple().exponent) < -12:
        raise out_of_range("price must have at most 15 digits before and 12 after the decimal point")
    micros = price * MICROS_PER_USD
    if micros != micros.to_integral_value():
        raise out_of_range("price must be a whole number of ticks")
    return int(micros)
