"""Time and ids."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present moment, UTC, time zone aware."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds of this clock."""
        ...


class Ids(Protocol):
    """The only source of new ids."""

    def new(self, prefix: str) -> str:
        """A new id, unique for ever: the prefix, a dash, 32 hexadecimal digits."""
        ...
