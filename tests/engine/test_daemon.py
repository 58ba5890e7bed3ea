"""The daemon as a whole, in virtual time: schedules, hooks, state, starts and stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot import Context, Fill, Order, Strategy
from bot.domain.order import OrderState
from bot.engine.instance import Instance
from bot.engine.pace import OnStop, Pace
from bot.engine.schedule import Schedule
from bot.errors import ConfigError, DaemonError, StoreError
from bot.ports import Request, Response
from bot.strategy.view import MarketView
from tests.engine.running import minutes, run_daemon
from tests.world import START, World

MINUTE = timedelta(minutes=1)


class Probe(Strategy):
    """Writes down every call, and does what a test tells it to."""

    calls: ClassVar[list[tuple[str, float]]] = []
    act: ClassVar[Callable[[str, Context], Any]] = lambda *_: None
    name: str = "probe"

    async def _note(self, hook: str, ctx: Context) -> None:
        Probe.calls.append((f"{self.name} {hook}", (ctx.now - START).total_seconds()))
        answer = Probe.act(hook, ctx)
        if asyncio.iscoroutine(answer):
            await answer

    async def on_start(self, ctx: Context) -> None:
        await self._note("start", ctx)

    async def on_tick(self, ctx: Context) -> None:
        await self._note("tick", ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        await self._note(f"fill {fill.quantity}", ctx)

    async def on_order(self, ctx: Context, order: Order) -> None:
        await self._note(f"order {order.state}", ctx)

    async def on_stop(self, ctx: Context) -> None:
        await self._note("stop", ctx)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    Probe.calls = []
    Probe.act = lambda *_: None


def probe(name: str = "probe", every: timedelta = MINUTE, symbol: str = "text-prime") -> Instance:
    return Instance(name, Probe(name=name), (symbol,), Schedule.every(every, START))


def test_hooks_come_at_their_times_from_start_to_stop(tmp_path: Path) -> None:
    run_daemon(tmp_path, [probe()], minutes(2.5))
    assert Probe.calls == [("probe start", 0), ("probe tick", 60), ("probe tick", 120), ("probe stop", 150)]


def test_several_strategies_run_beside_each_other_on_their_own_schedules(tmp_path: Path) -> None:
    run_daemon(tmp_path, [probe("a"), probe("b", every=timedelta(seconds=90))], minutes(3.2))
    ticks = [call for call in Probe.calls if call[0].endswith("tick")]
    assert sorted(ticks, key=lambda tick: (tick[1], tick[0])) == [
        ("a tick", 60),
        ("b tick", 90),
        ("a tick", 120),
        ("a tick", 180),
        ("b tick", 180),
    ]


def test_one_strategys_hooks_never_overlap_and_missed_ticks_are_skipped(tmp_path: Path) -> None:
    inside: list[int] = []

    async def slow(hook: str, _: Context) -> None:
        assert not inside
        inside.append(1)
        await asyncio.sleep(150 if hook == "tick" else 0)
        inside.clear()

    Probe.act = slow
    patient = replace(probe(), hook_seconds=200)
    run_daemon(tmp_path, [patient], minutes(8), Pace(stop=timedelta(minutes=5)))
    assert [at for hook, at in Probe.calls if hook == "probe tick"] == [60, 210, 360]


def test_a_slow_strategy_does_not_hold_up_another(tmp_path: Path) -> None:
    async def slow(hook: str, ctx: Context) -> None:
        if hook == "tick" and Probe.calls[-1][0].startswith("slow"):
            await asyncio.sleep(600)

    Probe.act = slow
    run_daemon(tmp_path, [probe("slow"), probe("quick")], minutes(3.5))
    assert [at for hook, at in Probe.calls if hook == "quick tick"] == [60, 120, 180]


def buy_once(hook: str, ctx: Context) -> None:
    if hook == "start" and not ctx.orders:
        ctx.buy(10, Decimal("2.00"))


def test_fills_reach_the_strategy_once_each_and_soon(tmp_path: Path) -> None:
    Probe.act = buy_once

    async def story(world: World) -> None:
        await world.clock.sleep(30)
        world.offer(4, "2.00")
        world.offer(6, "1.99")
        await world.clock.sleep(60)

    run_daemon(tmp_path, [probe()], story)
    fills = [(hook, at) for hook, at in Probe.calls if "fill" in hook]
    assert [hook for hook, _ in fills] == ["probe fill 4", "probe fill 6"]
    assert all(30 < at < 40 for _, at in fills)


def test_another_strategys_fills_are_none_of_its_business(tmp_path: Path) -> None:
    Probe.act = lambda hook, ctx: buy_once(hook, ctx) if Probe.calls[-1][0] == "a start" else None

    async def story(world: World) -> None:
        await world.clock.sleep(1)
        world.offer(10, "2.00")
        await world.clock.sleep(30)

    run_daemon(tmp_path, [probe("a"), probe("b")], story)
    assert [hook for hook, _ in Probe.calls if "fill" in hook] == ["a fill 10"]


def test_a_cancelled_order_is_told(tmp_path: Path) -> None:
    def act(hook: str, ctx: Context) -> None:
        buy_once(hook, ctx)
        if hook == "tick":
            ctx.quote()

    Probe.act = act
    run_daemon(tmp_path, [probe()], minutes(1.5))
    assert "probe order cancelled" in [hook for hook, _ in Probe.calls]


def test_a_refused_order_does_not_set_off_a_storm(tmp_path: Path) -> None:
    Probe.act = lambda hook, ctx: ctx.buy(100_000, Decimal("2.00"))
    world = run_daemon(tmp_path, [probe()], minutes(3.5))
    assert world.transport.count("POST", "orders") == 5


def test_resting_orders_are_cancelled_on_stop(tmp_path: Path) -> None:
    Probe.act = buy_once
    world = run_daemon(tmp_path, [probe()], minutes(1.5))
    assert [order.state for order in world.orders] == [OrderState.CANCELLED]  # type: ignore[attr-defined]


def test_or_kept_and_taken_up_by_the_next_start_without_a_duplicate(tmp_path: Path) -> None:
    Probe.act = buy_once
    world = run_daemon(tmp_path, [probe()], minutes(1.5), Pace(on_stop=OnStop.KEEP), runs=3)
    assert [order.state for order in world.orders] == [OrderState.OPEN]  # type: ignore[attr-defined]
    assert world.transport.count("POST", "orders") == 1


def test_state_survives_a_restart(tmp_path: Path) -> None:
    def count(hook: str, ctx: Context) -> None:
        ctx.state["calls"] = ctx.state.get("calls", 0) + 1

    Probe.act = count
    world = run_daemon(tmp_path, [probe()], minutes(1.4), runs=2)
    assert world.state == {"calls": 6}  # type: ignore[attr-defined]


def test_a_hook_that_fails_changes_nothing_and_hurts_nobody(tmp_path: Path) -> None:
    def act(hook: str, ctx: Context) -> None:
        if Probe.calls[-1][0] == "probe tick":
            ctx.state["lost"] = True
            ctx.buy(1, Decimal("2.00"))
            raise ZeroDivisionError

    Probe.act = act
    world = run_daemon(tmp_path, [probe(), probe("b")], minutes(2.5))
    assert [hook for hook, _ in Probe.calls].count("probe tick") == 2
    assert [hook for hook, _ in Probe.calls].count("b tick") == 2
    assert world.orders == []  # type: ignore[attr-defined]
    assert world.state == {}  # type: ignore[attr-defined]


def test_state_that_cannot_be_stored_is_an_error_of_the_hook(tmp_path: Path) -> None:
    def act(hook: str, ctx: Context) -> None:
        ctx.state["at"] = ctx.now

    Probe.act = act
    world = run_daemon(tmp_path, [probe()], minutes(1.5))
    assert world.state == {}  # type: ignore[attr-defined]


def test_an_exchange_that_cannot_be_read_skips_hooks_and_nothing_else(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.clock.sleep(30)
        for _ in range(3):
            world.transport.fail("GET", "ticker", Response(503), applied=False)
        await world.clock.sleep(60 * 4)

    run_daemon(tmp_path, [probe()], story)
    assert [at for hook, at in Probe.calls if hook == "probe tick"] == [240]


def test_balances_are_stored(tmp_path: Path) -> None:
    world = run_daemon(tmp_path, [probe()], minutes(1))
    held = {(row.account, row.asset): row.total for row in world.balances}  # type: ignore[attr-defined]
    assert held["cash", "USD"] == 10_000


def test_an_unknown_market_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as failed:
        run_daemon(tmp_path, [probe(symbol="text-prim")], minutes(1))
    error = failed.value.exceptions[0]
    assert isinstance(error, ConfigError)
    assert "'text-prim', which is no market of this exchange; it has text-prime" in str(error)


def test_a_database_that_refuses_stops_the_daemon(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async def refuse(*_: object) -> None:
            raise StoreError("disk full")

        world.store.save_state = refuse  # type: ignore[assignment]
        await world.clock.sleep(600)

    Probe.act = lambda hook, ctx: ctx.state.update(calls=len(Probe.calls))
    with pytest.raises(ExceptionGroup) as failed:
        run_daemon(tmp_path, [probe()], story)
    assert "disk full" in str(failed.value.exceptions[0])


def test_a_hook_that_never_ends_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    async def hang(hook: str, _: Context) -> None:
        if hook == "tick":
            await asyncio.Event().wait()

    Probe.act = hang
    ended: list[float] = []

    async def story(world: World) -> None:
        await world.clock.sleep(90)
        ended.append((world.clock.now() - START).total_seconds())

    world = run_daemon(tmp_path, [probe()], story, Pace(stop=timedelta(seconds=4)))
    assert (world.clock.now() - START).total_seconds() <= ended[0] + 4.1


def test_a_view_of_another_market_is_a_market_view(tmp_path: Path) -> None:
    seen: list[object] = []
    Probe.act = lambda hook, ctx: seen.append(ctx["text-prime"])
    run_daemon(tmp_path, [probe()], minutes(0.5))
    assert all(isinstance(view, MarketView) for view in seen)
    assert seen


def test_a_hung_hook_does_not_keep_the_orders_of_others_resting(tmp_path: Path) -> None:
    async def act(hook: str, ctx: Context) -> None:
        if Probe.calls[-1][0] == "hung tick":
            await asyncio.Event().wait()
        if Probe.calls[-1][0] == "probe start":
            ctx.buy(10, Decimal("2.00"))

    Probe.act = act
    world = run_daemon(tmp_path, [probe("hung"), probe()], minutes(1.5))
    assert [order.state for order in world.orders] == [OrderState.CANCELLED]  # type: ignore[attr-defined]


def test_a_cancel_that_is_refused_for_its_rate_is_tried_again_before_the_stop(tmp_path: Path) -> None:
    Probe.act = buy_once

    async def story(world: World) -> None:
        await world.clock.sleep(30)
        busy = Response(429, {"retry-after": "1"}, b'{"errors": {"detail": "slow down"}}')
        world.transport.fail("DELETE", "orders", busy, applied=False)

    world = run_daemon(tmp_path, [probe()], story)
    assert [order.state for order in world.orders] == [OrderState.CANCELLED]  # type: ignore[attr-defined]


def test_a_stop_is_heard_while_the_bot_is_still_starting(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async def slow(_: object) -> None:
            await world.clock.sleep(9)

        world.transport.before = slow
        await world.clock.sleep(1)

    world = run_daemon(tmp_path, [probe()], story)
    assert (world.clock.now() - START).total_seconds() < 3
    assert Probe.calls == []


def test_fills_of_the_time_in_between_are_told_after_the_start(tmp_path: Path) -> None:
    Probe.act = buy_once

    async def story(world: World) -> None:
        if world.transport.count("POST", "orders"):
            world.offer(4, "2.00")  # the second daemon has not begun yet
        await world.clock.sleep(30)

    run_daemon(tmp_path, [probe()], story, Pace(on_stop=OnStop.KEEP), runs=2)
    hooks = [hook for hook, _ in Probe.calls]
    assert hooks == ["probe start", "probe stop", "probe start", "probe fill 4", "probe stop"]


def test_a_fill_is_told_even_if_the_exchange_cannot_be_read_for_a_while(tmp_path: Path) -> None:
    Probe.act = buy_once

    async def story(world: World) -> None:
        await world.clock.sleep(30)
        for _ in range(3):
            world.transport.fail("GET", "ticker", Response(503), applied=False)
        world.offer(4, "2.00")
        await world.clock.sleep(25)

    run_daemon(tmp_path, [probe()], story)
    assert [hook for hook, _ in Probe.calls].count("probe fill 4") == 1


def test_a_hook_that_cancels_itself_has_failed_and_the_next_is_called(tmp_path: Path) -> None:
    async def act(hook: str, _: Context) -> None:
        if hook == "tick":
            raise asyncio.CancelledError

    Probe.act = act
    run_daemon(tmp_path, [probe()], minutes(3.5))
    assert [hook for hook, _ in Probe.calls].count("probe tick") == 3


@pytest.mark.parametrize("state", [{"pair": (1, 2)}, {1: "one"}, {"money": Decimal(1)}, {"odd": float("nan")}])
def test_state_that_would_not_come_back_fails_its_hook_and_nothing_else(tmp_path: Path, state: dict[Any, Any]) -> None:
    Probe.act = lambda hook, ctx: ctx.state.update(state) if hook == "tick" else None
    world = run_daemon(tmp_path, [probe()], minutes(2.5))
    assert [hook for hook, _ in Probe.calls].count("probe tick") == 2
    assert world.state == {}  # type: ignore[attr-defined]


def test_news_that_cannot_be_true_stops_the_bot_rather_than_have_it_guess(tmp_path: Path) -> None:
    Probe.act = buy_once

    async def story(world: World) -> None:
        await world.clock.sleep(30)
        (order,) = await world.store.live_orders()
        trade = {
            "trade_id": "t-1",
            "order_id": order.order_id,
            "market_id": order.market_id,
            "side": "buy",
            "price": "2.00",
            "quantity": 11,
            "execution_timestamp": world.clock.now().isoformat(),
        }
        answer = Response(200, {}, json.dumps({"data": [trade], "paging": {}}).encode())
        world.transport.fail("GET", "trading/trades", answer, applied=False)
        await world.clock.sleep(60)

    with pytest.raises(ExceptionGroup) as failed:
        run_daemon(tmp_path, [probe()], story)
    error = failed.value.exceptions[0]
    assert isinstance(error, DaemonError)
    assert "stopped rather than guess" in str(error)


def test_what_could_not_be_done_in_time_is_taken_up_by_the_next_start(tmp_path: Path) -> None:
    Probe.act = buy_once
    started: list[float] = []

    async def story(world: World) -> None:
        started.append((world.clock.now() - START).total_seconds())
        await world.clock.sleep(30)
        if len(started) == 1:
            world.transport.before = hang
        else:
            world.transport.before = None
            await world.clock.sleep(30)

    async def hang(_: object) -> None:
        if len(started) == 1:
            await asyncio.Event().wait()

    world = run_daemon(tmp_path, [probe()], story, runs=2)
    assert started[1] <= 30 + 4.1
    assert [order.state for order in world.orders] == [OrderState.CANCELLED]  # type: ignore[attr-defined]
    assert world.transport.count("POST", "orders") == 1


def test_reading_goes_on_after_the_time_that_the_exchange_names(tmp_path: Path) -> None:
    Probe.act = buy_once
    asked: list[float] = []

    async def story(world: World) -> None:
        async def note(request: Request) -> None:
            if request.path.endswith("/orders"):
                asked.append((world.clock.now() - START).total_seconds())

        await world.clock.sleep(60)
        world.transport.before = note
        busy = Response(429, {"retry-after": "40"}, b'{"errors": {"detail": "slow down"}}')
        world.transport.fail("GET", "trading/orders", busy, applied=False)
        await world.clock.sleep(55)

    run_daemon(tmp_path, [probe(every=timedelta(hours=1))], story)
    assert asked[1] - asked[0] >= 40


def test_in_quiet_times_cash_and_trading_units_are_read_less_often_than_stock(tmp_path: Path) -> None:
    world = run_daemon(tmp_path, [probe(every=timedelta(seconds=5))], minutes(10))
    ticks = 120
    assert len([hook for hook, _ in Probe.calls if hook == "probe tick"]) >= ticks - 1
    assert world.transport.count("GET", "/consumption-accounts") >= ticks - 1
    for less_often in ("/currency-trading-accounts", "/trading-accounts", "/transfer-histories"):
        reads = world.transport.count("GET", f"/v1/trading{less_often}")
        assert ticks / 4 < reads < ticks / 1.5, less_often


def test_after_a_fill_everything_is_read_for_a_while_for_balances_may_follow_late(tmp_path: Path) -> None:
    Probe.act = buy_once
    reads: list[int] = []

    async def story(world: World) -> None:
        for seconds in (80, 25, 30):
            await world.clock.sleep(seconds)
            reads.append(world.transport.count("GET", "/v1/trading/trading-accounts"))
            if len(reads) == 2:
                world.offer(10, "2.00")

    run_daemon(tmp_path, [probe(every=timedelta(seconds=5))], story)
    quiet, busy = reads[1] - reads[0], reads[2] - reads[1]
    assert quiet <= 3
    assert busy >= 5
