"""Moments as whole nanoseconds since 1970, as arrays of times hold them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanos_of(at: datetime | timedelta) -> int:
    """A moment as nanoseconds since 1970, or a length of time as nanoseconds; exact."""
    passed = at - _EPOCH if isinstance(at, datetime) else at
    return passed // timedelta(microseconds=1) * 1000


def moment_of(nanos: int) -> datetime:
    """The moment so many nanoseconds after 1970, UTC, to the microsecond."""
    return _EPOCH + timedelta(microseconds=nanos // 1000)
