"""Whether the process that holds a lease still runs is told only when it is certain."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage import process
from bot.storage.process import process_is_gone, spoken, this_process

TELL_AND_WAIT = """
import sys
from bot.storage import this_process
print(this_process(), flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process, and its text."""
    started = subprocess.Popen(
        [sys.executable, "-c", TELL_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    with started:
        yield started, started.stdout.readline().strip()
        started.kill()


def changed(text: str, **parts: str) -> str:
    """The text with some of its parts otherwise."""
    names = ("host", "boot", "space", "pid", "start")
    return "/".join(parts.get(name, part) for name, part in zip(names, text.split("/"), strict=True))


def test_a_process_that_runs_is_not_gone(other: tuple[subprocess.Popen[str], str]) -> None:
    running, text = other
    assert f"/{running.pid}/" in text
    assert text != this_process()
    assert not process_is_gone(text)
    assert not process_is_gone(this_process())


def test_a_process_is_spoken_of_by_its_number_and_its_machine() -> None:
    assert spoken("vm/boot/space/12/34") == "process 12 on vm"
    assert spoken("ada") == "ada"


def test_a_process_that_was_killed_is_gone_before_and_after_its_parent_knows(
    other: tuple[subprocess.Popen[str], str],
) -> None:
    killed, text = other
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    assert process_is_gone(text)
    killed.wait()
    assert process_is_gone(text)


def test_a_process_whose_id_another_has_now_is_gone() -> None:
    assert process_is_gone(changed(this_process(), start="1"))


@pytest.mark.parametrize("part", ["host", "boot", "space"])
def test_nothing_is_certain_of_a_process_elsewhere(part: str) -> None:
    assert not process_is_gone(changed(this_process(), start="1", **{part: "elsewhere"}))


@pytest.mark.parametrize(
    "text",
    ["", "ada", "a/b/c", changed(this_process(), pid="me"), f"{this_process()}/more"],
    ids=["empty", "name", "short", "no number", "long"],  # the same in every process of a parallel run
)
def test_nothing_is_certain_of_a_text_that_names_no_process(text: str) -> None:
    assert not process_is_gone(text)


def test_nothing_is_certain_where_the_system_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROC", tmp_path)
    text = this_process()
    assert text.split("/")[1:] == ["?", "?", str(os.getpid()), "?"]
    assert not process_is_gone(text)
    assert not process_is_gone(changed(text, pid="999999", start="1"))


def test_a_process_that_is_hidden_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = this_process()
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text(ours.split("/")[1])
    (tmp_path / "self").symlink_to("/proc/self")
    monkeypatch.setattr(process, "_PROC", tmp_path)
    assert not process_is_gone(ours)
    assert not process_is_gone(changed(ours, pid="1"))
    assert process_is_gone(changed(ours, pid=str(2**22 + 1)))
