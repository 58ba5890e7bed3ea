"""Power that fails, and lives that end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import TypeVar

import pytest

from bot.clock import VirtualClock, run_virtual
from bot.rehearsal.interruptions import DOWNTIME_SECONDS, Ending, Interruptions
from bot.rehearsal.life import Life
from bot.rehearsal.plan import START, Violated
from bot.rehearsal.power import SPINNING, Crash, Power, Strike
from tests.world import HandClock

T = TypeVar("T")


def passages_until_the_crash(power: Power, of: int = 100) -> int:
    for passage in range(of):
        try:
            power.passes()
        except Crash:
            return passage
    return of


def a_strike(passages: int, *, patience: float = 0) -> Strike:
    at = START + timedelta(seconds=10)
    return Strike(at, START + timedelta(seconds=20), passages, timedelta(seconds=patience))


def test_power_fails_at_the_passage_that_was_drawn_and_stays_off() -> None:
    clock = HandClock()
    power = Power(clock, a_strike(3))
    assert passages_until_the_crash(power) == 100
    clock.move(10)
    assert passages_until_the_crash(power) == 3
    assert power.gone.is_set()
    assert passages_until_the_crash(power) == 0


def test_a_strike_that_waits_for_a_write_counts_from_it() -> None:
    clock = HandClock()
    clock.move(10)
    power = Power(clock, a_strike(2, patience=5))
    assert passages_until_the_crash(power) == 100
    power.passes(is_write=True)
    assert passages_until_the_crash(power) == 1


def test_a_strike_does_not_wait_for_a_write_for_ever() -> None:
    clock = HandClock()
    clock.move(15)
    assert passages_until_the_crash(Power(clock, a_strike(2, patience=5))) == 2


def test_a_strike_does_not_come_late() -> None:
    clock = HandClock()
    clock.move(20)
    assert passages_until_the_crash(Power(clock, a_strike(0))) == 100


def test_power_is_cut_from_what_goes_round_and_round_while_no_time_passes() -> None:
    clock = HandClock()
    power = Power(clock)
    for _ in range(2 * SPINNING):
        clock.move(0.001)
        power.passes()
    assert not power.spins
    assert passages_until_the_crash(power, of=2 * SPINNING) == pytest.approx(SPINNING, abs=2)
    assert power.spins


def test_nobody_dies_without_a_rate_and_nobody_once_it_is_quiet() -> None:
    quiet_from = START + timedelta(hours=1)
    assert Interruptions(Random(1), 0, quiet_from).next(START) is None
    drawn = [Interruptions(Random(seed), 1, quiet_from).next(START) for seed in range(300)]
    assert None in drawn
    assert all(one.at < quiet_from for one in drawn if one is not None)
    endings = [one.ending for one in drawn if one is not None]
    assert set(endings) == set(Ending)
    assert endings.count(Ending.CRASH) > len(endings) / 2


def test_downtimes_are_short_and_long() -> None:
    interruptions = Interruptions(Random(1), 1, START)
    drawn = [interruptions.downtime() for _ in range(200)]
    least, most = DOWNTIME_SECONDS
    assert least <= min(drawn) < 1
    assert 60 < max(drawn) <= most


def with_a_life(
    bot: Callable[[VirtualClock, asyncio.Event], Awaitable[None]], then: Callable[[Life, Power], Awaitable[T]]
) -> T:
    async def main(clock: VirtualClock) -> T:
        power = Power(clock)

        async def run(stop: asyncio.Event) -> None:
            await bot(clock, stop)

        life = Life(run, power, clock, set)
        try:
            return await then(life, power)
        finally:
            await life.die()

    return run_virtual(main, START)


async def obeys(_: VirtualClock, stop: asyncio.Event) -> None:
    await stop.wait()


async def fails(clock: VirtualClock, _: asyncio.Event) -> None:
    await clock.sleep(5)
    raise RuntimeError("a bug")


async def is_deaf(clock: VirtualClock, _: asyncio.Event) -> None:
    while True:
        await clock.sleep(60)


async def leaves_a_task(clock: VirtualClock, stop: asyncio.Event) -> None:
    asyncio.get_running_loop().create_task(clock.sleep(1000))
    await stop.wait()


async def clings(clock: VirtualClock, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await clock.sleep(60)
        except asyncio.CancelledError:
            continue


def test_a_life_lasts_until_it_is_stopped_in_good_order() -> None:
    async def then(life: Life, _: Power) -> tuple[bool, BaseException | None]:
        return await life.lasts(START + timedelta(minutes=1)), await life.stop()

    assert with_a_life(obeys, then) == (True, None)


def test_a_life_that_fails_tells_with_what() -> None:
    async def then(life: Life, _: Power) -> BaseException | None:
        assert not await life.lasts(START + timedelta(minutes=1))
        assert life.is_over
        return await life.ends()

    assert str(with_a_life(fails, then)) == "a bug"


def test_a_life_without_power_is_over_at_once() -> None:
    async def then(life: Life, power: Power) -> bool:
        power.cut()
        return await life.lasts(START + timedelta(minutes=1))

    assert not with_a_life(is_deaf, then)


def test_a_life_can_be_cancelled() -> None:
    async def then(life: Life, _: Power) -> BaseException | None:
        return await life.cancel()

    assert with_a_life(is_deaf, then) is None


@pytest.mark.parametrize("bot", [is_deaf, leaves_a_task])
def test_a_life_that_does_not_end_or_leaves_something_is_noticed(
    bot: Callable[[VirtualClock, asyncio.Event], Awaitable[None]],
) -> None:
    async def then(life: Life, _: Power) -> None:
        await life.stop()

    with pytest.raises(Violated, match="does_not_stop"):
        with_a_life(bot, then)


def test_a_life_that_cannot_be_cancelled_is_noticed() -> None:
    async def main(clock: VirtualClock) -> None:
        over = asyncio.Event()
        life = Life(lambda _: clings(clock, over), Power(clock), clock, set)
        await clock.sleep(1)
        with pytest.raises(Violated, match="survives"):
            await life.die()
        over.set()

    run_virtual(main, START)
