"""What cannot be opened is refused in one clear line that holds no password."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreError, StoreUnavailable
from bot.storage import migrate
from bot.storage.engine import make_engine, shown
from bot.storage.store import SqlStore, open_store
from tests.storage.samples import an_order

SECRET = "wr0ng-secret"


async def refusal(url: str, *, create: bool = True) -> str:
    """Why a database cannot be opened."""
    with pytest.raises(StoreUnavailable) as caught:
        await open_store(url, create=create)
    told = str(caught.value)
    assert "\n" not in told
    assert "Background on this error" not in told
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    return told


@contextmanager
def as_a_nobody() -> Iterator[None]:
    """Without the powers of root, who may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def modes(folder: Path) -> dict[str, int]:
    """The permissions of the files in a folder, by name."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@pytest.fixture
def unreadable_file() -> Iterator[Path]:
    """A file that may not be read, in a folder that may."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder, "grid.db")
        file.touch(mode=0o000)
        yield file


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("sqlite:///grid.db", "sqlite:///grid.db"),
        ("sqlite+aiosqlite:////var/grid.db", "sqlite:////var/grid.db"),
        ("sqlite://", "sqlite://"),
        (f"postgres://bob:{SECRET}@db/grid", "postgresql://bob:***@db/grid"),
        (f"postgresql+asyncpg://bob:{SECRET}@db:5433/grid", "postgresql://bob:***@db:5433/grid"),
        (f"postgresql://bob:a'{SECRET}@db/grid", "postgresql://bob:***@db/grid"),
        (f"postgresql://bob:p@ss{SECRET}@db/grid", "postgresql://bob:***@db/grid"),
        (f"postgresql://bob:{SECRET}@db/grid?sslmode=require", "postgresql://bob:***@db/grid?sslmode=require"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, text: str) -> None:
    assert shown(url) == text


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "the database URL is malformed; write sqlite:///file.db or postgresql://"),
        (f"bob:{SECRET}@db/grid", "the database URL is malformed"),
        (f"postgresql://bob:{SECRET}@db:port/grid", "the database URL is malformed"),
        (f"mysql://bob:{SECRET}@db/grid", "'mysql' is not a database that gridbot knows"),
        (f"postgresql://bob:{SECRET} x@db/grid", "the database URL has a blank in it; write %20 for it"),
        ("sqlite://grid.db", "write sqlite:///grid.db with three slashes"),
        ("sqlite:///grid.db?mode=ro", "unknown options in the database URL: mode; sqlite knows: none"),
        (f"postgresql://bob:{SECRET}@/grid?host=db1,db2", "the database URL cannot be used: All ports are required"),
        (f"postgresql://bob:{SECRET}@/grid?port=first", "the database URL cannot be used: Received non-integer port"),
        (f"postgresql://db/grid?password={SECRET}", "unknown options in the database URL: password; postgresql knows"),
    ],
)
async def test_a_url_that_makes_no_sense_is_refused(url: str, words: str) -> None:
    assert words in await refusal(url)


