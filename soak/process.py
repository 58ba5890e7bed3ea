"""Processes of our own: started in a group of their own, watched by their logs, ended by their ids."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

LOOK_SECONDS = 0.01
"""How often it is looked at what a process has done."""

PATIENCE_SECONDS = 60.0
"""How long to wait for what must happen, where nothing is said of how fast it is."""


class Late(Exception):
    """A process did not do in time what it was to do."""


class Process:
    """A Python process that logs JSON to a file; whoever leaves the block leaves none behind.

    Attributes:
        log: the file.
        seconds: how long it has been running, or ran, by our clock.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, log: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GRIDBOT_")}
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs. Minus the signal's number when one ended it."""
        return self._process.poll()

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def records(self) -> list[dict[str, Any]]:
        """What it has logged, line by line."""
        lines = [line for line in self.text.splitlines() if line.startswith("{") and line.endswith("}")]
        return [json.loads(line) for line in lines]

    @property
    def events(self) -> list[str]:
        """The events that it has logged."""
        return [str(record.get("event")) for record in self.records]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        if self.status is None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL to the whole group; comes back when the process is gone."""
        if self.status is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    async def until(self, *events: str, within: float = PATIENCE_SECONDS) -> bool:
        """Wait until it has logged an event that begins so; False when it ended first. Raises `Late`."""
        while True:
            ended = self.status is not None
            if any(event.startswith(events) for event in self.events):
                return True
            if ended:
                return False
            await self._pause(within, f"log {' or '.join(events)}")

    async def ended(self, within: float = PATIENCE_SECONDS) -> int:
        """Wait for its end; the exit status. Raises `Late`."""
        while (status := self.status) is None:
            await self._pause(within, "end")
        return status

    async def stopped(self, within: float = PATIENCE_SECONDS) -> None:
        """Wait until a signal has stopped it. Raises `Late`."""
        while self._state != "T":
            await self._pause(within, "stop")

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.text.splitlines()[-5:])

    @property
    def _state(self) -> str:
        """What the system says that the process does, in one letter (proc(5))."""
        return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    async def _pause(self, within: float, what: str) -> None:
        if self.seconds > within:
            raise Late(f"a process did not {what} within {within:g} s of its start: {self.last_words()}")
        await asyncio.sleep(LOOK_SECONDS)
