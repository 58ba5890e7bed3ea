"""What time it is at the exchange, told from the `Date` headers of its answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import median

from bot.grid.http_date import http_date
from bot.ports import Clock

SAMPLES = 15
"""How many answers the estimate is made of: few enough to follow a clock that is set, enough to outvote a few liars."""

STALE_FROM_SECONDS = 20.0
"""The exchange refuses time stamps that are more than 30 s off; a header of whole seconds cannot tell it exactly."""

_HALF_A_SECOND = 0.5
"""A `Date` header has whole seconds, cut off: the moment it means is half a second later in the mean."""


class ServerClock:
    """Estimates how far the exchange's clock is ahead of ours, as the median over its last answers.

    Each answer's `Date` is compared with the middle of the time between sending and answer, so a sample is off by
    half a second and half the round trip at most. A few answers that lie, from a cache for example, do not matter.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._offset = 0.0

    @property
    def offset_seconds(self) -> float:
        """How far the exchange's clock is ahead of ours, seconds; 0 before the first answer."""
        return self._offset

    def now(self) -> datetime:
        """The exchange's time, UTC."""
        return self._clock.now() + timedelta(seconds=self._offset)

    def timestamp(self) -> int:
        """The exchange's time, Unix seconds."""
        return int(self._clock.now().timestamp() + self._offset)

    def note(self, headers: Mapping[str, str], sent_at: datetime) -> None:
        """Take in the `Date` of an answer that has just come to a request sent at that moment (UTC, our clock)."""
        at_server = _date(headers.get("date"))
        if at_server is not None:
            self._samples.append(self._ahead(at_server, sent_at))
            self._offset = median(self._samples)

    def correct(self, headers: Mapping[str, str], timestamp: int, sent_at: datetime) -> bool:
        """Trust one answer alone: it has refused a request that carried this time stamp.

        Returns:
            Whether the time stamp was stale, so that a request with a new one may be accepted.
        """
        at_server = _date(headers.get("date"))
        if at_server is None or abs(at_server.timestamp() - timestamp) < STALE_FROM_SECONDS:
            return False
        self._samples.clear()
        self._samples.append(self._ahead(at_server, sent_at))
        self._offset = self._samples[0]
        return True

    def _ahead(self, at_server: datetime, sent_at: datetime) -> float:
        middle = sent_at + (self._clock.now() - sent_at) / 2
        return (at_server - middle).total_seconds() + _HALF_A_SECOND


@lru_cache(maxsize=8)  # for a second, all answers carry the same text
def _date(text: str | None) -> datetime | None:
    return http_date(text or "")
