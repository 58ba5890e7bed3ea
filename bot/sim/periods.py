"""When the candles of each resolution begin and end, in Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.candle import Resolution

MINUTE = 60
DAY = 24 * 3600

_A_MONDAY = 4 * DAY  # 5 January 1970; all shorter spans begin with it, too
_LONGEST_MONTH = timedelta(days=31)


def period_of(resolution: Resolution, at: int) -> tuple[int, int]:
    """When the candle of a moment begins, and when the next one does."""
    if resolution.length is None:
        return _month_of(at)
    seconds = int(resolution.length.total_seconds())
    start = (at - _A_MONDAY) // seconds * seconds + _A_MONDAY
    return start, start + seconds


def first_from(resolution: Resolution, at: int) -> int:
    """When the first candle begins that does not begin before a moment."""
    start, end = period_of(resolution, at)
    return start if start == at else end


def _month_of(at: int) -> tuple[int, int]:
    first = datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + _LONGEST_MONTH).replace(day=1)
    return int(first.timestamp()), int(following.timestamp())
