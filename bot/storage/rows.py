"""Between rows and the domain's dataclasses, whose fields and columns have the same names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Column, Row, Select, Table
from sqlalchemy.engine import Connection

T = TypeVar("T")

IDS_AT_A_TIME = 1000
"""Databases limit how many parameters a statement may have."""


def columns(table: Table, kind: type) -> list[Column[Any]]:
    """The table's columns in the order of the dataclass's fields, as `made` takes them."""
    return [table.c[name] for name in _stored(kind)]


def values(record: Any) -> dict[str, Any]:
    """A dataclass instance's values, by field name."""
    return {name: getattr(record, name) for name in _stored(type(record))}


def _stored(kind: type) -> list[str]:
    """Names of the fields that make a record what it is; those that only describe it are not stored."""
    return [field.name for field in fields(kind) if field.compare]


def made(kind: Callable[..., T], rows: Iterable[Row[Any]]) -> list[T]:
    """A dataclass instance of each row of its `columns`."""
    return [kind(*row) for row in rows]


def rows_of(db: Connection, query: Select[Any], ids: Sequence[str]) -> Iterator[Row[Any]]:
    """The rows of a query whose parameter `ids` may be any number of ids."""
    for start in range(0, len(ids), IDS_AT_A_TIME):
        yield from db.execute(query, {"ids": ids[start : start + IDS_AT_A_TIME]})
