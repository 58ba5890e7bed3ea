"""How late hooks are called."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.ports import Clock

log = structlog.stdlib.get_logger("lag")

REMEMBERED = 10_000
"""Calls that are looked at: the newest."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How late the newest calls were, in seconds. All are 0 before the first one.

    Attributes:
        calls: how many calls that is.
        median: half of them were no later.
        p99: 99 of 100 were no later.
        worst: the latest one.
    """

    calls: int
    median: float
    p99: float
    worst: float


class LagMeter:
    """Takes down how late calls are that are due at a moment: ticks, and candles that closed."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)

    def note(self, seconds: float) -> None:
        """One call was so late."""
        self._seconds.append(max(0.0, seconds))

    @property
    def lag(self) -> Lag:
        """What was noted of late."""
        ordered = sorted(self._seconds)
        if not ordered:
            return Lag(0, 0.0, 0.0, 0.0)

        def at(share: float) -> float:
            return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

        return Lag(len(ordered), at(0.5), at(0.99), ordered[-1])

    async def tell(self, clock: Clock, every: timedelta) -> None:
        """Log it every so often, until cancelled."""
        while True:
            await clock.sleep(every.total_seconds())
            if (lag := self.lag).calls:
                seconds = {"median": round(lag.median, 3), "p99": round(lag.p99, 3), "worst": round(lag.worst, 3)}
                log.info("how late hooks are called, seconds", calls=lag.calls, **seconds)
