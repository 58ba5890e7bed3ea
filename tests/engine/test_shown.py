"""A list of transfers that lags behind takes nothing back that a newer one has shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.transfer import VenueTransfer
from bot.engine.shown import FORGOTTEN_AFTER, Shown

START = datetime(2026, 1, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PENDING = VenueTransfer("x", "i", 5, "pending", START)
COMPLETED = VenueTransfer("x", "i", 5, "completed", START)


def test_what_was_under_way_a_moment_ago_is_under_way_still() -> None:
    shown = Shown()
    assert shown.merge(START, [PENDING]) == [PENDING]
    assert shown.merge(START + SECOND, []) == [PENDING]


def test_what_is_over_does_not_begin_again() -> None:
    shown = Shown()
    shown.merge(START, [PENDING])
    assert shown.merge(START + SECOND, [COMPLETED]) == [COMPLETED]
    assert shown.merge(START + 2 * SECOND, [PENDING]) == [COMPLETED]


def test_what_does_not_show_for_long_is_forgotten() -> None:
    shown = Shown()
    shown.merge(START, [PENDING])
    assert shown.merge(START + FORGOTTEN_AFTER, []) == [PENDING]
    assert shown.merge(START + FORGOTTEN_AFTER + SECOND, []) == []
