"""Where a simulated exchange is kept while it is not running."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from bot.sim.files import read_private, write_private


class Keeper(Protocol):
    """Keeps the bytes that `bot.sim.state.dump` gives, and nothing else of an exchange."""

    async def load(self) -> bytes | None:
        """What was saved last; None when nothing was.

        Raises:
            GridbotError: it cannot be read.
        """
        ...

    async def save(self, data: bytes) -> None:
        """Put away the whole in the place of what was there before, so that a crash leaves the one or the other.

        Raises:
            GridbotError: it cannot be put away; what was there before still is.
        """
        ...


class FileKeeper:
    """Keeps an exchange in a file that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    async def load(self) -> bytes | None:
        """What the file holds; None when there is none. Raises `DataError`."""
        return read_private(self._path) if self._path.exists() else None

    async def save(self, data: bytes) -> None:
        """Write the file, whole or not at all. Raises `DaemonError`."""
        write_private(self._path, data)
