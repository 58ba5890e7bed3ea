"""One process at a time may trade on a database, and whoever had that right before stores nothing any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.clock import VirtualClock, run_virtual
from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.errors import LeaseLost, StoreError
from bot.ports import BalanceSnapshot, Lease, Run
from bot.storage import SqlStore, StoreLease, begin_anew, lease_row, open_store
from bot.storage.lease_row import LeaseRow
from tests.storage.samples import START, a_fill, a_record, a_transfer, accepted, an_order, filled

SECONDS = 10.0
LOOK = 2.0
"""Seconds between two looks, or two renewals."""


class Site:
    """One database in virtual time, and the gridbots that want it."""

    def __init__(self, url: str, clock: VirtualClock) -> None:
        self.url = url
        self.clock = clock
        self.ended: set[str] = set()
        self._stores: list[SqlStore] = []

    async def store(self) -> SqlStore:
        self._stores.append(await open_store(self.url, create=True))
        return self._stores[-1]

    async def bot(self, name: str) -> tuple[SqlStore, StoreLease]:
        store = await self.store()
        lease = StoreLease(store, self.clock, holder=name, seconds=SECONDS, is_gone=self.ended.__contains__)
        return store, lease

    async def row(self) -> LeaseRow:
        return await self._stores[0].database.run(lease_row.look)

    async def break_down(self) -> None:
        """From now on the database refuses whatever has to do with leases."""
        await self._stores[0].database.run(_rename, "leases", "hidden")

    async def mend(self) -> None:
        await self._stores[0].database.run(_rename, "hidden", "leases")

    async def seconds(self, work: Awaitable[object]) -> float:
        """How long it takes."""
        began = self.clock.now()
        await work
        return (self.clock.now() - began).total_seconds()

    async def close(self) -> None:
        for store in self._stores:
            await store.close()


def _rename(db: sa.Connection, old: str, new: str) -> None:
    db.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))


def _forget_the_lease(db: sa.Connection) -> None:
    db.execute(sa.text("DELETE FROM leases"))


def at(url: str, scenes: Callable[[Site], Awaitable[None]]) -> None:
    """Play it in virtual time."""

    async def main(clock: VirtualClock) -> None:
        site = Site(url, clock)
        try:
            await scenes(site)
        finally:
            await site.close()

    run_virtual(main, START)


@asynccontextmanager
async def kept(lease: Lease) -> AsyncIterator[None]:
    """While inside, the lease is renewed."""
    keeping = asyncio.create_task(lease.keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


class SteppedClock:
    """A clock that somebody sets."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


def test_a_free_lease_is_taken_at_once(url: str) -> None:
    async def scenes(site: Site) -> None:
        store, lease = await site.bot("ada")
        assert not lease.is_held
        assert await store.lease_holder() is None
        assert await site.seconds(lease.acquire()) == 0
        assert lease.is_held
        assert await site.row() == LeaseRow("ada", 1, 0)
        assert await store.lease_holder() == "ada"
        await lease.release()
        assert await store.lease_holder() is None

    at(url, scenes)


