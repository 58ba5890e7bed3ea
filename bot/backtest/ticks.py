"""When a back-tested strategy ticks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from bot.backtest.moments import moment_of, nanos_of
from bot.errors import ConfigError


class Schedule(Protocol):
    """A series of moments, such as a crontab's."""

    def next_after(self, now: datetime) -> datetime | None:
        """The first moment after `now`; None when there is none."""
        ...


Timing: TypeAlias = timedelta | Schedule | None
"""Time between ticks, counted from the first candle's start; or a schedule; or no ticks."""

NEVER = 1 << 63


class Ticks:
    """Says when ticks are due. Those that have come due since the last candle make one call.

    Attributes:
        due: when the next one is, nanoseconds since 1970; `NEVER` when none is.
    """

    def __init__(self, timing: Timing, start: int) -> None:
        """Raises `ConfigError` when the time between ticks is not positive."""
        self._every = nanos_of(timing) if isinstance(timing, timedelta) else None
        if self._every is not None and self._every <= 0:
            raise ConfigError(f"schedule: the time between ticks must be positive, not {timing}")
        self._schedule = None if isinstance(timing, timedelta) else timing
        self._start = start
        self.due = start
        self.wait(start)

    def wait(self, now: int) -> None:
        """Let all ticks that are due by now be done with."""
        if self._every is not None:
            self.due = self._start + ((now - self._start) // self._every + 1) * self._every
            return
        due = self._schedule.next_after(moment_of(now)) if self._schedule else None
        self.due = NEVER if due is None else nanos_of(due)
