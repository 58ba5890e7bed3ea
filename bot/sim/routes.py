"""Which handler answers which method and path.

The exchange has two layouts, `/v1/trading/<resource>` and `/v1/<resource>`; every route is served under both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from urllib.parse import unquote

from bot.sim.answers import Answer
from bot.sim.ledger import Account
from bot.sim.queries import Query
from bot.sim.refusals import not_found, wrong_method
from bot.sim.venue import Venue

_PARAMETER = "{}"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has found its handler and shown whose it is.

    Attributes:
        venue: the exchange.
        account: who asks.
        query: what the query asks for.
        body: the raw body.
        now: the exchange's time.
        argument: the part of the path that names one thing; empty where the route has none.
    """

    venue: Venue
    account: Account
    query: Query
    body: bytes
    now: datetime
    argument: str = ""


Handler: TypeAlias = Callable[[Call], Answer]
"""Answers one kind of request; refuses by raising `Refusal`."""


class Routes:
    """A table of patterns such as `markets/{}/ticker`, each with a handler for each method."""

    def __init__(self, table: dict[str, dict[str, Handler]]) -> None:
        self._by_length: dict[int, list[tuple[list[str], dict[str, Handler]]]] = {}
        for pattern, methods in table.items():
            parts = pattern.split("/")
            self._by_length.setdefault(len(parts), []).append((parts, methods))

    def find(self, method: str, path: str) -> tuple[Handler, str]:
        """The handler of a request, and its path's argument, decoded.

        Raises:
            Refusal: no route has this path, or the route does not take this method.
        """
        parts = resource(path).split("/")
        for pattern, methods in self._by_length.get(len(parts), ()):
            argument = _match(pattern, parts)
            if argument is not None:
                if method not in methods:
                    raise wrong_method(method)
                return methods[method], unquote(argument)
        raise not_found("route")


def resource(path: str) -> str:
    """A path without what comes before the resource in either layout; empty outside both."""
    return path.removeprefix("/v1/").removeprefix("trading/") if path.startswith("/v1/") else ""


def _match(pattern: list[str], parts: list[str]) -> str | None:
    argument = ""
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted == _PARAMETER and part:
            argument = part
        elif wanted != part:
            return None
    return argument
