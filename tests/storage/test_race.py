"""Processes that start at once on an empty database all find it ready."""

from __future__ import annotations

import subprocess
import sys

AT_ONCE = 3

OPEN_AND_WRITE = """
import asyncio, sys
from bot.storage.store import open_store
from tests.storage.samples import an_order

async def main(url, name):
    print("ready", flush=True)
    sys.stdin.readline()
    store = await open_store(url, create=True)
    await store.add_order(an_order(name))
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


def test_processes_that_start_at_once_on_an_empty_database_all_end_well(url: str) -> None:
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_WRITE, url, f"{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(AT_ONCE)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("go\n")
        start.stdin.flush()
    failures = [start.communicate(timeout=60)[1] for start in starts]
    assert failures == [""] * AT_ONCE
