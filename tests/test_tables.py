"""Every fault of a table names its file and line."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from bot.errors import DataError
from bot.tables import Row, Table


def rows_of(path: Path, text: str) -> list[Row]:
    path.write_text(text)
    return list(Table(path))


def test_rows_know_their_columns_by_lower_case_name_and_their_line(tmp_path: Path) -> None:
    first, second = rows_of(tmp_path / "a.csv", " Name ,T\n\nx, 1.5 \ny,2\n")
    assert (first.line, first.text("name"), first.number("t")) == (3, "x", Decimal("1.5"))
    assert (second.line, second.text("name"), second.number("t")) == (4, "y", Decimal(2))


def test_a_gzipped_table_reads_like_a_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert [row.cells for row in Table(path)] == [{"a": "1", "b": "2"}]


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "a.csv", "\ufeffa,b\n1,2\n")[0].text("a") == "1"


def test_a_moment_without_a_zone_is_utc_and_one_with_a_zone_keeps_it(tmp_path: Path) -> None:
    plain, zoned = rows_of(tmp_path / "a.csv", "t\n2026-01-31 23:59:00.1234567\n2026-01-31T23:59:00+02:00\n")
    assert plain.moment("t") == datetime(2026, 1, 31, 23, 59, 0, 123456, tzinfo=UTC)
    assert zoned.moment("t") == datetime(2026, 1, 31, 23, 59, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "no rows"),
        ("a,b\n1,2\n1\n", "line 3: it has 1 cells, but the header names 2 columns"),
        ("a,b\n1,2,3\n", "line 2: it has 3 cells, but the header names 2 columns"),
        ('a,b\n1,"2\n', "line 2: not a CSV table"),
    ],
)
def test_what_is_not_a_table_of_rows_is_told(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(DataError) as raised:
        rows_of(path, text)
    assert str(path) in str(raised.value)
    assert fault in str(raised.value)


@pytest.mark.parametrize("cell", ["", "ten", "nan", "inf", "1.2.3"])
def test_a_cell_that_is_not_a_finite_number_is_told_with_line_and_column(tmp_path: Path, cell: str) -> None:
    (row,) = rows_of(tmp_path / "a.csv", f"x,price\n1,{cell}\n")
    with pytest.raises(DataError, match=r"a\.csv, line 2: price: .* number"):
        row.number("price")


def test_a_cell_that_is_not_a_time_is_told_with_its_line(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "a.csv", "t\nyesterday\n")
    with pytest.raises(DataError, match=r"a\.csv, line 2: 'yesterday' is not a time"):
        row.moment("t")


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv cannot be read: No such file"):
        Table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        Table(tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("plain.csv.gz", b"a,b\n1,2\n", "not a whole gzip file"),
        ("cut.csv.gz", gzip.compress(b"a,b\n" * 1000, mtime=0)[:-12], "not a whole gzip file"),
        ("zipped.csv", gzip.compress(b"a,b\n1,2\n", mtime=0), "not a text file"),
    ],
)
def test_a_damaged_or_wrongly_named_file_is_told(tmp_path: Path, name: str, data: bytes, fault: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError, match=fault):
        Table(path)
