"""What commands print: tables for people, one JSON document for programs.

Here and in the commands, what is slow to import is imported where it is used: `gridbot version` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, TypeAlias

import typer

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
"""The `--json` option of a command."""

Record: TypeAlias = Mapping[str, object]

_WIDE = 10_000
"""Columns to print when it is no terminal that reads: nothing is cut or folded."""


def say(text: str) -> None:
    """Print a line for people."""
    typer.echo(text)


def document(value: object) -> None:
    """Print the value as one JSON document: Decimals as plain decimal texts, moments as ISO 8601 in UTC."""
    from bot.plain_data import plain_data

    typer.echo(json.dumps(plain_data(value), indent=2, ensure_ascii=False))


def show(records: Sequence[Record], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print records: whole as JSON, or as a table of these columns, or why there are none."""
    if as_json:
        document(records)
    elif records:
        table(records, columns)
    else:
        say(empty)


def table(records: Sequence[Record], columns: Sequence[str]) -> None:
    """Print a table as wide as the terminal; numbers to the right, moments in UTC to the second."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        values = [record[column] for record in records]
        drawn.add_column(
            Text(_title(column, values)), justify="right" if _are_numbers(values) else "left", overflow="fold"
        )
    for record in records:
        drawn.add_row(*(Text(_cell(record[column])) for column in columns))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDE).print(drawn)


def details(record: Record) -> None:
    """Print one record, a line for every value that it has."""
    width = max(map(len, record))
    for name, value in record.items():
        if value not in (None, ""):
            say(f"{_title(name, [value]):{width + 6}}  {_cell(value)}".rstrip())


def _title(column: str, values: Sequence[object]) -> str:
    moments = any(isinstance(value, datetime) for value in values)
    return column.replace("_", " ") + (" (UTC)" if moments else "")


def _are_numbers(values: Sequence[object]) -> bool:
    return all(isinstance(value, (int, Decimal)) for value in values if value is not None)


def _cell(value: object) -> str:
    from bot.plain_data import plain_data

    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return str(plain_data(value))
