"""Schemas of lists, as the exchange pages them."""

from __future__ import annotations

from bot.sim.openapi.operations import CURSOR, PAGE_SIZE
from bot.sim.openapi.schemas import COUNT, FLAG, POSITIVE, Schema, Schemas, either, listed, nullable, record, ref

LIST_SCHEMAS: Schemas = {
    "CursorPaging": record({"has_more": FLAG, "next_cursor": nullable(CURSOR), "prev_cursor": nullable(CURSOR)}),
    "PageNumbering": record(
        {"current_page": POSITIVE, "page_size": PAGE_SIZE, "total_count": COUNT, "total_pages": COUNT}
    ),
}


def numbered(row: Schema) -> Schema:
    """A page of a list that goes by number."""
    return record({"data": listed(row), "meta": ref("PageNumbering")})


def paged(row: Schema) -> Schema:
    """A page of a list that goes by cursor or, where it is asked to, by number."""
    return either(record({"data": listed(row), "paging": ref("CursorPaging")}), numbered(row))
