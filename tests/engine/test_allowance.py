"""A budget that fills up again by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.engine.allowance import Allowance
from tests.world import HandClock

START = datetime(2026, 1, 5, tzinfo=UTC)


async def times(allowance: Allowance, clock: HandClock, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        await clock.sleep(allowance.take())
        taken.append((clock.now() - START).total_seconds())
    return taken


async def test_so_many_at_once_and_then_one_at_a_time() -> None:
    clock = HandClock(START)
    assert await times(Allowance(3, 4.0, clock), clock, 6) == [0, 0, 0, 4, 8, 12]


async def test_what_was_not_taken_is_there_later_but_never_more_than_the_burst() -> None:
    clock = HandClock(START)
    allowance = Allowance(2, 10.0, clock)
    await times(allowance, clock, 2)
    clock.move(10)
    assert await times(allowance, clock, 2) == [10, 20]
    clock.move(1000)
    assert await times(allowance, clock, 3) == [1020, 1020, 1030]
