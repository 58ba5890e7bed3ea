"""What is served is described, and what is described is served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.inference.api import METHODS
from bot.sim.openapi import describe
from bot.sim.served import SERVED
from bot.sim.server import serve
from tests.sim.client import Client

DOCUMENT = describe(VenueConfig())


def described(document: dict[str, Any], prefix: str) -> dict[str, set[str]]:
    """Methods by pattern, of the paths under a prefix."""
    return {
        re.sub(r"\{\w+\}", "{}", path.removeprefix(prefix)): {method.upper() for method in methods}
        for path, methods in document["paths"].items()
        if path.startswith(prefix)
    }


def test_every_route_is_described_in_both_layouts_and_no_other_is() -> None:
    served = {pattern: set(methods) for pattern, methods in SERVED.items()} | {"health": {"GET"}}
    inference = {path.removeprefix("/v1/"): {method} for path, method in METHODS.items()}
    assert described(DOCUMENT, "/trading/") == served
    in_full = {f"trading/{path}": methods for path, methods in served.items()}
    assert described(DOCUMENT, "/") == in_full | served | inference


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from references(inner)


def test_what_is_referred_to_is_there_and_nothing_else_and_operations_have_names_of_their_own() -> None:
    found = {ref.removeprefix("#/components/") for ref in references(DOCUMENT)}
    there = {f"{kind}/{name}" for kind, parts in DOCUMENT["components"].items() for name in parts}
    assert found == {name for name in there if not name.startswith("securitySchemes/")}
    names = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("config", "statuses"),
    [
        (VenueConfig(), {"204", "401", "404", "429", "500"}),
        (VenueConfig(cancel_status=200, closed_cancel_status=409), {"200", "401", "404", "409", "429"}),
        (VenueConfig(rate_limits=None), {"204", "401", "404", "500"}),
    ],
)
def test_the_description_is_that_of_the_configuration(config: VenueConfig, statuses: set[str]) -> None:
    assert describe(config)["paths"]["/orders/{order_id}"]["delete"]["responses"].keys() == statuses


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/v1/orders", "POST, GET, DELETE"), ("PUT", "/v1/trading/trades", "GET"), ("POST", "/v1/health", "GET")],
)
def test_another_method_is_answered_with_those_that_are_allowed(
    alice: Client, method: str, path: str, allowed: str
) -> None:
    response = alice.send(alice.signed(method, path)).response
    assert (response.status, response.headers["allow"]) == (405, allowed)


async def test_the_description_is_served_to_everybody(api: ExchangeApi) -> None:
    async with (
        serve(api, SystemClock()) as server,
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/openapi.json") as answer,
    ):
        assert (answer.status, await answer.json()) == (200, describe(api.venue.config))
