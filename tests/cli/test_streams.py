"""Standard streams that are closed, or that cannot hold every character."""

from __future__ import annotations

import io
import sys

import pytest

from bot.cli.output import announce, document, say
from bot.cli.streams import make_usable
from tests.cli.conftest import Gridbot


def narrow(monkeypatch: pytest.MonkeyPatch, encoding: str) -> io.BytesIO:
    """What is written to a standard output of this encoding."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, write_through=True))
    return written


def test_streams_that_are_closed_read_as_empty_and_take_whatever_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    make_usable()
    with sys.stdin, sys.stdout, sys.stderr:
        assert sys.stdin.read() == ""
        say("hello")
        announce("hello")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_terminal_that_lacks_a_character_gets_another(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    written = narrow(monkeypatch, encoding)
    make_usable()
    say("┤ 2.02")
    assert written.getvalue() == b"? 2.02\n"


def test_a_document_is_whole_in_every_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    written = narrow(monkeypatch, "latin-1")
    make_usable()
    document("✓")
    assert written.getvalue() == b'"\\u2713"\n'


def test_a_question_that_is_no_unicode_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\xff"), encoding="utf-8"))
    make_usable()
    assert sys.stdin.read() == "a\N{REPLACEMENT CHARACTER}"


def test_a_question_on_a_closed_terminal_is_answered_with_what_to_do(
    gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert "there is nothing to ask; give a TEXT" in gridbot("chat", "text-prime").err
    sys.stdin.close()
