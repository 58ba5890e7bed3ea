"""Orders that are good for a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.domain.order import TimeInForce
from bot.sim.orders import SimOrder
from bot.sim.timetable import Timetable

_DAY = TimeInForce.DAY


class DayOrders:
    """Calls `expire` at 24:00 UTC for every day order of that day which is open still, the oldest first."""

    def __init__(self, timetable: Timetable, expire: Callable[[SimOrder, datetime], None]) -> None:
        self._timetable = timetable
        self._expire = expire
        self._by_end: dict[datetime, list[SimOrder]] = {}

    def add(self, order: SimOrder, now: datetime) -> None:
        """Let an order expire at the end of today, if it is open and good for the day then."""
        end = _midnight_after(now)
        if end not in self._by_end:
            self._by_end[end] = []
            self._timetable.add(end, partial(self._close_day, end))
        self._by_end[end].append(order)

    def _close_day(self, end: datetime, now: datetime) -> None:
        for order in self._by_end.pop(end):
            if order.is_open and order.time_in_force is _DAY:
                self._expire(order, now)


def _midnight_after(now: datetime) -> datetime:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
