"""Moments as HTTP headers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(text: str) -> datetime | None:
    """The moment (UTC where it names no zone) that a header such as `Date` tells; None where it tells none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a year of many digits is an OverflowError
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
