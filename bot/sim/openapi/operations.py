"""What can be asked at one path, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.sim.openapi.schemas import MOMENT, TEXT, Schema, either, words
from bot.sim.paging import DEFAULT_LIMIT, MAX_LIMIT

Parameter: TypeAlias = Mapping[str, Any]
"""A parameter as OpenAPI describes it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        name: unique among all operations.
        summary: what it does.
        answers: the schemas of its successes, by status; None: no body.
        refusals: the statuses of its refusals, beside those that every operation of its API has.
        query: its parameters in the query.
        body: the schema of its request's body; None: it takes none.
        streams: whether its success can come as server-sent events, too.
    """

    name: str
    summary: str
    answers: Mapping[int, Schema | None]
    refusals: tuple[int, ...] = ()
    query: tuple[Parameter, ...] = ()
    body: Schema | None = None
    streams: bool = False


Operations: TypeAlias = Mapping[str, Mapping[str, Operation]]
"""Operations by path, such as `markets/{market_id}/ticker`, and method."""


def asked(name: str, description: str, schema: Schema, *, needed: bool = False) -> Parameter:
    """A parameter in the query."""
    return {"name": name, "in": "query", "description": description, "required": needed, "schema": schema}


def filters(*names: str) -> tuple[Parameter, ...]:
    """Filters by fields of the rows."""
    return tuple(asked(name, f"only rows with this {name}", TEXT) for name in names)


WHEN: Schema = either(MOMENT, {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,6})?$"})
"""A moment as requests name it: ISO 8601 or Unix seconds."""

CURSOR: Schema = {"type": "string", "pattern": "^row-[0-9]{1,15}$"}
NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": 999_999_999_999_999}
PAGE_SIZE: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}

SPAN = (
    asked("start_datetime", "only what happened then or later: ISO 8601, or Unix seconds", WHEN),
    asked("end_datetime", "only what happened then or earlier: ISO 8601, or Unix seconds", WHEN),
)
"""Parameters that cut a list to a span of time, both ends inclusive."""

DIRECTION = asked("order_direction", "largest or newest first, or smallest or oldest first", words(("desc", "asc")))

BY_NUMBER = (asked("page", "which page, from 1", NUMBER), asked("page_size", "rows on a page", PAGE_SIZE))

PAGING = (
    asked("limit", "rows on a page", PAGE_SIZE),
    asked("next", "the next_cursor of an earlier page; not together with prev", CURSOR),
    asked("prev", "the prev_cursor of an earlier page", CURSOR),
    *BY_NUMBER,
    asked("order_by", "a field of the rows, by which they are ordered; the time unless it is named", TEXT),
    DIRECTION,
)
"""Parameters of every list: pages by cursor or, where page or page_size is named, by number."""
