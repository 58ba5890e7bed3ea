"""What keeps the daemon from trading: a start that cannot be read, a latch, a lost lease, news that cannot be true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot import Context, Fill, Strategy
from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Order, OrderState, Side
from bot.engine.daemon import Daemon
from bot.engine.instance import Instance
from bot.engine.pace import OnStop, Pace
from bot.engine.schedule import Schedule
from bot.errors import AuthenticationFailed, DaemonError, LeaseLost
from bot.ports import Lease, Request, Response, Run
from bot.risk.gate import Gate
from bot.risk.limits import SAFE
from bot.sim.faults.kinds import LateOrders
from bot.storage import StoreLease, open_store
from tests.execution.steps import plague
from tests.world import START, World, a_world

HALT = Latch(TradingState.HALTED, "a test", "tester", START)


class Maker(Strategy):
    """Keeps a bid and an ask far from each other; counts its ticks."""

    async def on_start(self, ctx: Context) -> None:
        self._quote(ctx)

    async def on_tick(self, ctx: Context) -> None:
        ctx.state["ticks"] = ctx.state.get("ticks", 0) + 1
        self._quote(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        self._quote(ctx)

    def _quote(self, ctx: Context) -> None:
        asks = [(Decimal(9), 2)] if ctx.position.total else []
        ctx.quote(bids=[(Decimal(2), 3)], asks=asks)


@dataclass
class Rig:
    """A world and a daemon in it, to be told stories with."""

    world: World
    instances: list[Instance]
    pace: Pace
    lease: Lease | None = None
    errors: list[Exception] = field(default_factory=list)
    runs: int = 0

    async def run(self, *, seconds: float, until: Callable[[], None] = lambda: None) -> None:
        """One life of the daemon; what it ended with is noted."""
        self.runs += 1
        clock = self.world.clock
        daemon = Daemon(
            self.instances,
            exchange=self.world.exchange,
            store=self.world.store,
            clock=clock,
            ids=SeededIds(self.runs),
            pace=self.pace,
            run=Run(f"run-{self.runs}", "test", clock.now()),
            gate=Gate(SAFE, {}, clock),
            lease=self.lease,
        )
        stop = asyncio.Event()
        running = asyncio.ensure_future(daemon.run(stop))
        await asyncio.wait({running}, timeout=seconds)
        until()
        stop.set()
        (outcome,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(outcome, Exception):
            self.errors.append(outcome)

    def resting(self) -> list[Side]:
        """The sides of the orders that rest at the exchange."""
        history = self.world.venue.history(self.world.account)
        return [order.side for order in history.orders if order.is_open]


def told(folder: Path, story: Callable[[Rig], object], pace: Pace | None = None, units: int = 10) -> Rig:
    """Tell a story to a rig whose account holds so many units."""

    async def main(clock: VirtualClock) -> Rig:
        store = await open_store(f"sqlite:///{folder}/test.db", create=True)
        try:
            async with a_world(store, clock) as world:
                instrument = world.market.instrument_id
                world.account.units[instrument].available += units
                maker = Instance("maker", Maker(), ("text-prime",), Schedule.every(timedelta(seconds=20), START))
                rig = Rig(world, [maker], pace or Pace())
                await story(rig)  # type: ignore[misc]
                return rig
        finally:
            await store.close()

    return run_virtual(main, START)


def test_nothing_is_traded_before_the_exchange_was_read_and_then_it_goes_on_by_itself(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        for path in ("markets", "trading/orders", "trading/orders"):
            rig.world.transport.fail("GET", path, Response(503), applied=False)
        await rig.run(seconds=2.5, until=lambda: seen.append(rig.world.transport.count("POST", "orders")))
        assert rig.errors == []
        await rig.run(seconds=30, until=lambda: seen.append(rig.world.transport.count("POST", "orders")))

    seen: list[int] = []
    told(tmp_path, story)
    assert seen == [0, 2]


def test_a_key_that_the_exchange_does_not_take_ends_the_start(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        for _ in range(9):
            rig.world.transport.fail("GET", "markets", Response(401), applied=False)
        await rig.run(seconds=30)
        assert isinstance(rig.errors[0], AuthenticationFailed)

    told(tmp_path, story)


def test_a_halt_takes_all_orders_off_the_book_and_lasts_over_restarts_until_a_resume(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def halt() -> None:
            await rig.world.clock.sleep(10)
            assert sorted(rig.resting()) == [Side.BUY, Side.SELL]
            await rig.world.store.set_latch(HALT)
            await rig.world.clock.sleep(15)
            assert rig.resting() == []

        halting = asyncio.ensure_future(halt())
        await rig.run(seconds=60, until=lambda: seen.extend(rig.resting()))
        await halting
        await rig.run(seconds=60, until=lambda: seen.extend(rig.resting()))
        sent = rig.world.transport.count("POST", "orders")
        await rig.world.store.set_latch(Latch(TradingState.ACTIVE, "looked into", "tester", rig.world.clock.now()))
        await rig.run(seconds=60, until=lambda: after.extend(rig.resting()))
        assert rig.world.transport.count("POST", "orders") == sent + 2
        state = await rig.world.store.load_state("maker")
        assert state["ticks"] >= 6, "strategies go on seeing what happens"

    seen: list[Side] = []
    after: list[Side] = []
    told(tmp_path, story)
    assert seen == []
    assert sorted(after) == [Side.BUY, Side.SELL]


def test_orders_that_cannot_be_cancelled_at_once_are_cancelled_when_they_can(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def halt() -> None:
            await rig.world.clock.sleep(10)
            rig.world.transport.fail("DELETE", "orders", Response(503), applied=False)
            rig.world.transport.fail("DELETE", "orders", Response(503), applied=False)
            await rig.world.store.set_latch(HALT)

        halting = asyncio.ensure_future(halt())
        await rig.run(seconds=90, until=lambda: seen.extend(rig.resting()))
        await halting

    seen: list[Side] = []
    told(tmp_path, story)
    assert seen == []


def test_reducing_takes_bids_off_and_lets_asks_rest(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def reduce() -> None:
            await rig.world.clock.sleep(10)
            await rig.world.store.set_latch(Latch(TradingState.REDUCING, "a test", "tester", START))

        reducing = asyncio.ensure_future(reduce())
        await rig.run(seconds=60, until=lambda: seen.extend(rig.resting()))
        await reducing

    seen: list[Side] = []
    told(tmp_path, story)
    assert seen == [Side.SELL]


@pytest.mark.parametrize(
    ("how", "left"), [(OnStop.CANCEL, []), (OnStop.REDUCE, [Side.SELL]), (OnStop.KEEP, [Side.BUY, Side.SELL])]
)
def test_a_stop_does_with_a_strategys_orders_what_was_configured_for_it(
    tmp_path: Path, how: OnStop, left: list[Side]
) -> None:
    async def story(rig: Rig) -> None:
        await rig.run(seconds=30)
        assert sorted(rig.resting()) == left

    told(tmp_path, story, Pace(on_stop=OnStop.CANCEL if how is OnStop.KEEP else OnStop.KEEP, on_stop_of={"maker": how}))


def test_money_that_is_gone_halts(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def steal() -> None:
            await rig.world.clock.sleep(200)
            rig.world.account.cash.available -= 7_000_000

        stealing = asyncio.ensure_future(steal())
        await rig.run(seconds=600, until=lambda: seen.extend(rig.resting()))
        await stealing
        latch = await rig.world.store.latch()
        assert latch is not None
        assert (latch.state, latch.by) == (TradingState.HALTED, "gridbot")
        assert "-7 USD" in latch.reason or "-7.00 USD" in latch.reason

    seen: list[Side] = []
    told(tmp_path, story, Pace(audit=timedelta(minutes=1)))
    assert seen == []


def _an_overfill(order: Order) -> Response:
    """A list of trades with one that fills more than was ordered."""
    trade = (
        f'{{"data": [{{"trade_id": "t", "order_id": "{order.order_id}", "market_id": "{order.market_id}", '
        f'"side": "buy", "price": "2", "quantity": 99, "execution_timestamp": "{START.isoformat()}"}}], '
        f'"paging": {{}}}}'
    )
    return Response(200, {}, trade.encode())


@pytest.mark.parametrize("leased", [False, True])
def test_news_that_cannot_be_true_stop_the_bot_and_keep_it_halted(tmp_path: Path, leased: bool) -> None:
    async def story(rig: Rig) -> None:
        if leased:
            rig.lease = StoreLease(rig.world.store, rig.world.clock, holder="a", seconds=15)

        async def overfill() -> None:
            await rig.world.clock.sleep(10)
            (order, *_) = [one for one in await rig.world.store.live_orders() if one.side is Side.BUY]
            rig.world.transport.fail("GET", "trading/trades", _an_overfill(order), applied=False)

        lying = asyncio.ensure_future(overfill())
        await rig.run(seconds=60)
        await lying
        assert isinstance(rig.errors[0], DaemonError)
        assert "gridbot resume" in str(rig.errors[0])
        await rig.run(seconds=30, until=lambda: seen.extend(rig.resting()))
        assert [incident.kind for incident in await rig.world.store.recent_incidents(9)] == ["invariant"]

    seen: list[Side] = []
    told(tmp_path, story)
    assert seen == []


def test_orders_are_cancelled_though_every_start_finds_what_cannot_be_true(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def overfill() -> None:
            await rig.world.clock.sleep(10)
            (order, *_) = [one for one in await rig.world.store.live_orders() if one.side is Side.BUY]
            for _ in range(9):
                rig.world.transport.fail("GET", "trading/trades", _an_overfill(order), applied=False)

        lying = asyncio.ensure_future(overfill())
        await rig.run(seconds=60, until=lambda: seen.append(rig.resting()))
        await lying
        await rig.run(seconds=60)
        assert [type(error) for error in rig.errors] == [DaemonError, DaemonError]

    seen: list[list[Side]] = []
    told(tmp_path, story)
    assert seen == [[]]


def test_a_halt_stops_what_is_left_of_a_plan_under_way(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def slowly(request: Request) -> None:
            if request.method == "POST":
                await rig.world.clock.sleep(9)

        async def halt() -> None:
            await rig.world.clock.sleep(1)
            await rig.world.store.set_latch(HALT)

        rig.world.transport.before = slowly
        halting = asyncio.ensure_future(halt())
        await rig.run(seconds=60, until=lambda: seen.extend(rig.resting()))
        await halting
        assert rig.world.transport.count("POST", "orders") == 1

    seen: list[Side] = []
    told(tmp_path, story)
    assert seen == []


def test_an_order_that_turns_up_long_after_a_halt_is_cancelled(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        plague(rig.world, LateOrders(seconds=(100, 100)))
        rig.world.transport.fail("POST", "orders", TimeoutError(), applied=True)

        async def halt() -> None:
            await rig.world.clock.sleep(15)
            await rig.world.store.set_latch(HALT)

        halting = asyncio.ensure_future(halt())
        await rig.run(seconds=300, until=lambda: seen.extend(rig.resting()))
        await halting
        assert [incident.kind for incident in await rig.world.store.recent_incidents(9)] == ["late_order"]

    seen: list[Side] = []
    told(tmp_path, story)
    assert seen == []


def test_cancels_that_get_no_answer_keep_no_other_waiting_in_a_halt(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def never(request: Request) -> None:
            if request.method == "DELETE":
                started.append(rig.world.clock.now())
                await rig.world.clock.sleep(10)

        async def halt() -> None:
            await rig.world.clock.sleep(10)
            rig.world.transport.before = never
            await rig.world.store.set_latch(HALT)

        halting = asyncio.ensure_future(halt())
        await rig.run(seconds=60)
        await halting

    started: list[datetime] = []
    told(tmp_path, story)
    assert started[1] == started[0]


def test_an_audit_that_cannot_be_done_is_not_tried_at_every_look(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        refused = 0

        async def refuse(request: Request) -> None:
            nonlocal refused
            if "transfer-histories" in request.path:
                refused += 1
                rig.world.transport.fail("GET", "transfer-histories", Response(503), applied=False)

        await rig.run(seconds=30)
        rig.instances = []
        rig.world.transport.before = refuse
        await rig.run(seconds=600)
        tried.append(refused)

    tried: list[int] = []
    told(tmp_path, story, Pace(on_stop=OnStop.KEEP))
    assert 8 <= tried[0] <= 14


def test_two_orders_that_rest_for_one_of_ours_halt_and_both_are_cancelled(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        async def double() -> None:
            await rig.world.clock.sleep(30)
            (order, *_) = [one for one in await rig.world.store.live_orders() if one.side is Side.BUY]
            market = rig.world.venue.market_by_symbol("text-prime")
            twin = rig.world.venue.place(rig.world.account, market, Side.BUY, 3, 1_000_000)
            twin.client_order_id = order.client_order_id

        doubling = asyncio.ensure_future(double())
        await rig.run(seconds=200, until=lambda: seen.extend(rig.resting()))
        await doubling
        (incident,) = await rig.world.store.recent_incidents(9)
        assert "more than one order rests for each of gb-" in incident.detail

    seen: list[Side] = []
    told(tmp_path, story, Pace(audit=timedelta(minutes=1)))
    assert seen == []


class LentLease:
    """A lease that is lost when a test says so."""

    def __init__(self) -> None:
        self.is_held = False
        self.lost = asyncio.Event()
        self.free = asyncio.Event()
        self.released = 0

    async def acquire(self) -> None:
        await self.free.wait()
        self.is_held = True

    async def keep(self) -> None:
        await self.lost.wait()
        raise LeaseLost("somebody else has it")

    async def release(self) -> None:
        self.is_held = False
        self.released += 1


def test_a_standby_does_nothing_until_the_lease_is_its_own(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        rig.lease = lease = LentLease()
        await rig.run(seconds=60)
        assert rig.world.transport.sent[1:] == [], "nothing but what the world itself asked"
        lease.free.set()
        await rig.run(seconds=10)
        assert rig.world.transport.count("POST", "orders") == 2
        assert rig.errors == []
        assert not lease.is_held

    told(tmp_path, story)


def test_a_daemon_that_loses_the_lease_sends_nothing_more_and_ends(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        rig.lease = lease = LentLease()
        lease.free.set()

        async def lose() -> None:
            await rig.world.clock.sleep(30)
            lease.is_held = False
            await rig.world.clock.sleep(60)
            seen.append(rig.world.transport.count("DELETE", "orders") + rig.world.transport.count("POST", "orders"))
            lease.lost.set()

        losing = asyncio.ensure_future(lose())
        await rig.run(seconds=300)
        await losing
        assert isinstance(rig.errors[0], LeaseLost)
        assert seen == [2]
        assert sorted(rig.resting()) == [Side.BUY, Side.SELL], "whoever took over decides"

    seen: list[int] = []
    told(tmp_path, story)


def test_orders_of_strategies_that_are_gone_are_cancelled_at_the_stop(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        rig.pace = Pace(on_stop=OnStop.KEEP)
        await rig.run(seconds=30)
        rig.pace, rig.instances = Pace(), []
        await rig.run(seconds=30)
        assert rig.resting() == []
        states = {order.state for order in await rig.world.store.recent_orders(9)}
        assert states == {OrderState.CANCELLED}

    told(tmp_path, story)
