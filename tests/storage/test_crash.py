"""What a method stored before it returned, a crash cannot undo."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

from bot.clock import SystemClock
from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.storage import StoreLease, lease_row, open_store
from tests.storage.samples import START, a_fill, accepted, an_order, filled

DIE_WITHOUT_CLOSING = """
import asyncio, os, signal, sys
from bot.clock import SystemClock
from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.storage import StoreLease, open_store, this_process
from tests.storage.samples import START, a_fill, a_record, accepted, an_order, filled

async def main(url):
    store = await open_store(url, create=True)
    await StoreLease(store, SystemClock(), holder=this_process(), seconds=600).acquire()
    order = an_order()
    await store.add_order(order)
    order = accepted(order)
    await store.save_order(order, a_record(order))
    fill = a_fill(order)
    await store.add_fill(fill, filled(order, fill), a_record(order, "Filled"))
    await store.set_latch(Latch(TradingState.HALTED, "enough", "ada", START))
    await store.add_incident(Incident(START, "drift", "why"))
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
    assert await store.latch() == Latch(TradingState.HALTED, "enough", "ada", START)
    assert await store.recent_incidents(5) == [Incident(START, "drift", "why")]
    await store.close()


def test_the_lease_of_a_process_that_was_killed_is_free_at_once(url: str) -> None:
    subprocess.run([sys.executable, "-c", DIE_WITHOUT_CLOSING, url], check=False, capture_output=True)
    asyncio.run(take_over(url))


async def take_over(url: str) -> None:
    store = await open_store(url, create=False)
    async with asyncio.timeout(5):
        await StoreLease(store, SystemClock(), holder="next", seconds=600).acquire()
    row = await store.database.run(lease_row.look)
    assert (row.holder, row.token) == ("next", 2)
    await store.close()
