"""Private files are whole and readable by their owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.errors import DaemonError, DataError
from bot.sim.files import read_private, write_private


def test_a_private_file_is_readable_by_its_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_private(path, b"first")
    write_private(path, b"second")
    assert read_private(path) == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_others_could_read_becomes_private_when_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "state"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(DaemonError, match=r"state cannot be written: .*; check its folder"):
        write_private(path, b"data")
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


def test_a_missing_folder_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DaemonError, match="No such file or directory; check its folder"):
        write_private(tmp_path / "new" / "keys.json", b"data")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DaemonError, match="cannot be written"):
        write_private(tmp_path / "file" / "keys.json", b"data")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.json cannot be read: No such file"):
        read_private(tmp_path / "none.json")
