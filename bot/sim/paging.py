"""Pages of a list: by cursor (`limit`, `next`, `prev`) or by number (`page`, `page_size`).

Rows are named by their place in a list that only grows, so a cursor stays good while rows are added. Lists go from
the last row to the first, which is the newest to the oldest where nothing else is asked for, unless
`order_direction=asc` is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bot.sim.queries import Query
from bot.sim.refusals import malformed

DEFAULT_LIMIT = 50
"""Rows on a page when the request does not say."""

MAX_LIMIT = 100
"""The most rows that a page can have."""

_CURSOR = re.compile(r"row-([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Page:
    """Places of rows, in the order asked for, and what the answer says of the page beside its rows."""

    places: list[int]
    about: dict[str, Any]


def page_of(
    query: Query,
    candidates: Sequence[int],
    matches: Callable[[int], bool],
    *,
    rank: Callable[[int], Any] = int,
    by_number: bool = False,
) -> Page:
    """The page that the query asks for, of those `candidates` that match.

    Args:
        query: says which page.
        candidates: places of rows, by ascending rank.
        matches: whether the row at a place belongs to the list.
        rank: where the row at a place stands in the list, no two alike; as it is, by its place.
        by_number: go by number even where the query does not, as older routes do.

    Raises:
        Refusal: the query's paging is malformed or out of range.
    """
    ascending = query.choice("order_direction", ("desc", "asc")) == "asc"
    number, size = query.whole("page", 1), query.whole("page_size", DEFAULT_LIMIT, most=MAX_LIMIT)
    limit = query.whole("limit", DEFAULT_LIMIT, most=MAX_LIMIT)
    after, before = _cursor(query, "next"), _cursor(query, "prev")
    if after is not None and before is not None:
        raise malformed("next and prev exclude each other")
    if by_number or query.text("page") is not None or query.text("page_size") is not None:
        return _numbered([place for place in candidates if matches(place)], number, size, ascending=ascending)
    back = before is not None
    walk = _walk(candidates, before if back else after, rank, ascending=ascending != back)
    return _by_cursor(filter(matches, walk), limit, back=back, begins=after is None)


def _numbered(places: list[int], number: int, size: int, *, ascending: bool) -> Page:
    if not ascending:
        places.reverse()
    meta = {
        "current_page": number,
        "page_size": size,
        "total_count": len(places),
        "total_pages": -(-len(places) // size),
    }
    return Page(places[(number - 1) * size : number * size], {"meta": meta})


def _by_cursor(walk: Iterator[int], limit: int, *, back: bool, begins: bool) -> Page:
    """A page of what is walked along: backwards from a cursor, or forwards, from the beginning or from a cursor."""
    places = list(islice(walk, limit + 1))
    more = len(places) > limit
    del places[limit:]
    if back:
        places.reverse()
    has_next = bool(places) and (more or back)
    has_prev = bool(places) and (more if back else not begins)
    paging = {
        "has_more": has_next,
        "next_cursor": f"row-{places[-1]}" if has_next else None,
        "prev_cursor": f"row-{places[0]}" if has_prev else None,
    }
    return Page(places, {"paging": paging})


def _cursor(query: Query, name: str) -> int | None:
    text = query.text(name)
    if text is None:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise malformed(f"{name} must be a cursor from an earlier answer")
    return int(match[1])


def _walk(
    candidates: Sequence[int], beyond: int | None, rank: Callable[[int], Any], *, ascending: bool
) -> Iterator[int]:
    if ascending:
        first = 0 if beyond is None else bisect_right(candidates, rank(beyond), key=rank)
        return (candidates[i] for i in range(first, len(candidates)))
    last = len(candidates) if beyond is None else bisect_left(candidates, rank(beyond), key=rank)
    return (candidates[i] for i in range(last - 1, -1, -1))
