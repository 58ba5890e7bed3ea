from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime

import pytest

from bot.cli.output import table


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


def test_a_table_is_not_cut_or_folded_where_no_terminal_reads(capsys: pytest.CaptureFixture[str]) -> None:
    table([{"id": "x" * 500, "price": None}], ["id", "price"])
    assert "x" * 500 in capsys.readouterr().out


def test_texts_in_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table([{"reason": "[red]no[/red] stock [x]"}], ["reason"])
    assert "[red]no[/red] stock [x]" in capsys.readouterr().out
