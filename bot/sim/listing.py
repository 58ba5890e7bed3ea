"""Lists as the exchange answers them: filtered, cut to a span of time, ordered, paged."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from bot.sim.answers import Answer, data
from bot.sim.paging import page_of
from bot.sim.queries import Query
from bot.sim.ranks import OF_TIME, Rank, rank_of
from bot.sim.refusals import malformed

Row = TypeVar("Row")


def listing(
    query: Query,
    rows: Sequence[Row],
    view: Callable[[Row], dict[str, Any]],
    *,
    fields: Mapping[str, Callable[[Row], str]],
    shown: Callable[[Row], Row | None] | None = None,
    among: Sequence[int] | None = None,
    first: int = 0,
) -> Answer:
    """The page of a list that a query asks for, ordered by the field that it names, and by time where that is the same.

    Args:
        query: filters and paging.
        rows: the list, in the order of time, without what is forgotten.
        view: how a row is shown.
        fields: by which fields rows can be filtered; other filters are ignored.
        shown: what is shown instead of a row, None where nothing is; None: every row as it is.
        among: ascending places to look at; None: all.
        first: the place of the first row: how many are forgotten.
    """
    wanted = [(read, value) for name, read in fields.items() if (value := query.text(name)) is not None]

    def row(place: int) -> Row | None:
        return rows[place - first] if shown is None else shown(rows[place - first])

    def matches(place: int) -> bool:
        found = row(place)
        return found is not None and all(read(found) == value for read, value in wanted)

    ordered_by = query.text("order_by") or OF_TIME[0]

    def rank(place: int) -> tuple[Rank, int]:
        if not first <= place < first + len(rows):
            raise malformed("next or prev names no row of this list any more")
        found = row(place)
        return rank_of(None if found is None else view(found).get(ordered_by)), place

    places = range(first, first + len(rows)) if among is None else among
    if ordered_by in OF_TIME:
        page = page_of(query, places, matches)
    else:
        page = page_of(query, sorted(filter(matches, places), key=rank), matches, rank=rank)
    return data([view(found) for place in page.places if (found := row(place)) is not None], **page.about)


def span(query: Query, rows: Sequence[Row], at: Callable[[Row], datetime]) -> range:
    """The places of the rows from `start_datetime` to `end_datetime`, both inclusive; `rows` are in that order."""
    start, end = query.moment("start_datetime"), query.moment("end_datetime")
    first = 0 if start is None else bisect_left(rows, start, key=at)
    last = len(rows) if end is None else bisect_right(rows, end, key=at)
    return range(first, last)
