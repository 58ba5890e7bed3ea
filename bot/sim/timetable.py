"""What happens on the simulated exchange by itself, and when."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

Action: TypeAlias = Callable[[datetime], datetime | None]
"""Does its thing at a moment, and answers when it wants to be called next; None: never again."""


class Timetable:
    """Actions in the order of their time; those of one moment in the order in which they were added."""

    __slots__ = ("_added", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Action]] = []
        self._added = 0

    def add(self, at: datetime, action: Action) -> None:
        """Have an action called at a moment."""
        heapq.heappush(self._heap, (at, self._added, action))
        self._added += 1

    @property
    def next_at(self) -> datetime | None:
        """The moment of the earliest action; None when there is none."""
        return self._heap[0][0] if self._heap else None

    def next_due(self, now: datetime) -> tuple[datetime, Action] | None:
        """Take out the earliest action that is due by now; None when nothing is."""
        if not self._heap or self._heap[0][0] > now:
            return None
        at, _, action = heapq.heappop(self._heap)
        return at, action
