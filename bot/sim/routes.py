"""Which handler answers which method and path.

The exchange has two layouts, `/v1/trading/<resource>` and `/v1/<resource>`; every route is served under both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from urllib.parse import unquote

from bot.sim.answers import Answer
from bot.sim.history import SimTransfer
from bot.sim.ledger import Account
from bot.sim.orders import SimFill, SimOrder
from bot.sim.queries import Query
from bot.sim.refusals import not_found, wrong_method
from bot.sim.venue import Venue

_PARAMETER = "{}"


class Trouble(Protocol):
    """What goes wrong with a request inside the exchange; see `bot.sim.faults`."""

    def order(self, order: SimOrder) -> SimOrder | None:
        """An order as it is shown; None: not at all."""
        ...

    def fill(self, fill: SimFill) -> SimFill | None:
        """A fill, if it is shown."""
        ...

    def transfer(self, transfer: SimTransfer) -> SimTransfer | None:
        """A transfer as it is shown; None: not at all."""
        ...

    def begun(self, transfer: SimTransfer) -> None:
        """A transfer has begun; how much of it arrives may still change."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has found its handler and shown whose it is.

    Attributes:
        venue: the exchange.
        account: who asks.
        query: what the query asks for.
        body: the raw body.
        now: the present, by the clock; what lives on the exchange goes by `venue.now`.
        argument: the part of the path that names one thing; empty where the route has none.
        trouble: what goes wrong with it; None: nothing.
    """

    venue: Venue
    account: Account
    query: Query
    body: bytes
    now: datetime
    argument: str = ""
    trouble: Trouble | None = None


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
                    raise wrong_method(method, methods)
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
