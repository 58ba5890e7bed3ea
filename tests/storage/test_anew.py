"""Beginning anew: only what can be made again is deleted."""

from __future__ import annotations

import pytest

from bot.errors import StoreError
from bot.ports import Run
from bot.storage import SqlStore, begin_anew, open_store
from tests.storage.samples import START, a_fill, a_record, a_transfer, accepted, an_order, filled


async def fill_with(url: str, kind: str) -> None:
    store = await open_store(url, create=True)
    await store.begin_run(Run(f"run-{kind}", kind, START))
    order = an_order(kind)
    await store.add_order(order)
    order = accepted(order)
    await store.save_order(order, a_record(order))
    fill = a_fill(order)
    order = filled(order, fill)
    await store.add_fill(fill, order, a_record(order))
    await store.add_transfer(a_transfer(kind))
    await store.save_state("maker", {"a": 1}, START)
    await store.close()


async def counts(store: SqlStore) -> dict[str, int]:
    try:
        return await store.counts()
    finally:
        await store.close()


async def test_an_empty_database_is_made_ready(url: str) -> None:
    assert await counts(await begin_anew(url, kind="demo")) == {"orders": 0, "fills": 0, "transfers": 0}


async def test_a_database_of_the_same_kind_is_emptied(url: str) -> None:
    await fill_with(url, "demo")
    store = await begin_anew(url, kind="demo")
    assert await store.load_state("maker") == {}
    assert await counts(store) == {"orders": 0, "fills": 0, "transfers": 0}
    await fill_with(url, "demo")


async def test_a_database_with_a_run_of_another_kind_is_left_as_it_is(url: str) -> None:
    await fill_with(url, "paper")
    with pytest.raises(StoreError, match=r"holds runs of `gridbot paper`.*--database-url"):
        await begin_anew(url, kind="demo")
    assert await counts(await open_store(url, create=False)) == {"orders": 1, "fills": 1, "transfers": 1}
