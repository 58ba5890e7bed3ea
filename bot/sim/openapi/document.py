"""The description as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.sim.config import VenueConfig
from bot.sim.openapi.account_operations import ACCOUNT_OPERATIONS, ACCOUNT_SCHEMAS, HEALTH_OPERATIONS
from bot.sim.openapi.answers import HEADERS, REFUSAL_SCHEMAS, Described
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
    "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
}


def describe(config: VenueConfig) -> dict[str, Any]:
    """Describe what an exchange of this configuration serves, as an OpenAPI 3.1 document; its supplier excepted."""
    trading = trading_api(limited=config.rate_limits is not None)
    in_both_layouts = [(HEALTH, HEALTH_OPERATIONS), *((trading, table) for table in trading_operations(config))]
    inference = [(CHAT, CHAT_OPERATIONS), (MESSAGES, MESSAGES_OPERATIONS)]
    paths: dict[str, Described] = {}
    for api, operations in in_both_layouts:
        paths |= _paths(api, operations, "/trading/") | _paths(api, operations, "/", "Short")
    for api, operations in inference:
        paths |= _paths(api, operations, "/")
    return {
        "openapi": "3.1.0",
        "info": {"title": "The Grid, simulated", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/v1"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(config),
            "responses": dict(_refusals([*in_both_layouts, *inference])),
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


def _paths(api: Api, operations: Operations, layout: str, suffix: str = "") -> dict[str, Described]:
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
    for status in api.refusals_of(operation):
        yield str(status), {"$ref": f"#/components/responses/{api.name}{status}"}


def _refusals(tables: Iterable[tuple[Api, Operations]]) -> Iterator[tuple[str, Described]]:
    for api, operations in tables:
        for methods in operations.values():
            for operation in methods.values():
                for status in api.refusals_of(operation):
                    yield f"{api.name}{status}", api.refused(status)


def _body(operation: Operation) -> dict[str, Described]:
    if operation.body is None:
        return {}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": operation.body}}}}
