"""A simulated exchange in the database."""

from __future__ import annotations

import pytest

from bot.errors import SchemaTooNew, StoreError, StoreUnavailable
from bot.storage import begin_anew, migrate, open_keeper, open_store
from bot.storage.database import Database
from bot.storage.simulated import SqlKeeper


async def test_what_was_saved_last_is_there_after_a_restart(url: str) -> None:
    keeper = await open_keeper(url)
    assert await keeper.load() is None
    for data in (b"one", bytes(range(256)) * 10_000):
        await keeper.save(data)
        assert await keeper.load() == data
    await keeper.close()
    keeper = await open_keeper(url)
    assert await keeper.load() == data
    await keeper.close()


async def test_exchanges_of_other_names_are_others(url: str) -> None:
    await migrate.upgrade(url)
    async with Database(url) as database:
        one, two = SqlKeeper(database, "one"), SqlKeeper(database, "two")
        await one.save(b"1")
        assert await two.load() is None
        await two.save(b"2")
        assert await one.load() == b"1"


async def test_its_name_hides_the_password(url: str) -> None:
    keeper = await open_keeper(url)
    assert str(keeper).startswith(url.partition(":")[0])
    await keeper.close()


async def test_a_demo_never_empties_a_database_that_keeps_an_exchange(url: str) -> None:
    keeper = await open_keeper(url)
    await keeper.save(b"all of it")
    await keeper.close()
    with pytest.raises(StoreError, match="`gridbot exchange serve`"):
        await begin_anew(url, kind="demo")
    keeper = await open_keeper(url)
    assert await keeper.load() == b"all of it"
    await keeper.close()


async def test_a_bot_and_an_exchange_can_share_a_database(url: str) -> None:
    keeper = await open_keeper(url)
    await keeper.save(b"all of it")
    await keeper.close()
    store = await open_store(url, create=False)
    assert await store.run_kinds() == []
    await store.close()


async def test_a_database_that_cannot_be_used_is_told(tmp_path: object, url: str) -> None:
    with pytest.raises(StoreUnavailable, match="there is no folder"):
        await open_keeper(f"sqlite:///{tmp_path}/none/exchange.db")
    await migrate.upgrade(url)
    async with Database(url) as database:
        await database.run(lambda db: db.exec_driver_sql("UPDATE alembic_version SET version_num = 'ffff'").close())
    with pytest.raises(SchemaTooNew):
        await open_keeper(url)
