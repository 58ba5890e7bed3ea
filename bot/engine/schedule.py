"""When a strategy ticks: APScheduler's triggers on the injected clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

_JUST_AFTER = timedelta(milliseconds=1)
"""Triggers give the present moment when it is due; the next time is wanted."""


class Schedule:
    """A series of moments. Those that pass while a hook runs are skipped, not made up for."""

    def __init__(self, trigger: Any) -> None:
        self._trigger = trigger

    @classmethod
    def every(cls, interval: timedelta, start: datetime) -> Schedule:
        """`start` + n x `interval`, n = 1, 2, ..."""
        return cls(IntervalTrigger(seconds=interval.total_seconds(), start_date=start + interval, timezone=UTC))

    @classmethod
    def cron(cls, expression: str) -> Schedule:
        """Five fields: minute, hour, day of month, month, day of week (mon-sun, or 0-6 from Monday); in UTC.

        Raises:
            ValueError: the expression is malformed.
        """
        return cls(CronTrigger.from_crontab(expression, timezone=UTC))

    def next_after(self, now: datetime) -> datetime | None:
        """The first moment after `now`; None when there is none."""
        due: datetime | None = self._trigger.get_next_fire_time(None, now + _JUST_AFTER)
        return due
