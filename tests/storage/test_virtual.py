"""In virtual time a database takes no time, and the same run is the same run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from bot.clock import VirtualClock, run_virtual
from bot.storage.store import SqlStore, open_store
from tests.storage.samples import START, a_fill, a_record, accepted, after, an_order, filled

WRITERS = 4
ORDERS_EACH = 6


async def rehearse(url: str, clock: VirtualClock) -> list[tuple[Any, ...]]:
    """Writers and timers beside one another; gives everything that happened, in the order in which it did."""
    told: list[tuple[Any, ...]] = []
    store = await open_store(url, create=True)

    async def timed(call: Awaitable[Any]) -> Any:
        began = clock.now()
        answer = await call
        assert clock.now() == began, "virtual time moved during a database call"
        return answer

    async def writer(number: int) -> None:
        for turn in range(ORDERS_EACH):
            order = an_order(f"{number}-{turn}", at=clock.now())
            await timed(store.add_order(order))
            told.append(("added", order.client_order_id, clock.now()))
            order = accepted(order)
            await timed(store.save_order(order, a_record(order, at=clock.now())))
            fill = a_fill(order, f"trade-{number}-{turn}", at=clock.now())
            stored = await timed(store.add_fill(fill, filled(order, fill), a_record(order, "Filled")))
            told.append(("filled", stored, fill.trade_id, clock.now()))
            await clock.sleep(0.001 * (number % 3))

    async def ticker() -> None:
        for _ in range(20):
            await clock.sleep(0.0007)
            told.append(("tick", clock.now(), len(await timed(store.recent_fills(99)))))

    async with asyncio.TaskGroup() as group:
        group.create_task(ticker())
        for number in range(WRITERS):
            group.create_task(writer(number))
    told += [("order", order) for order in await timed(store.recent_orders(99))]
    told += [("fill", fill) for fill in await timed(store.recent_fills(99))]
    await timed(store.close())
    return told


def test_a_database_call_takes_no_virtual_time_and_two_runs_are_equal(new_url: Callable[[], str]) -> None:
    first, second = (run_virtual(partial(rehearse, url), START) for url in (new_url(), new_url()))
    assert first == second
    assert len(first) == 20 + 4 * WRITERS * ORDERS_EACH
    assert [line[1] for line in first if line[0] == "tick"][-1] == after(0.014)


def test_a_timer_beside_a_call_goes_off_after_it(new_url: Callable[[], str]) -> None:
    async def main(clock: VirtualClock) -> list[str]:
        store: SqlStore = await open_store(new_url(), create=True)
        told: list[str] = []

        async def nap() -> None:
            await clock.sleep(0.000001)
            told.append("timer")

        async with asyncio.TaskGroup() as group:
            group.create_task(nap())
            for number in range(3):
                await store.add_order(an_order(f"{number}"))
                told.append(f"stored {number}")
        await store.close()
        return told

    assert run_virtual(main, START) == ["stored 0", "stored 1", "stored 2", "timer"]
