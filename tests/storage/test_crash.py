"""What a method stored before it returned, a crash cannot undo."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

from bot.storage.store import open_store
from tests.storage.samples import a_fill, accepted, an_order, filled

DIE_WITHOUT_CLOSING = """
import asyncio, os, signal, sys
from bot.storage.store import open_store
from tests.storage.samples import a_fill, a_record, accepted, an_order, filled

async def main(url):
    store = await open_store(url, create=True)
    order = an_order()
    await store.add_order(order)
    order = accepted(order)
    await store.save_order(order, a_record(order))
    fill = a_fill(order)
    await store.add_fill(fill, filled(order, fill), a_record(order, "Filled"))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(sys.argv[1]))
"""


def test_nothing_is_lost_when_the_process_is_killed(url: str) -> None:
    died = subprocess.run([sys.executable, "-c", DIE_WITHOUT_CLOSING, url], check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    asyncio.run(find_everything(url))


async def find_everything(url: str) -> None:
    store = await open_store(url, create=False)
    order = accepted(an_order())
    fill = a_fill(order)
    assert await store.order("order-a") == filled(order, fill)
    assert await store.recent_fills(5) == [fill]
    assert [record.event for record in await store.order_history("order-a")] == ["Accepted", "Filled"]
    await store.close()
