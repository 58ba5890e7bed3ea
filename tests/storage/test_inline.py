"""The database in memory keeps what any other does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.order import OrderState
from bot.errors import StoreError
from bot.storage.inline import InlineDatabase
from bot.storage.migrate import verify
from bot.storage.store import SqlStore
from tests.storage.samples import a_fill, a_record, accepted, an_order, filled


def test_it_is_at_the_newest_schema_and_every_one_is_empty() -> None:
    first, second = InlineDatabase.migrated(), InlineDatabase.migrated()

    async def main() -> None:
        await verify(first)
        await SqlStore(first).add_order(an_order())
        assert await SqlStore(second).live_orders() == []
        await first.close()
        assert await SqlStore(first).live_orders() == [an_order()]

    asyncio.run(main())


def test_it_keeps_orders_and_counts_a_fill_once() -> None:
    store = SqlStore(InlineDatabase.migrated())

    async def main() -> None:
        await store.add_order(an_order())
        order = accepted(an_order())
        await store.save_order(order, a_record(order))
        fill = a_fill(order)
        assert await store.add_fill(fill, filled(order, fill), a_record(order, "Filled"))
        assert not await store.add_fill(fill, filled(order, fill), a_record(order, "Filled"))
        assert await store.recent_fills(5) == [fill]

    asyncio.run(main())


def test_what_it_refuses_leaves_nothing_behind() -> None:
    store = SqlStore(InlineDatabase.migrated())

    async def main() -> None:
        await store.add_order(an_order())
        with pytest.raises(StoreError, match="the database in memory refused"):
            await store.add_order(an_order())
        order = replace(an_order("b"), state=OrderState.OPEN)
        with pytest.raises(StoreError, match="not in the journal"):
            await store.save_order(order, a_record(order))
        assert len(await store.live_orders()) == 1

    asyncio.run(main())


def test_others_run_before_and_after_a_unit_of_work() -> None:
    database = InlineDatabase.migrated()
    happened: list[str] = []

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for name in ("first", "second"):
                tasks.create_task(run(name))

    async def run(name: str) -> None:
        happened.append(f"{name} asks")
        await database.run(lambda _: happened.append(f"{name} is done"))
        happened.append(f"{name} hears")

    asyncio.run(main())
    assert happened == [f"{name} {what}" for what in ("asks", "is done", "hears") for name in ("first", "second")]
