"""When candles end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.candle import Resolution
from bot.domain.span import span_end
from bot.sim.periods import period_of


@pytest.mark.parametrize(
    ("resolution", "at", "end"),
    [
        ("1m", "2026-01-05T12:00:00", "2026-01-05T12:01:00"),
        ("1m", "2026-01-05T12:00:59.999999", "2026-01-05T12:01:00"),
        ("5m", "2026-01-05T12:03:00", "2026-01-05T12:05:00"),
        ("4h", "2026-01-05T13:00:00", "2026-01-05T16:00:00"),
        ("1d", "2026-02-28T13:00:00", "2026-03-01T00:00:00"),
        ("1w", "2026-01-04T23:59:59", "2026-01-05T00:00:00"),
        ("1w", "2026-01-05T00:00:00", "2026-01-12T00:00:00"),
        ("1M", "2026-01-31T23:59:59", "2026-02-01T00:00:00"),
        ("1M", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
        ("1M", "2028-02-29T12:00:00", "2028-03-01T00:00:00"),
        ("1M", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_a_span_ends_when_the_next_begins(resolution: str, at: str, end: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert span_end(Resolution(resolution), moment) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_days_and_months_are_those_of_utc() -> None:
    in_tokyo = datetime(2026, 2, 1, 8, tzinfo=timezone(timedelta(hours=9)))
    assert span_end(Resolution.D1, in_tokyo) == datetime(2026, 2, 1, tzinfo=UTC)
    assert span_end(Resolution.MONTH, in_tokyo) == datetime(2026, 2, 1, tzinfo=UTC)


@given(resolution=st.sampled_from(Resolution), seconds=st.integers(0, 4_000_000_000))
def test_spans_are_those_of_the_simulated_exchange(resolution: Resolution, seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    _, end = period_of(resolution, seconds)
    assert span_end(resolution, at) == datetime.fromtimestamp(end, UTC)