async def test_the_forms_of_an_sqlite_url_mean_the_same_file(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/grid.db", create=True)
    await store.add_order(an_order())
    await store.close()
    again = await open_store(f"sqlite+aiosqlite:///{tmp_path}/grid.db", create=False)
    assert await again.order("order-a") == an_order()
    await again.close()


async def test_a_database_in_memory_lives_as_long_as_the_store() -> None:
    store = await open_store("sqlite://", create=True)
    await store.add_order(an_order())
    assert await store.order("order-a") == an_order()
    await store.close()


async def test_a_new_database_file_is_for_its_owner_only(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/grid.db", create=True)
    found = modes(tmp_path)
    await store.close()
    assert found == {"grid.db": 0o600, "grid.db-wal": 0o600, "grid.db-shm": 0o600}


async def test_sqlite_is_told_to_lose_nothing_and_to_keep_the_tables_rules(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/grid.db", create=True)

    def pragmas(db: Any) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await store.database.run(pragmas) == ["wal", 2, 1, 5000]
    await store.close()


async def test_a_missing_file_is_made_only_when_asked_for(tmp_path: Path) -> None:
    told = await refusal(f"sqlite:///{tmp_path}/grid.db", create=False)
    assert told == f"there is no database {tmp_path}/grid.db: make it with `gridbot db upgrade`"
    for ask in (migrate.check, migrate.current):
        with pytest.raises(StoreUnavailable, match="there is no database"):
            await ask(f"sqlite:///{tmp_path}/grid.db")
    assert modes(tmp_path) == {}


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    told = await refusal(f"sqlite:///{tmp_path}/nowhere/grid.db")
    assert told == f"cannot open the database {tmp_path}/nowhere/grid.db: there is no folder {tmp_path}/nowhere"


async def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    assert await refusal(f"sqlite:///{tmp_path}") == f"cannot open the database {tmp_path}: it is a folder, not a file"


async def test_another_kind_of_file_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "grid.db").write_text("client_order_id,price\n" * 500)
    told = await refusal(f"sqlite:///{tmp_path}/grid.db")
    assert told == f"cannot open the database sqlite:///{tmp_path}/grid.db: file is not a database"


async def test_an_unreadable_file_is_refused(unreadable_file: Path) -> None:
    with as_a_nobody():
        told = await refusal(f"sqlite:///{unreadable_file}")
    assert told == f"cannot open the database {unreadable_file}: permission to read and write it is denied"


async def test_an_unreadable_folder_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    with as_a_nobody():
        told = await refusal(f"sqlite:///{closed}/grid.db")
    closed.chmod(0o700)
    assert told == f"cannot open the database {closed}/grid.db: Permission denied"


async def test_a_database_that_another_program_writes_to_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/grid.db", create=True)
    await store.database.run(lambda db: db.exec_driver_sql("PRAGMA busy_timeout = 1").close())
    other = sqlite3.connect(tmp_path / "grid.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="refused: database is locked"):
        await store.add_order(an_order())
    other.close()
    await store.add_order(an_order())
    await store.close()


async def test_an_unreachable_server_is_named_without_the_password() -> None:
    told = await refusal(f"postgresql://bob:{SECRET}@127.0.0.1:1/grid")
    assert told.startswith("cannot open the database postgresql://bob:***@127.0.0.1:1/grid: ")
    assert "Connect call failed" in told


async def test_a_wrong_password_is_told_but_not_shown(postgres_server: Any) -> None:
    url = str(postgres_server.get_uri()).replace("//postgres:", f"//guarded:{SECRET}")
    told = await refusal(url)
    assert told.endswith('password authentication failed for user "guarded"')
    right = make_engine(url.replace(SECRET, "right-secret"))
    async with right.connect():
        pass
    await right.dispose()


async def test_an_unknown_database_is_told(postgres_server: Any) -> None:
    told = await refusal(postgres_server.get_uri(database="nowhere"))
    assert told.endswith('database "nowhere" does not exist')


async def test_sslmode_is_understood(new_postgres_url: Any) -> None:
    url = new_postgres_url()
    await (await open_store(f"{url}&sslmode=disable", create=True)).close()
    assert "sslmode" in await refusal(f"{url}&sslmode=perhaps")


async def test_a_missing_driver_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    assert await refusal(f"postgresql://bob:{SECRET}@db/grid") == (
        "PostgreSQL needs asyncpg: install gridbot[postgres]"
    )


async def test_a_broken_connection_is_told_and_replaced(new_postgres_url: Any, postgres_server: Any) -> None:
    store: SqlStore = await open_store(new_postgres_url(), create=True)
    await store.add_order(an_order())
    postgres_server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'tester_%';")
    with pytest.raises(StoreUnavailable, match="lost the database postgresql://"):
        await store.add_order(an_order("b"))
    assert await store.order("order-a") == an_order()
    assert await store.order("order-b") is None
    await store.close()
