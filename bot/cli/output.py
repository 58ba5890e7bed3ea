"""What commands print: tables for people, one JSON document for programs.

Here and in the commands, what is slow to import is imported where it is used: `gridbot version` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from numbers import Number
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from rich.table import Table

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
"""The `--json` option of a command."""

Record: TypeAlias = Mapping[str, object]

_WIDE = 10_000
"""Columns that are enough for any table."""

_CENTS = 2
"""Decimals of an amount in USD that it takes no more to write exactly."""


def say(text: str) -> None:
    """Print a line for people."""
    typer.echo(text)


def announce(text: str) -> None:
    """Print a line about what is going to be done, on stderr: what comes of it is the command's output."""
    typer.echo(harmless(text), err=True)


def harmless(text: str) -> str:
    """Foreign text without what could take control of a terminal."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)


def caution(text: str) -> None:
    """Print a warning, on stderr."""
    typer.echo(f"gridbot: warning: {text}", err=True)


def document(value: object) -> None:
    """Print the value as one JSON document: Decimals as plain decimal texts, moments as ISO 8601 in UTC."""
    from bot.plain_data import plain_data

    is_unicode = "utf" in (sys.stdout.encoding or "utf").lower()
    typer.echo(json.dumps(plain_data(value), indent=2, ensure_ascii=not is_unicode))


def record_of(value: object) -> dict[str, Any]:
    """A record, such as a trade or an order, as names and values; records inside it likewise."""
    import msgspec

    fields: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(datetime, Decimal))
    return fields


def show(
    records: Sequence[Record], columns: Sequence[str], *, as_json: bool, empty: str, ident: str | None = None
) -> None:
    """Print records: whole as JSON, or as a `table`, or why there are none."""
    if as_json:
        document(records)
    elif records:
        table(records, columns, ident=ident)
    else:
        say(empty)


def table(records: Sequence[Record], columns: Sequence[str], *, ident: str | None = None) -> None:
    """Print a table: numbers to the right, USD with cents at least, moments in UTC to the second.

    On a terminal that is too narrow, columns are left out from the right, and named; nothing else is cut or folded. The
    column `ident`, by which the records are asked for, then gets a line of its own below each.
    """
    from rich.console import Console

    wide = Console(file=sys.stdout, width=_WIDE)
    room = Console(file=sys.stdout).width if sys.stdout.isatty() else _WIDE
    shown = list(columns)
    while len(shown) > 1 and wide.measure(_drawn(records, shown)).maximum > room:
        shown.pop()
    left_out = columns[len(shown) :]
    with wide.capture() as drawn:
        wide.print(_drawn(records, shown))
    lines = drawn.get().splitlines()
    if ident is not None and ident in left_out:
        for number, record in enumerate(records, start=len(lines) - len(records)):
            lines[number] += f"\n  {_cell(record[ident])}"
    for line in lines:
        say(line)
    if names := ", ".join(_title(column, moments=False) for column in left_out if column != ident):
        say(f"(left out on this narrow terminal: {names}; --json has all)")


def _drawn(records: Sequence[Record], columns: Sequence[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        values = [record[column] for record in records]
        title = Text(_title(column, moments=_are(datetime, values)))
        drawn.add_column(title, justify="right" if _are(Number, values) else "left", no_wrap=True)
    cells = [_cells([record[column] for record in records]) for column in columns]
    for row in zip(*cells, strict=True):
        drawn.add_row(*(Text(cell.replace("\n", " ")) for cell in row))
    return drawn


def counted(number: object) -> object:
    """A Decimal that is no money, such as units: an int where it is whole."""
    return int(number) if isinstance(number, Decimal) and number == int(number) else number


def details(record: Record) -> None:
    """Print one record, a line for every value that it has."""
    lines = {
        _title(name, moments=isinstance(value, datetime)): _cells([value])[0]
        for name, value in record.items()
        if value not in (None, "")
    }
    width = max(map(len, lines))
    for title, text in lines.items():
        say(f"{title:{width}}   {text}")


def _title(column: str, *, moments: bool) -> str:
    return column.replace("_", " ") + (" (UTC)" if moments else "")


def _are(kind: type, values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, kind) for value in known)


def _cells(values: Sequence[object]) -> list[str]:
    """The values of a column: thousands set off, and of USD as many decimals as the most exact has, two at least."""
    from bot.domain.money import plain

    decimals = (plain(value).partition(".")[2] for value in values if isinstance(value, Decimal))
    places = max([_CENTS, *map(len, decimals)])
    return [f"{value:,.{places}f}" if isinstance(value, Decimal) else _cell(value) for value in values]


def _cell(value: object) -> str:
    from bot.plain_data import plain_data

    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return harmless(str(plain_data(value)))
