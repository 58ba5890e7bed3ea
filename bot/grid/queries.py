"""Queries of lists: filters, time spans and paging."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from bot.errors import BadAnswer
from bot.grid.caller import Caller
from bot.grid.envelope import Query, Row, Rows, Value
from bot.grid.refusals import facts_of
from bot.grid.routes import Route

PAGE_ROWS = 100
"""Rows on a page; the exchange's documentation allows no more."""

_SINCE_MARGIN = timedelta(seconds=1)
"""A time span is asked for from a little earlier: the exchange may take its bound as exclusive, or round it."""


class FilterSpelling(StrEnum):
    """How filters are written; the exchange's documentation and its own clients use all three.

    PLAIN: `status=active`.
    INDEXED: `filters[0][field]=status&filters[0][value]=active`.
    FLOP: the same within `flop[...]`.
    """

    PLAIN = "plain"
    INDEXED = "filters"
    FLOP = "flop"


def list_query(spelling: FilterSpelling, filters: Mapping[str, str | None], since: datetime | None = None) -> Query:
    """The query of a list's first page, oldest row first. Filters without a value are left out.

    The exchange may ignore a filter, a span or the order, so whoever asks looks at the rows again.
    """
    query = [("limit", str(PAGE_ROWS)), ("order_direction", "asc")]
    wanted = [(field, value) for field, value in filters.items() if value is not None]
    for place, (field, value) in enumerate(wanted):
        if spelling is FilterSpelling.PLAIN:
            query.append((field, value))
        else:
            name = f"filters[{place}]" if spelling is FilterSpelling.INDEXED else f"flop[filters][{place}]"
            query += [(f"{name}[field]", field), (f"{name}[value]", value)]
    if since is not None:
        query.append(("start_datetime", f"{(since - _SINCE_MARGIN).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"))
    return tuple(query)


async def whole_list(
    caller: Caller, route: Route, rows: Rows[Row], convert: Callable[[Row], Value], query: Query
) -> list[Value]:
    """All pages of a list, one after the other. A row that moves from page to page meanwhile may show twice.

    Raises:
        BadAnswer: a page points back to an earlier one.
        ExchangeError: a page could not be read.
    """
    values: list[Value] = []
    seen: set[Query] = set()
    step: Query | None = ()
    while step is not None:
        seen.add(step)
        answer = await caller.call(route, query=query + step)
        page = answer.read(lambda body: rows.page(body, convert))
        values += page.values
        step = page.next
        if step in seen:
            raise BadAnswer(
                f"the list goes in circles: {urlencode(step)} again", **facts_of(answer.request, answer.response)
            )
    return values
