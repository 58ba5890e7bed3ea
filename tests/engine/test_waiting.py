"""Waiting for something to happen, by a clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.clock import VirtualClock, run_virtual
from bot.engine.waiting import happens
from bot.sim.tempo import MarketClock, Tempo

START = datetime(2026, 1, 5, tzinfo=UTC)


def seconds(clock: VirtualClock) -> float:
    return (clock.now() - START).total_seconds()


def test_it_comes_back_when_it_happens() -> None:
    async def main(clock: VirtualClock) -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(3, event.set)
        assert await happens(event, within=10, clock=clock)
        assert seconds(clock) == 3
        assert await happens(event, within=10, clock=clock)
        assert seconds(clock) == 3

    run_virtual(main, START)


def test_or_when_the_time_is_up_by_the_clock_that_was_given() -> None:
    async def main(clock: VirtualClock) -> None:
        assert not await happens(asyncio.Event(), within=10, clock=clock)
        assert seconds(clock) == 10
        assert not await happens(asyncio.Event(), within=60, clock=MarketClock(clock, Tempo(START, START, speed=20)))
        assert seconds(clock) == 13

    run_virtual(main, START)


def test_no_time_at_all_is_no_wait() -> None:
    async def main(clock: VirtualClock) -> None:
        assert not await happens(asyncio.Event(), within=0, clock=clock)
        assert seconds(clock) == 0

    run_virtual(main, START)


def test_nothing_goes_on_after_it_was_cancelled() -> None:
    async def main(clock: VirtualClock) -> None:
        waiting = asyncio.ensure_future(happens(asyncio.Event(), within=10, clock=clock))
        await clock.sleep(1)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main, START)
