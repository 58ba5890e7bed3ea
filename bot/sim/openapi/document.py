"""The description as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.sim.config import VenueConfig
from bot.sim.openapi.account_operations import ACCOUNT_OPERATIONS, ACCOUNT_SCHEMAS, HEALTH_OPERATIONS
from bot.sim.openapi.answers import AT_THE_DOOR, HEADERS, REFUSAL_SCHEMAS, Described
from bot.sim.openapi.apis import CHAT, HEALTH, MESSAGES, SECURITY_SCHEMES, Api, trading_api
from bot.sim.openapi.inference_operations import CHAT_OPERATIONS, INFERENCE_SCHEMAS, MESSAGES_OPERATIONS
from bot.sim.openapi.lists import LIST_SCHEMAS
from bot.sim.openapi.market_operations import MARKET_OPERATIONS, MARKET_SCHEMAS
from bot.sim.openapi.operations import Operation, Operations
from bot.sim.openapi.order_forms import form_schemas
from bot.sim.openapi.order_operations import ORDER_SCHEMAS, order_operations
from bot.sim.openapi.schemas import NAME, Schema
from bot.sim.openapi.supply_operations import SUPPLY_OPERATIONS, SUPPLY_SCHEMAS

_ABOUT = """\
A simulation of The Grid's Trading API, in its documented layout under `/trading` and in its short one, and of its
Consumption API. Another method than those described is answered with 405, another path with 404. Filters can also be
spelled `filters[0][field]=status&filters[0][value]=active` or `flop[filters][0][field]=...`.
"""
_PARAMETER = re.compile(r"\{(\w+)\}")
_IDEMPOTENCY_KEY: Described = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "within 24 hours, the same request with the same key gets the same answer and changes nothing",
    "required": False,
    "schema": {"type": "string"},
}


def describe(config: VenueConfig) -> dict[str, Any]:
    """Describe what an exchange of this configuration serves, as an OpenAPI 3.1 document; its supplier excepted."""
    trading = trading_api(limited=config.rate_limits is not None)
    paths: dict[str, Described] = {}
    for layout, suffix in (("/trading/", ""), ("/", "Short")):
        paths |= _paths(HEALTH, HEALTH_OPERATIONS, layout, suffix)
        for operations in trading_operations(config):
            paths |= _paths(trading, operations, layout, suffix)
    paths |= _paths(CHAT, CHAT_OPERATIONS) | _paths(MESSAGES, MESSAGES_OPERATIONS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "The Grid, simulated", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/v1"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(config),
            "responses": {name: refusal for api in (trading, CHAT, MESSAGES) for name, refusal in api.refused_all()},
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def trading_operations(config: VenueConfig) -> tuple[Operations, ...]:
    """The operations that are signed, by path without its layout, and method."""
    return (MARKET_OPERATIONS, order_operations(config), ACCOUNT_OPERATIONS, SUPPLY_OPERATIONS)


def _schemas(config: VenueConfig) -> dict[str, Schema]:
    return {
        **LIST_SCHEMAS,
        **MARKET_SCHEMAS,
        **form_schemas(config),
        **ORDER_SCHEMAS,
        **ACCOUNT_SCHEMAS,
        **SUPPLY_SCHEMAS,
        **INFERENCE_SCHEMAS,
        **REFUSAL_SCHEMAS,
    }


def _paths(api: Api, operations: Operations, layout: str = "/", suffix: str = "") -> dict[str, Described]:
    return {
        f"{layout}{path}": {
            method.lower(): {
                "operationId": operation.name + suffix,
                "summary": operation.summary,
                "tags": [api.tag],
                "security": [{scheme: [] for scheme in schemes} for schemes in api.security],
                "parameters": list(_parameters(api, path, method, operation)),
                "responses": dict(_responses(api, operation)),
                **_body(operation),
            }
            for method, operation in methods.items()
        }
        for path, methods in operations.items()
    }


def _parameters(api: Api, path: str, method: str, operation: Operation) -> Iterator[Described]:
    for name in _PARAMETER.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": NAME}
    yield from operation.query
    if api.replays and method == "POST":
        yield _IDEMPOTENCY_KEY


def _responses(api: Api, operation: Operation) -> Iterator[tuple[str, Described]]:
    for status, schema in operation.answers.items():
        yield str(status), api.success(status, schema, streams=operation.streams)
    at_the_door = () if operation.body is None else AT_THE_DOOR
    for status in sorted({*operation.refusals, *api.refusals, *at_the_door}):
        yield str(status), api.refused(status)


def _body(operation: Operation) -> dict[str, Described]:
    if operation.body is None:
        return {}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": operation.body}}}}
