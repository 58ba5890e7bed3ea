"""Interval and cron schedules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.engine.schedule import Schedule

START = datetime(2026, 1, 5, 12, 0, 7, tzinfo=UTC)


def moments(schedule: Schedule, start: datetime, times: int) -> list[datetime]:
    found = []
    now: datetime | None = start
    for _ in range(times):
        assert now is not None
        now = schedule.next_after(now)
        assert now is not None
        found.append(now)
    return found


def test_an_interval_counts_from_its_start() -> None:
    every = Schedule.every(timedelta(seconds=30), START)
    assert moments(every, START, 3) == [START + timedelta(seconds=30 * n) for n in (1, 2, 3)]


def test_what_was_missed_is_skipped() -> None:
    every = Schedule.every(timedelta(seconds=30), START)
    late = START + timedelta(seconds=75)
    assert every.next_after(late) == START + timedelta(seconds=90)


def test_cron_is_utc_and_weekdays_are_names() -> None:
    cron = Schedule.cron("*/20 9 * * mon")
    assert moments(cron, START, 3) == [datetime(2026, 1, 12, 9, m, tzinfo=UTC) for m in (0, 20, 40)]


def test_a_malformed_cron_expression_is_refused() -> None:
    with pytest.raises(ValueError):
        Schedule.cron("every day")
