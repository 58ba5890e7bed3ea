"""Two real bots on one database: one trades, the other stands by and takes over."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.domain.order import OrderState
from soak.audit import unknown
from soak.databases import database
from soak.process import PATIENCE_SECONDS, Process
from soak.scene import Scene, scene
from soak.series import RECONCILED, Series

LEASE_SECONDS = 2.0

SLOW_SECONDS = 10.0
"""What a busy machine may take besides."""

STANDS_BY = "another gridbot holds this database's lease"
TAKES_OVER = "the database's lease is ours"
TRADES = "order accepted"
SETTLED = "order neverarrived"

ON_ANOTHER_MACHINE = ("--machine", "another")
"""A standby that cannot see whether the leader's process lives, and has to wait for its silence."""


@asynccontextmanager
async def leader_and_standby(
    here: Scene, leader: tuple[str, ...] = (), standby: tuple[str, ...] = ON_ANOTHER_MACHINE
) -> AsyncIterator[tuple[Process, Process]]:
    """Two bots: one that trades, and one that stands by."""
    with here.bot("leader.log", trap=leader) as first:
        assert await first.until(RECONCILED)
        with here.bot("standby.log", trap=standby) as second:
            assert await second.until(STANDS_BY), second.text
            yield first, second


async def stop(process: Process) -> None:
    process.send(signal.SIGTERM)
    assert await process.ended() == 0, process.text


async def silence_of(here: Scene, standby: Process) -> float:
    """Seconds from now until the standby has taken over and reconciled; by then it knows all that was done."""
    shown, since = await here.shown(), standby.seconds
    assert await standby.until(RECONCILED), standby.text
    took = standby.seconds - since
    assert list(unknown(shown, await here.journal())) == []
    return took


async def test_a_standby_trades_only_once_its_leader_is_dead_and_silent(
    tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    async with scene(tmp_path, new_postgres_url(), seed=5, lease_seconds=LEASE_SECONDS) as here:
        start = await here.shown()
        async with leader_and_standby(here) as (leader, standby):
            await leader.until(TRADES)
            await asyncio.sleep(1.5 * LEASE_SECONDS)
            assert TAKES_OVER not in standby.text
            assert (await here.shown()).orders
            leader.kill()
            left = {order.client_order_id for order in (await here.journal()).orders}
            assert LEASE_SECONDS / 2 < await silence_of(here, standby) < LEASE_SECONDS + SLOW_SECONDS
            assert await standby.until(TRADES)
            assert_nothing_was_sent_before_all_was_settled(standby, left)
            await stop(standby)
        figures = await Series(here, random.Random(5), within=PATIENCE_SECONDS).end(start)
    assert list(figures.violations) == []


def assert_nothing_was_sent_before_all_was_settled(standby: Process, left: set[str]) -> None:
    """Until it has reconciled, it finds orders that its leader has left, and places none of its own."""
    told = [record for record in standby.records if record["event"] in (TAKES_OVER, RECONCILED, TRADES)]
    assert told[0]["event"] == TAKES_OVER
    reconciled = next(place for place, record in enumerate(told) if record["event"] == RECONCILED)
    assert {record["order"] for record in told[1:reconciled]} <= left


async def wakes_late(here: Scene, at: str) -> tuple[set[str], list[str]]:
    """A leader is stopped at a point of sending an order, and goes on once a standby has settled it as never sent.

    Returns:
        The client ids of what it had in hand and the exchange has in the end, and all that is wrong then.
    """
    start = await here.shown()
    trap = ("--at", at, "--passage", "4", "--signal", "SIGSTOP")
    async with leader_and_standby(here, leader=trap) as (leader, standby):
        await leader.stopped()
        in_hand = {o.client_order_id for o in (await here.journal()).orders if o.state is OrderState.SUBMITTING}
        assert in_hand
        await silence_of(here, standby)
        assert await standby.until(SETTLED)
        leader.send(signal.SIGCONT)
        assert await leader.ended() == 1
        assert "no longer has the database's lease" in leader.last_words()
        assert "Traceback" not in leader.text
        await stop(standby)
    figures = await Series(here, random.Random(6), within=PATIENCE_SECONDS).end(start)
    placed = {str(order.client_order_id) for order in (await here.shown()).orders}
    return in_hand & placed, list(figures.violations)


async def test_a_leader_that_was_stopped_wakes_late_and_is_fenced_off(
    tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    async with scene(tmp_path, new_postgres_url(), seed=6, lease_seconds=LEASE_SECONDS) as here:
        _, violations = await wakes_late(here, "order journaled")
    assert violations == []  # an order of the late one's would be an incident


async def test_what_a_stopped_leader_was_just_sending_arrives_late_and_is_taken_up(
    tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    async with scene(tmp_path, new_postgres_url(), seed=6, lease_seconds=LEASE_SECONDS) as here:
        late, violations = await wakes_late(here, "order in hand")
    assert late
    assert all("late_order" in violation for violation in violations)


async def test_a_standby_on_the_same_machine_does_not_wait_for_a_process_that_is_gone(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        async with scene(tmp_path, url, seed=7, lease_seconds=10) as here:
            start = await here.shown()
            async with leader_and_standby(here, standby=()) as (leader, standby):
                leader.kill()
                await silence_of(here, standby)
                assert "its holder has ended" in standby.text
                await stop(standby)
            figures = await Series(here, random.Random(7), within=PATIENCE_SECONDS).end(start)
    assert list(figures.violations) == []
