"""When the spans of candles end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.candle import Resolution

_A_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
"""All spans of a fixed length begin with it."""

_LONGEST_MONTH = timedelta(days=31)


def span_end(resolution: Resolution, at: datetime) -> datetime:
    """When the span that holds a moment ends, which is when the next one begins; UTC.

    A moment at which a span begins is in that one. Months end at the first of the next, weeks on Monday.
    """
    if resolution.length is None:
        first = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (first + _LONGEST_MONTH).replace(day=1)
    return _A_MONDAY + ((at - _A_MONDAY) // resolution.length + 1) * resolution.length