def test_a_standby_takes_over_when_the_holder_was_silent_for_the_leases_time(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        await site.clock.sleep(5)
        with capture_logs() as logs:
            assert await site.seconds(second.acquire()) == SECONDS
        assert [line["event"] for line in logs] == [
            "another gridbot holds this database's lease: ada; standing by",
            "the database's lease is ours",
        ]
        assert logs[1]["why"] == "its holder was silent for 10 s: ada"
        assert second.is_held
        assert not first.is_held

    at(url, scenes)


def test_a_holder_knows_by_itself_that_it_was_silent_long_before_anybody_takes_over(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, lease = await site.bot("ada")
        await lease.acquire()
        await site.clock.sleep(0.59 * SECONDS)
        assert lease.is_held
        await site.clock.sleep(0.02 * SECONDS)
        assert not lease.is_held

    at(url, scenes)


def test_a_standby_waits_for_as_long_as_the_lease_is_kept(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        async with kept(first):
            for _ in range(200):
                await site.clock.sleep(0.5)
                assert first.is_held
                assert not second.is_held
        assert await site.seconds(waiting) <= SECONDS + LOOK
        assert (await site.row()).token == 2

    at(url, scenes)


def test_a_lease_that_is_given_up_is_taken_at_the_next_look(url: str) -> None:
    async def scenes(site: Site) -> None:
        store, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        await site.clock.sleep(1)
        await first.release()
        await first.release()
        assert not first.is_held
        with pytest.raises(LeaseLost, match="nobody has it"):
            await store.add_order(an_order())
        assert await site.seconds(waiting) <= LOOK
        assert second.is_held

    at(url, scenes)


def test_a_holder_that_has_ended_is_not_waited_for(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        _, second = await site.bot("bob")
        _, third = await site.bot("cleo")
        await first.acquire()
        site.ended.add("ada")
        assert await site.seconds(second.acquire()) == 0
        async with kept(second):
            waiting = asyncio.create_task(third.acquire())
            await site.clock.sleep(3 * SECONDS)
        site.ended.add("bob")
        assert await site.seconds(waiting) <= LOOK
        assert third.is_held

    at(url, scenes)


@pytest.mark.parametrize("starting", [2, 10])
def test_of_many_that_start_at_once_one_has_it(url: str, starting: int) -> None:
    async def scenes(site: Site) -> None:
        leases = [(await site.bot(f"bot-{number}"))[1] for number in range(starting)]
        waiting = [asyncio.create_task(lease.acquire()) for lease in leases]
        for turn in range(starting):
            await asyncio.wait(waiting[turn:], return_when=asyncio.FIRST_COMPLETED)
            held = [lease for lease in leases if lease.is_held]
            assert len(held) == 1
            await held[0].release()
            waiting.sort(key=lambda task: not task.done())
        assert all(task.done() for task in waiting)

    at(url, scenes)


WRITES: dict[str, Callable[[SqlStore], Awaitable[Any]]] = {
    "begin_run": lambda store: store.begin_run(Run("run-2", "run", START)),
    "end_run": lambda store: store.end_run("run-1", START),
    "save_markets": lambda store: store.save_markets([]),
    "add_order": lambda store: store.add_order(an_order("b")),
    "save_order": lambda store: store.save_order(accepted(an_order()), a_record(an_order())),
    "add_fill": lambda store: store.add_fill(
        a_fill(accepted(an_order())),
        filled(accepted(an_order()), a_fill(accepted(an_order()))),
        a_record(an_order()),
    ),
    "add_transfer": lambda store: store.add_transfer(a_transfer("b")),
    "save_transfer": lambda store: store.save_transfer(a_transfer()),
    "save_balances": lambda store: store.save_balances(
        [BalanceSnapshot(START, "cash", "USD", an_order().price, an_order().price, an_order().price)]
    ),
    "save_state": lambda store: store.save_state("maker", {"a": 1}, START),
    "set_latch": lambda store: store.set_latch(Latch(TradingState.ACTIVE, "why", "ada", START)),
    "add_incident": lambda store: store.add_incident(Incident(START, "drift", "why")),
}
READS = {
    "run_kinds", "markets", "order", "live_orders", "orders_by_order_id", "orders_by_client_id", "known_trades",
    "orders_not_sent", "fills_since", "latest_fill_at", "open_transfers", "known_transfers", "latch",
    "recent_incidents", "load_state", "recent_orders", "order_history", "recent_fills", "recent_transfers",
    "latest_balances", "latest_run", "lease_holder", "counts", "traded", "moved", "issued", "newest_fills",
}  # fmt: skip


def test_every_method_of_the_store_is_known_to_write_or_to_read() -> None:
    methods = {name for name in vars(SqlStore) if not name.startswith("_")}
    assert methods - {"guard", "close"} == WRITES.keys() | READS


def test_a_former_holder_stores_nothing_and_can_read(url: str) -> None:
    async def scenes(site: Site) -> None:
        store, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        await store.begin_run(Run("run-1", "run", START))
        await store.add_order(an_order())
        await store.add_transfer(a_transfer())
        site.ended.add("ada")
        await second.acquire()
        for write in WRITES.values():
            with pytest.raises(LeaseLost, match=r"no longer has the database's lease \(bob has it\)"):
                await write(store)
        assert await store.recent_orders(5) == [an_order()]
        assert await store.order_history("order-a") == []
        assert await store.counts() == {"orders": 1, "fills": 0, "transfers": 1}
        assert (await store.latch(), await store.recent_incidents(5)) == (None, [])

    at(url, scenes)


@pytest.mark.parametrize("name", WRITES)
async def test_the_holder_writes_as_if_there_were_no_lease(store: SqlStore, name: str) -> None:
    await store.begin_run(Run("run-1", "run", START))
    await store.add_order(an_order())
    await store.add_transfer(a_transfer())
    store.guard(lambda db: None)
    await WRITES[name](store)


def test_others_than_gridbots_that_trade_may_write_while_the_lease_is_held(url: str) -> None:
    async def scenes(site: Site) -> None:
        daemon, lease = await site.bot("ada")
        command_line = await site.store()
        await lease.acquire()
        latch = Latch(TradingState.HALTED, "enough", "bob", START)
        writes = [daemon.add_order(an_order(f"{number}")) for number in range(20)]
        await asyncio.gather(*writes[:10], command_line.set_latch(latch), *writes[10:])
        assert await daemon.latch() == latch
        assert (await command_line.counts())["orders"] == 20

    at(url, scenes)


def test_keeping_a_lease_that_another_took_ends_with_who_has_it(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        site.ended.add("ada")
        await second.acquire()
        assert first.is_held, "it cannot know yet"
        with pytest.raises(LeaseLost, match="bob has it"):
            await first.keep()
        assert not first.is_held
        await first.release()
        assert (await site.row()).holder == "bob"

    at(url, scenes)


def test_a_write_that_is_refused_tells_at_once_that_the_lease_is_lost(url: str) -> None:
    async def scenes(site: Site) -> None:
        store, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        site.ended.add("ada")
        await second.acquire()
        with pytest.raises(LeaseLost):
            await store.add_order(an_order())
        assert not first.is_held

    at(url, scenes)


def test_a_lease_whose_row_was_deleted_is_lost(url: str) -> None:
    async def scenes(site: Site) -> None:
        store, lease = await site.bot("ada")
        await lease.acquire()
        await store.database.run(_forget_the_lease)
        with pytest.raises(LeaseLost, match="nobody has it"):
            await store.add_order(an_order())
        with pytest.raises(LeaseLost, match="nobody has it"):
            await lease.keep()

    at(url, scenes)


def test_who_lost_the_lease_can_wait_for_it_again(url: str) -> None:
    async def scenes(site: Site) -> None:
        store, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        site.ended.add("ada")
        await second.acquire()
        site.ended.clear()
        assert await site.seconds(first.acquire()) == SECONDS
        await store.add_order(an_order())
        assert await site.row() == LeaseRow("ada", 3, 0)

    at(url, scenes)


def test_emptying_a_demos_database_leaves_the_lease_as_it_is(url: str) -> None:
    async def scenes(site: Site) -> None:
        store, lease = await site.bot("ada")
        await lease.acquire()
        await (await begin_anew(url, kind="demo")).close()
        await store.add_order(an_order())
        assert await site.row() == LeaseRow("ada", 1, 0)

    at(url, scenes)


def test_a_database_that_cannot_be_reached_for_a_moment_loses_no_lease(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        with capture_logs() as logs:
            async with kept(first):
                for _ in range(5):
                    await site.clock.sleep(5)
                    await site.break_down()
                    await site.clock.sleep(3)
                    assert first.is_held
                    await site.mend()
                await site.clock.sleep(5)
                assert first.is_held
                assert not waiting.done()
        warnings = [line["event"] for line in logs if line["event"].startswith("the lease cannot be renewed")]
        assert len(warnings) == 5
        assert await site.seconds(waiting) <= SECONDS + LOOK

    at(url, scenes)


def test_a_database_that_cannot_be_reached_for_long_ends_the_lease_in_time(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, lease = await site.bot("ada")
        await lease.acquire()
        keeping = asyncio.create_task(lease.keep())
        await site.clock.sleep(LOOK + 0.1)
        await site.break_down()
        with pytest.raises(LeaseLost, match=r"could not be renewed for 6 s, .*: the database .* refused"):
            await keeping
        assert timedelta(seconds=LOOK + 6) <= site.clock.now() - START <= timedelta(seconds=LOOK + 6.5)
        assert not lease.is_held
        with capture_logs() as logs:
            await lease.release()
        assert logs[0]["event"] == "the lease cannot be given up; others wait until it is old"
        await site.mend()
        assert (await site.row()).holder == "ada"

    at(url, scenes)


def test_a_standby_outlives_a_database_that_cannot_be_reached(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        _, second = await site.bot("bob")
        await first.acquire()
        with capture_logs() as logs:
            waiting = asyncio.create_task(second.acquire())
            await site.clock.sleep(1)
            await site.break_down()
            await site.clock.sleep(3 * SECONDS)
            assert not waiting.done()
            await site.mend()
            assert await site.seconds(waiting) <= LOOK
        assert second.is_held
        assert [line["event"] for line in logs][1:-1] == ["the database refuses; standing by all the same"]

    at(url, scenes)


def test_a_database_that_refuses_the_first_look_is_told(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, lease = await site.bot("ada")
        await site.break_down()
        with pytest.raises(StoreError, match="leases"):
            await lease.acquire()

    at(url, scenes)


def test_setting_the_clock_back_lengthens_no_lease_and_setting_it_on_ends_one(url: str) -> None:
    async def scenes(site: Site) -> None:
        clock = SteppedClock(site.clock)
        lease = StoreLease(await site.store(), clock, holder="ada", seconds=SECONDS)
        await lease.acquire()
        clock.ahead = timedelta(seconds=-3600)
        await site.clock.sleep(0.59 * SECONDS)
        assert lease.is_held
        await site.clock.sleep(0.02 * SECONDS)
        assert not lease.is_held
        async with kept(lease):
            await site.clock.sleep(LOOK + 0.1)
            assert lease.is_held
            clock.ahead = timedelta(seconds=60)  # as after a minute's sleep of the machine
            assert not lease.is_held
            await site.clock.sleep(LOOK)
            assert lease.is_held, "nobody took it meanwhile"

    at(url, scenes)


def test_setting_a_standbys_clock_takes_no_lease_from_a_living_holder(url: str) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        clock = SteppedClock(site.clock)
        second = StoreLease(await site.store(), clock, holder="bob", seconds=SECONDS, is_gone=lambda _: False)
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        async with kept(first):
            for _ in range(10):
                await site.clock.sleep(1)
                clock.ahead += timedelta(hours=1)
            assert not waiting.done()
        waiting.cancel()

    at(url, scenes)


@pytest.mark.parametrize("steps", range(1, 8))
def test_an_acquire_that_was_cancelled_at_any_moment_leaves_nothing_taken(url: str, steps: int) -> None:
    async def scenes(site: Site) -> None:
        _, first = await site.bot("ada")
        _, second = await site.bot("bob")
        acquiring = asyncio.create_task(first.acquire())
        for _ in range(steps):
            await asyncio.sleep(0)
        acquiring.cancel()
        await asyncio.wait([acquiring])
        await first.release()
        assert not first.is_held
        assert (await site.row()).holder == ""
        assert await site.seconds(second.acquire()) == 0

    at(url, scenes)


ACTIONS = st.tuples(
    st.sampled_from(["acquire", "write", "fall silent", "release", "die", "wait", "wait long"]), st.integers(0, 2)
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(actions=st.lists(ACTIONS, max_size=30))
def test_whatever_they_do_never_two_have_it_and_only_the_last_to_take_it_writes(
    url: str, actions: list[tuple[str, int]]
) -> None:
    async def scenes(site: Site) -> None:
        await (await site.store()).database.run(_forget_the_lease)
        crowd = Crowd(site, [await site.bot(f"bot-{number}") for number in range(3)])
        for action, number in actions:
            await crowd.act(action, number)
            await crowd.check()
        for number in range(3):
            await crowd.act("fall silent", number)

    at(url, scenes)


class Crowd:
    """Gridbots that do as they are told, and what must be true whatever that is."""

    def __init__(self, site: Site, bots: list[tuple[SqlStore, StoreLease]]) -> None:
        self._site = site
        self._bots = bots
        self._lives: dict[int, asyncio.Task[None]] = {}
        self._token = 0
        self._took: set[str] = set()

    async def act(self, action: str, number: int) -> None:
        store, lease = self._bots[number]
        match action:
            case "acquire" if number not in self._lives and f"bot-{number}" not in self._site.ended:
                self._lives[number] = asyncio.create_task(self._live(lease))
            case "write":
                holder = (await self._site.row()).holder
                may = holder == f"bot-{number}" or f"bot-{number}" not in self._took
                assert await self._writes(store) is may
            case "fall silent" | "release" | "die" if number in self._lives:
                life = self._lives.pop(number)
                life.cancel()
                await asyncio.wait([life])
                assert life.cancelled(), "a lease that is kept is not lost"
                if action == "release":
                    await lease.release()
                elif action == "die":
                    self._site.ended.add(f"bot-{number}")
            case "wait" | "wait long":
                await self._site.clock.sleep(0.7 if action == "wait" else SECONDS + LOOK)

    async def check(self) -> None:
        await self._site.clock.sleep(0.000001)  # whatever the database was asked for is answered then
        row = await self._site.row()
        assert row.token >= self._token
        self._token = row.token
        self._took.add(row.holder)
        living = {f"bot-{number}": lease for number, (_, lease) in enumerate(self._bots)}
        held = [name for name, lease in living.items() if lease.is_held and name not in self._site.ended]
        assert held in ([], [row.holder])

    async def _live(self, lease: StoreLease) -> None:
        await lease.acquire()
        await lease.keep()

    async def _writes(self, store: SqlStore) -> bool:
        try:
            await store.save_state("maker", {}, START)
        except LeaseLost:
            return False
        return True


async def test_a_paused_process_keeps_its_locks_on_postgres_for_a_moment_only(new_postgres_url: Any) -> None:
    store: SqlStore = await open_store(new_postgres_url(), create=True)
    limit = await store.database.run(
        lambda db: db.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
    )
    assert limit == "10s"
    await store.close()
