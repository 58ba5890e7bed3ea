"""Which process this is, in words that tell on the same machine whether it still runs."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_PROC = Path("/proc")
_UNKNOWN = "?"
_PARTS = 5


def this_process() -> str:
    """This process as `host/boot/pid namespace/pid/start`: no other ever has the same, on any machine.

    What a system without `/proc` does not tell is `?`.
    """
    pid = os.getpid()
    stat = _stat(pid)
    return "/".join([*_here(), str(pid), stat[1] if stat else _UNKNOWN])


def process_is_gone(text: str) -> bool:
    """Whether it is certain that the process of this text, as `this_process` gives it, has ended.

    Nothing is certain of a process of another machine or container.
    """
    parts = text.split("/")
    if len(parts) != _PARTS or parts[:3] != _here() or _UNKNOWN in parts or not parts[3].isdecimal():
        return False
    pid, start = parts[3:]
    stat = _stat(int(pid))
    if stat is None:
        return not _exists(int(pid))
    state, started = stat
    return started != start or state in "ZX"  # dead, and not buried by its parent yet


def spoken(text: str) -> str:
    """The process of this text, for people: its number, and where it runs."""
    parts = text.split("/")
    return f"process {parts[3]} on {parts[0]}" if len(parts) == _PARTS else text


def _here() -> list[str]:
    """The host, when it was started, and the space in which its process ids count: containers have their own."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = str((_PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        boot = space = _UNKNOWN
    return [platform.node().replace("/", "-"), boot, space]


def _stat(pid: int) -> tuple[str, str] | None:
    """A process's state and when it started, in ticks since the boot (proc(5)); None when that is not shown."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # its name, in brackets, may hold anything
    return fields[0], fields[19]


def _exists(pid: int) -> bool:
    """Whether a process has this id; `/proc` may hide those of other users."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)  # another user's exists, and may not be touched
    return True
