"""Tables in plain or gzipped CSV files, read so that every fault names its file and line."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from bot.domain.money import decimal_of
from bot.errors import DataError

_LARGEST_EXPONENT = 15
"""Of what is measured in these files nothing is larger than 10^16, nor smaller than 10^-15 without being zero."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `cells` are by column name in lower case."""

    path: Path
    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """A cell without the blanks around it."""
        return self.cells[column].strip()

    def number(self, column: str) -> Decimal:
        """A cell's exact value.

        Raises:
            DataError: it is not a finite number, or not one that anything here could be.
        """
        try:
            number = decimal_of(self.text(column))
        except ValueError as error:
            raise self.fault(f"{column}: {error}") from None
        if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
            raise self.fault(f"{column}: {self.text(column)[:40]} is out of any range")
        return number

    def moment(self, column: str) -> datetime:
        """A cell in ISO 8601 as a moment; UTC where it names no zone.

        Raises:
            DataError: it is not a time.
        """
        text = self.text(column)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.fault(f"{text!r} is not a time; write it like 2026-01-31 23:59:00") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def fault(self, what: str) -> DataError:
        """The error that tells what is wrong with this line."""
        return DataError(f"{self.path}, line {self.line}: {what}")


class Table:
    """A file's header and rows. Blank lines do not count.

    Attributes:
        columns: the header's names in lower case, without the blanks around them.

    Raises:
        DataError: the file cannot be read, or is not a CSV table with a header; iterating raises it for a bad row.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
        header = next(self._records(), None)
        if header is None:
            raise DataError(f"{path} is empty; a header line and rows are needed")
        self.columns = [name.strip().lower() for name in header]

    def __iter__(self) -> Iterator[Row]:
        width = len(self.columns)
        empty = True
        for cells in self._records():
            empty = False
            row = Row(self._path, self._reader.line_num, dict(zip(self.columns, cells, strict=False)))
            if len(cells) != width:
                raise row.fault(f"it has {len(cells)} cells, but the header names {width} columns")
            yield row
        if empty:
            raise DataError(f"{self._path} has a header but no rows")

    def has(self, *columns: str) -> bool:
        """Whether the table has all of these columns."""
        return set(columns) <= set(self.columns)

    def _records(self) -> Iterator[list[str]]:
        try:
            yield from filter(None, self._reader)
        except csv.Error as error:
            raise DataError(f"{self._path}, line {self._reader.line_num}: not a CSV table ({error})") from None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is not a whole gzip file ({error}); fetch it again") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not a text file; a CSV table, plain or gzipped as .gz, is needed") from None
