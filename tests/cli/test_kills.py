"""A real bot that dies by SIGKILL: nothing is doubled and nothing lost. `make soak` does the same for many more."""

from __future__ import annotations

import random
from pathlib import Path

from soak.databases import database
from soak.process import PATIENCE_SECONDS
from soak.scene import scene
from soak.series import Series

PLACES = ("order journaled", "order sent", "transfer answered", "order answered", "doubt stored", "fill stored")


async def test_a_bot_that_is_killed_at_its_worst_moments_doubles_and_loses_nothing(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        async with scene(tmp_path, url, seed=3) as here:
            figures = await Series(here, random.Random(3), within=PATIENCE_SECONDS).run(PLACES, trade=0.5)
    assert list(figures.violations) == []
    assert not figures.missed
    assert set(figures.killed) == set(PLACES)
    assert figures.orders >= len(PLACES)
    assert figures.fills
    assert figures.transfers
