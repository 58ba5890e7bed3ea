"""How long to wait between a connection to the stream and the next."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from bot.grid.backoff import doubling, spread

STEADY = timedelta(seconds=30)
"""A connection that has held this long has worked."""

LOST_SECONDS = (0.5, 60.0)
"""The first and the longest wait after a connection that was lost."""

REFUSED_SECONDS = (5.0, 300.0)
"""The first and the longest wait after a refusal."""


class Pauses:
    """How long to wait between a connection to the stream and the next.

    Lost connections are opened again soon, refusals are respected for longer. Both waits grow until a connection has
    held for a while, so that an exchange that accepts and hangs up is not asked in a tight loop; `chance` spreads them.

    Attributes:
        has_been_up: whether any connection has come up yet.
    """

    def __init__(self, chance: random.Random) -> None:
        self.has_been_up = False
        self._chance = chance
        self._up_at: datetime | None = None
        self._begin_anew()

    def up(self, at: datetime) -> None:
        """A connection has come up."""
        self.has_been_up = True
        self._up_at = at

    def after(self, at: datetime, *, refused: bool) -> float:
        """The wait after a connection that was lost or refused at this moment, seconds."""
        if self._up_at is not None and at - self._up_at >= STEADY:
            self._begin_anew()
        self._up_at = None
        return spread(next(self._refused if refused else self._lost), self._chance)

    def _begin_anew(self) -> None:
        self._lost = doubling(*LOST_SECONDS)
        self._refused = doubling(*REFUSED_SECONDS)
