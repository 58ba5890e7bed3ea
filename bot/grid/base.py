"""What the parts of the Trading client share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable
from datetime import datetime
from typing import Any, TypeVar

from bot.grid.caller import Caller
from bot.grid.envelope import Query, Row, Rows, Value
from bot.grid.listing import Listing, pages
from bot.grid.queries import FilterSpelling, list_query
from bot.grid.routes import Route
from bot.ports import Clock

T = TypeVar("T")


class TradingApi:
    """Reads and writes of one key; whoever inherits it sets its attributes."""

    _caller: Caller
    _clock: Clock
    _spelling: FilterSpelling

    async def _read(
        self, route: Route, rows: Rows[Row], convert: Callable[[Row], T], *ids: str, query: Query = ()
    ) -> T:
        """The one row that a route answers with."""
        answer = await self._caller.call(route, *ids, query=query)
        return answer.read(lambda body: convert(rows.one(body)))

    async def _write(
        self,
        route: Route,
        rows: Rows[Row],
        convert: Callable[[Row], T],
        *ids: str,
        payload: dict[str, Any],
        key: str | None = None,
    ) -> T:
        """The one row that a route answers a write with. Sent once."""
        answer = await self._caller.call(route, *ids, payload=payload, idempotency_key=key)
        return answer.read(lambda body: convert(rows.one(body)))

    def _listing(
        self,
        route: Route,
        rows: Rows[Row],
        convert: Callable[[Row], Value | None],
        *,
        key: Callable[[Value], Hashable],
        query: Query | None = None,
        keep: Callable[[Value], bool] = lambda _one: True,
        at: Callable[[Value], datetime | None] | None = None,
    ) -> Listing[Value]:
        """A list of one route; rows that `convert` makes None are left out."""
        asked = self._query() if query is None else query
        return Listing(lambda: self._pages(route, rows, convert, asked), key=key, keep=keep, at=at)

    def _pages(
        self, route: Route, rows: Rows[Row], convert: Callable[[Row], Value | None], query: Query
    ) -> AsyncIterator[list[Value]]:
        return pages(self._caller, route, query, lambda body: rows.page(body, convert))

    def _query(self, since: datetime | None = None, until: datetime | None = None, **filters: str | None) -> Query:
        return list_query(self._spelling, filters, since, until)


def may_be(value: str | None, wanted: str | None) -> bool:
    """Whether a row may be one that was asked for: what it does not say was left to the exchange's own filter."""
    return wanted is None or value is None or value == wanted


def is_within(at: datetime | None, since: datetime | None, until: datetime | None = None) -> bool:
    """Whether a row may be from `since`, inclusive, to `until`, exclusive."""
    return at is None or ((since is None or at >= since) and (until is None or at < until))
