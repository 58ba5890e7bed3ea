"""Virtual time: it jumps, stands still for real I/O, and is the same every time."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import RandomIds, SeededIds, SystemClock, VirtualClock, real_io, run_virtual

START = datetime(2026, 1, 5, tzinfo=UTC)


def from_a_thread(seconds: float) -> asyncio.Future[str]:
    """A result that another thread gives after so many real seconds, as a database driver's thread would."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()

    def work() -> None:
        time.sleep(seconds)
        loop.call_soon_threadsafe(future.set_result, "read")

    threading.Thread(target=work).start()
    return future


def test_a_year_passes_at_once() -> None:
    async def main(clock: VirtualClock) -> datetime:
        await clock.sleep(365 * 86_400)
        return clock.now()

    began = time.monotonic()
    assert run_virtual(main, START) == START + timedelta(days=365)
    assert time.monotonic() - began < 5


def test_timers_fire_in_their_order_and_at_their_time() -> None:
    seen: list[tuple[str, float]] = []

    async def every(clock: VirtualClock, name: str, seconds: float, times: int) -> None:
        for _ in range(times):
            await clock.sleep(seconds)
            seen.append((name, (clock.now() - START).total_seconds()))

    async def main(clock: VirtualClock) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(every(clock, "a", 3, 3))
            tasks.create_task(every(clock, "b", 4, 2))

    run_virtual(main, START)
    assert seen == [("a", 3), ("b", 4), ("a", 6), ("b", 8), ("a", 9)]


def test_time_stands_still_while_real_io_is_in_flight() -> None:
    async def main(clock: VirtualClock) -> tuple[str, datetime, list[str]]:
        seen: list[str] = []

        async def timer() -> None:
            await clock.sleep(1)
            seen.append("timer")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(timer())
            with real_io():
                answer = await from_a_thread(0.02)
            at, before = clock.now(), list(seen)
        return answer, at, before

    assert run_virtual(main, START) == ("read", START, [])


def test_without_the_mark_virtual_time_runs_away_from_real_io() -> None:
    async def main(clock: VirtualClock) -> bool:
        answer = from_a_thread(0.05)
        await clock.sleep(3600)
        late = not answer.done()
        with real_io():
            await answer
        return late

    assert run_virtual(main, START)


def test_an_answer_waits_until_nothing_else_can_run() -> None:
    async def main(_: VirtualClock) -> list[str]:
        seen: list[str] = []

        async def busy() -> None:
            for _ in range(50):
                time.sleep(0.001)  # noqa: ASYNC251 - real time has to pass
                await asyncio.sleep(0)
            seen.append("busy")

        async def reader() -> None:
            with real_io():
                await from_a_thread(0.0)
            seen.append("read")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reader())
            tasks.create_task(busy())
        return seen

    assert run_virtual(main, START) == ["busy", "read"]


def test_a_run_in_which_nothing_can_ever_happen_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.clock.STALLED_AFTER_SECONDS", 0.01)

    async def main(_: VirtualClock) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="stands still"):
        run_virtual(main, START)


async def test_the_mark_does_nothing_on_an_ordinary_loop() -> None:
    with real_io():
        assert await from_a_thread(0.0) == "read"


async def test_the_system_clock_is_utc_and_moves() -> None:
    clock = SystemClock()
    before = clock.now()
    await clock.sleep(0.001)
    assert before.tzinfo is UTC
    assert clock.now() > before


def test_seeded_ids_repeat_and_never_twice_in_a_run() -> None:
    one, two, other = SeededIds(1), SeededIds(1), SeededIds(2)
    first = [one.new("gb") for _ in range(100)]
    assert first == [two.new("gb") for _ in range(100)]
    assert len(set(first)) == 100
    assert first[0] != other.new("gb")


def test_random_ids_are_of_the_same_form() -> None:
    made = RandomIds().new("gb")
    assert len(made) == len(SeededIds(1).new("gb"))
    assert made.startswith("gb-")
    assert made != RandomIds().new("gb")
