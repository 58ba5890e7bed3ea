"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

STEADY = timedelta(seconds=30)
"""A connection that has held this long has worked."""

LOST_SECONDS = (0.5, 60.0)
"""The first and the longest wait after a connection that was lost."""

REFUSED_SECONDS = (5.0, 300.0)
"""The first and the longest wait after a refusal."""


def doubling(first: float, most: float) -> Iterator[float]:
    """Waits, each twice the one before, from `first` up to `most`."""
    while True:
        yield first
        first = min(2 * first, most)


class Pauses:
    """How long to wait between a connection to the stream and the next.

    Lost connections are opened again soon, refusals are respected for longer. Both waits grow until a connection has
    held for a while, so that an exchange that accepts and hangs up is not asked in a tight loop; `chance` takes up to
    half of each away, so that clients that lost the exchange together do not return together.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._up_at: datetime | None = None
        self._begin_anew()

    def up(self, at: datetime) -> None:
        """A connection has come up."""
        self._up_at = at

    def after(self, at: datetime, *, refused: bool) -> float:
        """The wait after a connection that was lost or refused at this moment, seconds."""
        if self._up_at is not None and at - self._up_at >= STEADY:
            self._begin_anew()
        self._up_at = None
        return next(self._refused if refused else self._lost) * self._chance.uniform(0.5, 1.0)

    def _begin_anew(self) -> None:
        self._lost = doubling(*LOST_SECONDS)
        self._refused = doubling(*REFUSED_SECONDS)
