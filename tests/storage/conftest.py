"""Every test that asks for `new_url`, `url` or `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.storage.store import SqlStore, open_store


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
