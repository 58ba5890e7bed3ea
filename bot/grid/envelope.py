"""The wrapping around what the exchange answers: `data` or none, and where a list goes on.

Rows are decoded straight into structs. Every field of a row is optional there, since an unwrapped row and one of an
older shape are decoded by the same struct; what must be there is said where a row becomes a value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar, cast

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import Decoder

from bot.grid.fields import some_units, units

Row = TypeVar("Row", bound=Struct)
Value = TypeVar("Value")

Query: TypeAlias = tuple[tuple[str, str], ...]


class _One(Struct, Generic[Row]):
    data: Row | UnsetType = UNSET


class _Cursor(Struct):
    has_more: bool | None = None
    next_cursor: str | int | None = None


class _Numbers(Struct):
    current_page: Decimal | None = None
    page_size: Decimal | None = None
    total_pages: Decimal | None = None
    total_count: Decimal | None = None


class _Many(Struct, Generic[Row]):
    data: list[Row]
    paging: _Cursor | None = None
    meta: _Numbers | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Value]):
    """A page of a list.

    Attributes:
        values: its rows, but for those that are left out.
        next: what to add to the query to get the next one; None on the last.
        is_empty: whether the exchange sent no row at all.
    """

    values: list[Value]
    next: Query | None
    is_empty: bool


class Rows(Generic[Row]):
    """Decodes answers that hold one row or many, all of one shape."""

    def __init__(self, row: type[Row]) -> None:
        wrapped, many = cast("Any", _One)[row], cast("Any", _Many)[row]
        self._wrapped: Decoder[_One[Row]] = Decoder(wrapped)
        self._bare = Decoder(row)
        self._many: Decoder[_Many[Row] | list[Row]] = Decoder(cast("Any", list[row] | many))  # type: ignore[valid-type]

    def one(self, body: bytes) -> Row:
        """The row of an answer.

        Raises:
            msgspec.MsgspecError: the answer is something else.
        """
        row = self._wrapped.decode(body).data
        return self._bare.decode(body) if row is UNSET else row

    def page(self, body: bytes, convert: Callable[[Row], Value | None]) -> Page[Value]:
        """The rows of an answer, each made a value; those that are made None are left out.

        Raises:
            msgspec.MsgspecError: the answer is something else.
            FieldError: a row cannot be converted.
        """
        answer = self._many.decode(body)
        rows, following = (
            (answer, None) if isinstance(answer, list) else (answer.data, _next(answer.paging, answer.meta))
        )
        values = [value for row in rows if (value := convert(row)) is not None]
        return Page(values, following, is_empty=not rows)


def _next(paging: _Cursor | None, meta: _Numbers | None) -> Query | None:
    if paging is not None:
        more = paging.has_more is not False and paging.next_cursor is not None
        return (("next", str(paging.next_cursor)),) if more else None
    pages = None if meta is None else _pages(meta)
    if meta is None or pages is None:
        return None
    current = units(meta.current_page, "meta.current_page")
    if current >= pages:
        return None
    return (("page", str(current + 1)), ("page_size", str(_page_size(meta))))


def _pages(meta: _Numbers) -> int | None:
    if meta.total_pages is not None:
        return units(meta.total_pages, "meta.total_pages")
    return None if meta.total_count is None else -(-units(meta.total_count, "meta.total_count") // _page_size(meta))


def _page_size(meta: _Numbers) -> int:
    return some_units(meta.page_size, "meta.page_size")
