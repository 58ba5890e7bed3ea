"""A daemon that runs while a test tells its story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.engine.daemon import Daemon, Reload
from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.pace import Pace
from bot.ports import Clock, Run
from bot.risk.gate import Gate
from bot.risk.limits import SAFE
from bot.storage import open_store
from tests.world import START, World, a_world


def run_daemon(
    folder: Path,
    instances: Sequence[Instance],
    story: Callable[[World], Awaitable[None]],
    pace: Pace | None = None,
    runs: int = 1,
    *,
    guard: Guard | None = None,
    gate: Callable[[Clock], Gate] = lambda clock: Gate(SAFE, {}, clock),
    reload: Reload | None = None,
) -> World:
    """Run a daemon while a story is told; it stops when the story is over. Again for every further run."""

    async def main(clock: VirtualClock) -> World:
        store = await open_store(f"sqlite:///{folder}/test.db", create=True)
        try:
            async with a_world(store, clock) as world:
                for number in range(runs):
                    daemon = Daemon(
                        instances,
                        exchange=world.exchange,
                        store=store,
                        clock=clock,
                        ids=SeededIds(number),
                        pace=pace or Pace(),
                        run=Run(f"run-{number}", "test", clock.now()),
                        gate=gate(clock),
                        guard=guard,
                        reload=reload,
                    )
                    stop = asyncio.Event()
                    async with asyncio.TaskGroup() as tasks:
                        running = tasks.create_task(daemon.run(stop))
                        await story(world)
                        stop.set()
                        await running
                world.orders = await store.recent_orders(100)  # type: ignore[attr-defined]
                world.state = await store.load_state("probe")  # type: ignore[attr-defined]
                world.balances = await store.latest_balances()  # type: ignore[attr-defined]
                return world
        finally:
            await store.close()

    return run_virtual(main, START)


def minutes(count: float) -> Callable[[World], Awaitable[None]]:
    async def story(world: World) -> None:
        await world.clock.sleep(60 * count)

    return story
