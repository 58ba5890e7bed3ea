from __future__ import annotations

from pathlib import Path

import pytest

from bot.storage import migrate
from tests.cli.conftest import Gridbot, Terminal


def test_the_schema_goes_up_and_down(gridbot: Gridbot, tmp_path: Path) -> None:
    head = migrate.head()
    assert gridbot("db", "upgrade").out == f"the database is at {head}\n"
    assert (tmp_path / "gridbot.db").is_file()
    assert gridbot("db", "current").out == f"the database is at {head}, the newest\n"
    assert gridbot("db", "current", "--json").json == {"current": head, "newest": head}
    assert gridbot("db", "downgrade", "base", "--yes").out == "the database is empty\n"
    empty = gridbot("db", "current")
    assert empty.out == f"the database is empty; the newest is {head}: run `gridbot db upgrade`\n"
    assert gridbot("db", "upgrade", head).status == 0


def test_going_back_is_asked_about(gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch) -> None:
    gridbot("db", "upgrade")
    unasked = gridbot("db", "downgrade", "base")
    assert (unasked.status, unasked.out) == (1, "")
    assert "add --yes" in unasked.err
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    refused = gridbot("db", "downgrade", "base")
    assert (refused.status, refused.out) == (1, "")
    assert "Take sqlite:///gridbot.db back to base" in refused.err
    assert gridbot("db", "current").out.endswith("the newest\n")
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert gridbot("db", "downgrade", "base").out == "the database is empty\n"


def test_another_database_than_that_of_the_settings_can_be_named(gridbot: Gridbot, tmp_path: Path) -> None:
    gridbot("db", "upgrade", "--database-url", "sqlite:///other.db")
    gridbot("--set", "database.url=sqlite:///third.db", "db", "upgrade")
    assert sorted(file.name for file in tmp_path.glob("*.db")) == ["other.db", "third.db"]


def test_a_database_that_is_not_there_or_a_revision_that_does_not_exist_is_told(gridbot: Gridbot) -> None:
    result = gridbot("db", "current")
    assert result.status == 1
    assert result.err == "gridbot: there is no database gridbot.db: make it with `gridbot db upgrade`\n"
    result = gridbot("db", "upgrade", "nine")
    assert result.status == 1
    assert result.err.startswith("gridbot: cannot bring the database to revision nine")
