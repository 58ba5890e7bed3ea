"""A store on a fresh SQLite database, and a world around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage import open_store
from tests.world import HandClock, World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = await open_store(f"sqlite:///{tmp_path}/test.db", create=True)
    try:
        async with a_world(store, HandClock()) as made:
            yield made
    finally:
        await store.close()
