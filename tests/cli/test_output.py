from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.cli.output import announce, counted, details, show, table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


RECORD = {"at": datetime(2026, 1, 5, tzinfo=UTC), "id": "order-0123456789abcdef0123456789abcdef", "reason": None}


LEFT_OUT = "(left out on this narrow terminal: {}; --json has all)"


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        ("120", ["at (UTC) id reason", f"2026-01-05 00:00:00 {RECORD['id']}"]),
        ("64", ["at (UTC) id", f"2026-01-05 00:00:00 {RECORD['id']}", LEFT_OUT.format("reason")]),
        ("40", ["at (UTC)", "2026-01-05 00:00:00", LEFT_OUT.format("id, reason")]),
    ],
)
def test_a_table_too_wide_for_the_terminal_loses_its_last_columns_and_says_so(
    monkeypatch: pytest.MonkeyPatch, width: str, lines: list[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    table([RECORD], ["at", "id", "reason"])
    printed = re.sub(r"\x1b\[\d+m", "", terminal.getvalue()).splitlines()
    assert [" ".join(line.split()) for line in printed if "─" not in line] == lines


def test_the_id_by_which_a_record_is_asked_for_is_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    second = {**RECORD, "id": "order-2"}
    table([RECORD, second], ["at", "id", "reason"], ident="id")
    printed = re.sub(r"\x1b\[\d+m", "", terminal.getvalue()).splitlines()
    at = "2026-01-05 00:00:00"
    assert [line.rstrip() for line in printed[2:]] == [
        at,
        f"  {RECORD['id']}",
        at,
        "  order-2",
        LEFT_OUT.format("reason"),
    ]


def test_money_has_cents_and_as_many_decimals_as_the_most_exact_and_counts_have_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    prices = [Decimal("1.9"), Decimal(12_000), Decimal("2.0125"), None]
    table([{"price": price, "units": 12_000} for price in prices], ["price", "units"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows == [["1.9000", "12,000"], ["12,000.0000", "12,000"], ["2.0125", "12,000"], ["12,000"]]
    details({"price": Decimal(2), "fee": Decimal("0.00125"), "units": counted(Decimal(5)), "rate": counted(0.5)})
    assert capsys.readouterr().out.split() == ["price", "2.00", "fee", "0.00125", "units", "5", "rate", "0.5"]


def test_a_table_is_not_cut_or_folded_where_no_terminal_reads(capsys: pytest.CaptureFixture[str]) -> None:
    table([{"id": "x" * 500, "price": None}], ["id", "price"])
    assert "x" * 500 in capsys.readouterr().out


def test_texts_in_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table([{"reason": "[red]no[/red] stock [x]"}], ["reason"])
    assert "[red]no[/red] stock [x]" in capsys.readouterr().out


def test_what_could_take_control_of_a_terminal_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": "a\x1b]0;b\x07\u2028\x9bc"}], ("name",), as_json=False, empty="")
    details({"name": "a\x1b[2Jb"})
    announce("(asks for the tool \x1b[2J)")
    printed = capsys.readouterr()
    assert all(one.isprintable() or one == "\n" for one in printed.out + printed.err)
