"""The exchange's time, told from its answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest

from bot.grid.server_clock import ServerClock

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Here:
    """Our clock; the exchange's is `ahead` of it by so many seconds."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.at = START
        self.ahead = ahead

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def date(self) -> dict[str, str]:
        return {"date": format_datetime(self.at + timedelta(seconds=self.ahead), usegmt=True)}


def ask(here: Here, server: ServerClock, *, there: float = 0.05, back: float = 0.05) -> None:
    """A request and its answer."""
    sent_at = here.at
    here.move(there)
    headers = here.date()
    here.move(back)
    server.note(headers, sent_at)


@pytest.mark.parametrize("ahead", [-7200.0, -300.0, -0.4, 0.0, 3.25, 300.0, 86400.0])
def test_the_offset_is_found_within_a_second(ahead: float) -> None:
    here, chance = Here(ahead), Random(1)
    server = ServerClock(here)
    assert server.offset_seconds == 0
    for _ in range(20):
        ask(here, server, there=chance.uniform(0, 0.3), back=chance.uniform(0, 0.3))
        here.move(chance.uniform(0, 5))
    assert server.offset_seconds == pytest.approx(ahead, abs=0.5)
    assert abs(server.timestamp() - (here.at.timestamp() + ahead)) <= 1.5


@pytest.mark.parametrize(
    "date", ["", "now", "Sun, 01 Mar 20262026202620 12:00:00 GMT", "Sun, 01 Mar 2026 12:00:00 +9223372036854775807"]
)
def test_what_is_no_date_tells_nothing(date: str) -> None:
    server = ServerClock(Here())
    server.note({"date": date}, START)
    assert server.offset_seconds == 0
    assert not server.correct({"date": date}, 0, START)


def test_answers_that_lie_do_not_matter() -> None:
    here = Here()
    server = ServerClock(here)
    for number in range(15):
        here.ahead = 3600.0 * number if number % 3 == 2 else 0.0
        ask(here, server)
        here.move(1.3)
    assert abs(server.offset_seconds) <= 0.6


def test_a_clock_that_is_set_is_followed() -> None:
    here = Here()
    server = ServerClock(here)
    for _ in range(30):
        ask(here, server)
    here.ahead = 45.0
    for _ in range(10):
        ask(here, server)
    assert server.offset_seconds == pytest.approx(45.0, abs=1)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": ""}])
def test_answers_without_a_date_teach_nothing(headers: dict[str, str]) -> None:
    here = Here()
    server = ServerClock(here)
    server.note(headers, START)
    assert server.offset_seconds == 0
    assert not server.correct(headers, 0, START)


def test_a_refusal_corrects_at_once_what_many_answers_said() -> None:
    here = Here()
    server = ServerClock(here)
    for _ in range(15):
        ask(here, server)
    here.ahead = -300.0
    assert server.correct(here.date(), server.timestamp(), here.at)
    assert server.offset_seconds == pytest.approx(-300, abs=1)


def test_a_refusal_for_another_reason_corrects_nothing() -> None:
    here = Here()
    server = ServerClock(here)
    assert not server.correct(here.date(), server.timestamp() + 5, here.at)
    assert server.offset_seconds == 0
