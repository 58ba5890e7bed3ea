"""Queries of lists: filters, time spans and paging."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.errors import InvalidRequest
from bot.grid.envelope import Query

PAGE_ROWS = 100
"""Rows on a page; the exchange's documentation allows no more."""

_MARGIN = timedelta(seconds=1)
"""By so much a span of time is asked for longer at either end: the exchange may take a bound as exclusive, or round
it."""


_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Between these everything happens; beyond them, not every server knows what is meant."""


class FilterSpelling(StrEnum):
    """How filters are written; the exchange's documentation and its own clients use all three.

    PLAIN: `status=active`.
    INDEXED: `filters[0][field]=status&filters[0][value]=active`.
    FLOP: the same within `flop[...]`.
    """

    PLAIN = "plain"
    INDEXED = "filters"
    FLOP = "flop"


def list_query(
    spelling: FilterSpelling,
    filters: Mapping[str, str | None],
    since: datetime | None = None,
    until: datetime | None = None,
) -> Query:
    """The query of a list's first page, oldest row first. Filters without a value are left out.

    The exchange may ignore a filter, a span or the order, so whoever asks looks at the rows again.

    Raises:
        InvalidRequest: a moment names no time zone.
    """
    query = [("limit", str(PAGE_ROWS)), ("order_direction", "asc"), *spelled(spelling, filters)]
    if since is not None:
        query.append(("start_datetime", _iso(utc(since) - _MARGIN)))
    if until is not None:
        query.append(("end_datetime", _iso(utc(until) + _MARGIN)))
    return tuple(query)


def candles_query(
    spelling: FilterSpelling,
    filters: Mapping[str, str | None],
    start: datetime | None = None,
    end: datetime | None = None,
) -> Query:
    """The query of the first page of candles, oldest first; it has numbered pages and Unix time.

    What is said of `list_query` goes for it, too.

    Raises:
        InvalidRequest: a moment names no time zone.
    """
    query = [*spelled(spelling, filters)]
    if start is not None:
        query.append(("from", str(math.floor((utc(start) - _MARGIN).timestamp()))))
    if end is not None:
        query.append(("to", str(math.ceil((utc(end) + _MARGIN).timestamp()))))
    query += [("order_by[]", "period_start"), ("order_directions[]", "asc"), ("page", "1")]
    return (*query, ("page_size", str(PAGE_ROWS)))


def spelled(spelling: FilterSpelling, filters: Mapping[str, str | None]) -> Query:
    """Filters as the exchange is to read them; those without a value are left out."""
    wanted = [(field, value) for field, value in filters.items() if value is not None]
    if spelling is FilterSpelling.PLAIN:
        return tuple(wanted)
    opening = "filters" if spelling is FilterSpelling.INDEXED else "flop[filters]"
    return tuple(
        (f"{opening}[{place}][{part}]", text)
        for place, pair in enumerate(wanted)
        for part, text in zip(("field", "value"), pair, strict=True)
    )


def utc(at: datetime) -> datetime:
    """A moment in UTC, kept to years that every server knows.

    Raises:
        InvalidRequest: it names no time zone.
    """
    if at.tzinfo is None:
        raise InvalidRequest(f"{at.isoformat()} names no time zone, so it is no moment; give it tzinfo=UTC, perhaps")
    return min(max(at, _EARLIEST), _LATEST).astimezone(UTC)


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"
