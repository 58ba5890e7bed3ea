"""Schemas of the bodies that name quantities and prices."""

from __future__ import annotations

from bot.domain.order import OrderType, Side, TimeInForce
from bot.sim.config import VenueConfig
from bot.sim.forms import MAX_CLIENT_ID
from bot.sim.openapi.schemas import FLAG, NAME, NULL, Schema, Schemas, either, form, word, words
from bot.sim.supply import MOST_UNITS

_ANY_ORDER: Schemas = {
    "client_order_id": {"type": "string", "minLength": 1, "maxLength": MAX_CLIENT_ID},
    "reduce_only": FLAG,
}
_PRICE: Schema = either(
    {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,12})?$", "examples": ["2.05"]},
    {"type": "number", "exclusiveMinimum": 0},
)
_NOT: Schema = {"const": False}
_LASTING: Schema = words((TimeInForce.GTC, TimeInForce.DAY))


def form_schemas(config: VenueConfig) -> Schemas:
    """The bodies of requests that place or change orders, or move units."""
    return {
        "OrderForm": either(
            _resting_order(config),
            _immediate_order(config),
            _market_order(config),
            _stop_order(config),
            _stop_limit_order(config),
        ),
        "ReplaceForm": _replace_form(config),
        "TransferForm": form({"instrument_id": NAME, "quantity": _quantity(MOST_UNITS)}, {}),
    }


def _resting_order(config: VenueConfig) -> Schema:
    needed = _needed(config, OrderType.LIMIT) | {"price": _PRICE}
    return form(needed, {**_ANY_ORDER, "time_in_force": _LASTING, "stop_price": NULL, "post_only": FLAG})


def _immediate_order(config: VenueConfig) -> Schema:
    immediate = words((TimeInForce.IOC, TimeInForce.FOK))
    needed = _needed(config, OrderType.LIMIT) | {"price": _PRICE, "time_in_force": immediate}
    return form(needed, {**_ANY_ORDER, "stop_price": NULL, "post_only": _NOT})


def _market_order(config: VenueConfig) -> Schema:
    optional = {"time_in_force": words(TimeInForce), "price": NULL, "stop_price": NULL, "post_only": _NOT}
    return form(_needed(config, OrderType.MARKET), {**_ANY_ORDER, **optional})


def _stop_order(config: VenueConfig) -> Schema:
    needed = _needed(config, OrderType.STOP) | {"stop_price": _PRICE}
    return form(needed, {**_ANY_ORDER, "time_in_force": words(TimeInForce), "price": NULL, "post_only": _NOT})


def _stop_limit_order(config: VenueConfig) -> Schema:
    needed = _needed(config, OrderType.STOP_LIMIT) | {"price": _PRICE, "stop_price": _PRICE}
    return form(needed, {**_ANY_ORDER, "time_in_force": words(TimeInForce), "post_only": _NOT})


def _needed(config: VenueConfig, kind: OrderType) -> dict[str, Schema]:
    return {"market_id": NAME, "side": words(Side), "type": word(kind), "quantity": _quantity(config.max_size)}


def _replace_form(config: VenueConfig) -> Schema:
    """New terms of an order, at least one of them; null leaves a term as it is."""
    terms = {
        "price": _PRICE,
        "quantity": _quantity(config.max_size),
        "stop_price": _PRICE,
        "time_in_force": _LASTING,
    }
    one_at_least = either(*({"required": [name], "properties": {name: schema}} for name, schema in terms.items()))
    return {**form({}, terms), **one_at_least}


def _quantity(most: int) -> Schema:
    """Whole units from 1, as a number or as a text of 15 digits at most."""
    digits = len(str(most))
    return either(
        {"type": "integer", "minimum": 1, "maximum": most},
        {"type": "string", "pattern": f"^0{{0,{15 - digits}}}[1-9][0-9]{{0,{digits - 1}}}$"},
    )
