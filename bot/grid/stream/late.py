"""Fills that the exchange does not show yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=1)

GIVEN_UP_AFTER = timedelta(hours=1)
"""Fills that are not shown by then will never be."""

APART = timedelta(seconds=2)
"""The time between two requests, for whichever orders; the exchange allows 100 a minute, for all that we do."""


@dataclass(slots=True)
class _Wait:
    since: datetime
    until: datetime
    span: timedelta = FIRST_WAIT


class LateFills:
    """When to ask again for the fills of orders that have filled further than their fills tell: ever more rarely."""

    def __init__(self) -> None:
        self._waits: dict[str, _Wait] = {}
        self._not_before: datetime | None = None

    def watch(self, order_ids: Iterable[str], now: datetime) -> None:
        """These are the orders of which fills are missing; others that were are no longer."""
        self._waits = {key: self._waits.get(key) or _Wait(now, now + FIRST_WAIT) for key in order_ids}

    def next(self, now: datetime) -> str | None:
        """The order to ask for now, which will be due again later; None when it is too early for any."""
        if self.seconds_left(now) != 0.0:
            return None
        order_id, wait = min(self._waits.items(), key=lambda item: item[1].until)
        wait.span = min(2 * wait.span, LONGEST_WAIT)
        wait.until = now + wait.span
        self._not_before = now + APART
        return order_id

    def hopeless(self, now: datetime) -> list[str]:
        """Orders whose fills have been missing for too long."""
        return [key for key, wait in self._waits.items() if now - wait.since >= GIVEN_UP_AFTER]

    def seconds_left(self, now: datetime) -> float | None:
        """How long there is no order to ask for; None where there will be none."""
        if not self._waits:
            return None
        until = min(wait.until for wait in self._waits.values())
        return max(0.0, (max(until, self._not_before or until) - now).total_seconds())
