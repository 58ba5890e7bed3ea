"""Being called by an exchange's timetable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.sim.venue import Venue


class Alarm:
    """Lives in an exchange only to call somebody, who answers when to be called next; None: never again."""

    def __init__(self, ring: Callable[[datetime], datetime | None]) -> None:
        self._ring = ring

    def act(self, _: Venue, now: datetime) -> datetime | None:
        """Call."""
        return self._ring(now)
