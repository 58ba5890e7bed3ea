"""What hooks see and are called for, and what becomes of a strategy that goes wrong; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot import Context, Fill, Problem, ProblemKind, Strategy
from bot.domain.candle import Resolution
from bot.domain.money import micros_of
from bot.domain.order import Side
from bot.engine.instance import Instance
from bot.engine.pace import Pace
from bot.engine.runner import Runner
from bot.engine.schedule import Schedule
from bot.ports import Clock
from bot.risk.gate import Gate
from bot.risk.limits import SAFE
from tests.engine.running import minutes, run_daemon
from tests.world import START, World

SECONDS_10 = timedelta(seconds=10)


class Told(Strategy):
    """Does what a test tells it to at each hook, and writes down what it was called for."""

    calls: ClassVar[list[tuple[str, Any]]] = []
    act: ClassVar[Callable[[str, Context], Any]] = lambda *_: None
    version: int = 1

    async def _do(self, hook: str, ctx: Context, told: Any = None) -> None:
        Told.calls.append((hook, told))
        answer = Told.act(hook, ctx)
        if asyncio.iscoroutine(answer):
            await answer

    async def on_start(self, ctx: Context) -> None:
        await self._do("start", ctx, self.version)

    async def on_tick(self, ctx: Context) -> None:
        await self._do("tick", ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        await self._do("fill", ctx, fill.quantity)

    async def on_error(self, ctx: Context, problem: Problem) -> None:
        await self._do("error", ctx, problem)

    async def on_stop(self, ctx: Context) -> None:
        await self._do("stop", ctx, self.version)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    Told.calls = []
    Told.act = lambda *_: None


def told(name: str = "told", strategy: Strategy | None = None) -> Instance:
    return Instance(name, strategy or Told(), ("text-prime",), Schedule.every(SECONDS_10, START))


def problems() -> list[Problem]:
    return [what for hook, what in Told.calls if hook == "error"]


def count(hook: str) -> int:
    return sum(called == hook for called, _ in Told.calls)


def test_a_refusal_of_the_exchange_is_told_with_the_order(tmp_path: Path) -> None:
    Told.act = lambda hook, ctx: ctx.buy(9000, Decimal("2.00")) if hook == "start" else None
    run_daemon(tmp_path, [told()], minutes(0.5))
    (problem,) = problems()
    assert problem.kind is ProblemKind.REFUSED
    assert problem.order is not None
    assert problem.order.quantity == 9000


def test_what_the_gate_holds_back_is_told_with_the_intent_and_an_answer_to_it_not_again(tmp_path: Path) -> None:
    Told.act = lambda hook, ctx: ctx.buy(5, Decimal("2.00")) if hook in ("start", "error") else None

    def strict(clock: Clock) -> Gate:
        return Gate(replace(SAFE, max_order_units=1), {}, clock)

    run_daemon(tmp_path, [told()], minutes(0.5), gate=strict)
    (problem,) = problems()
    assert problem.kind is ProblemKind.HELD_BACK
    assert "max_order_units" in problem.why
    assert problem.intent is not None


def test_a_hook_that_fails_is_told_to_the_strategy_itself(tmp_path: Path) -> None:
    def fail(hook: str, _: Context) -> None:
        if hook in ("start", "error"):
            raise RuntimeError(f"{hook} went wrong")

    Told.act = fail
    run_daemon(tmp_path, [told()], minutes(0.5))
    (problem,) = problems()
    assert (problem.kind, problem.hook) == (ProblemKind.HOOK_FAILED, "on_start")
    assert "start went wrong" in problem.why


def test_after_many_failures_in_a_row_it_is_paused_and_its_orders_are_cancelled(tmp_path: Path) -> None:
    def fail(hook: str, ctx: Context) -> None:
        if hook == "start":
            ctx.buy(3, Decimal("1.00"))
        if hook == "tick":
            raise RuntimeError("no luck")

    Told.act = fail
    incidents = []

    async def story(world: World) -> None:
        await world.clock.sleep(120)
        incidents.extend(await world.store.recent_incidents(5))
        assert await world.exchange.orders(open_only=True) == []

    quick = told("quick", Quiet())
    run_daemon(tmp_path, [told(), quick], story, Pace(hook_failures=3))
    assert count("tick") == 3
    assert count("error") == 2
    assert count("stop") == 0
    assert Quiet.ticks >= 11
    assert [one.kind for one in incidents] == ["strategy_paused"]
    assert (
        "strategy 'told': on_tick failed 3 times in a row, the last time with RuntimeError: no luck"
        in incidents[0].detail
    )


class Quiet(Strategy):
    ticks: ClassVar[int] = 0

    async def on_tick(self, ctx: Context) -> None:
        Quiet.ticks += 1


def test_one_success_forgives_the_failures_before_it(tmp_path: Path) -> None:
    def fail(hook: str, _: Context) -> None:
        if hook == "tick" and count("tick") % 3:
            raise RuntimeError("no luck")

    Told.act = fail
    run_daemon(tmp_path, [told()], minutes(2), Pace(hook_failures=3))
    assert count("tick") >= 11


def test_a_hook_that_waits_for_ever_is_broken_off_and_the_next_one_is_called(tmp_path: Path) -> None:
    async def wait(hook: str, _: Context) -> None:
        if hook == "tick" and count("tick") == 1:
            await asyncio.Event().wait()

    Told.act = wait
    run_daemon(tmp_path, [replace(told(), hook_seconds=15)], minutes(2))
    assert count("tick") >= 10
    (problem,) = problems()
    assert "told" in problem.why
    assert "15 s" in problem.why


def test_a_state_that_cannot_be_stored_drops_what_the_hook_wanted(tmp_path: Path) -> None:
    def spoil(hook: str, ctx: Context) -> None:
        if hook == "tick":
            ctx.state["bad"] = {1, 2}
            ctx.buy(3, Decimal("1.00"))

    Told.act = spoil
    world = run_daemon(tmp_path, [told()], minutes(0.3))
    assert not world.orders  # type: ignore[attr-defined]
    assert "cannot be stored as JSON" in problems()[0].why


class Unsayable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BaseException("boom"), "it raised BaseException: boom, which is no Exception"),
        (SystemExit("enough"), "it raised SystemExit: enough, which is no Exception"),
        (GeneratorExit(), "it raised GeneratorExit, which is no Exception"),
        (BaseExceptionGroup("g", [KeyboardInterrupt()]), "it raised BaseExceptionGroup: g (1 sub-exception), which is"),
        (asyncio.CancelledError(), "CancelledError"),
        (MemoryError("by hand"), "MemoryError: by hand"),
        (Unsayable(), "Unsayable: (it cannot be told, for its text raises ValueError)"),
        (RuntimeError("two\nlines \x1b[2J" + "x" * 10_000), "RuntimeError: two lines [2Jxxx"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_a_hook_raises_stays_there_and_is_told_in_one_short_line(
    tmp_path: Path, error: BaseException, said: str
) -> None:
    def fail(hook: str, _: Context) -> None:
        if hook == "tick" and count("tick") == 1:
            raise error

    Told.act = fail
    Quiet.ticks = 0
    run_daemon(tmp_path, [told(), told("quick", Quiet())], minutes(1))
    (problem,) = problems()
    assert problem.why.startswith(said)
    assert len(problem.why) < 1100
    assert problem.why.isprintable()
    assert count("tick") >= 5
    assert count("stop") == 1
    assert Quiet.ticks >= 5


@pytest.mark.parametrize("waits", [True, False])
def test_a_hook_that_cancels_the_task_it_is_called_in_has_failed_and_is_called_again(
    tmp_path: Path, waits: bool
) -> None:
    async def cancel(hook: str, _: Context) -> None:
        if hook == "tick" and count("tick") == 1:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            if waits:
                await asyncio.sleep(1)

    Told.act = cancel
    run_daemon(tmp_path, [told()], minutes(1))
    (problem,) = problems()
    assert problem.why == "strategy 'told': on_tick cancelled the task that it was called in; `return` ends a hook"
    assert count("tick") >= 5
    assert count("stop") == 1


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("x", float("nan"), "cannot be stored as JSON"),
        ("x", Decimal(1), "cannot be stored as JSON"),
        ("x", (1, 2), "would not come back from JSON as it is"),
        (1, 2, "would not come back from JSON as it is"),
        ("x", "x" * 1_000_000, "at most 1,000,000 are stored"),
    ],
    ids=["nan", "decimal", "tuple", "number as key", "huge"],
)
def test_a_state_that_cannot_be_stored_is_told_with_the_reason(
    tmp_path: Path, key: Any, value: object, why: str
) -> None:
    Told.act = lambda hook, ctx: ctx.state.update({key: value}) if hook == "tick" else None
    run_daemon(tmp_path, [told()], minutes(0.3))
    assert why in problems()[0].why


def test_it_is_replaced_with_its_orders_and_its_state(tmp_path: Path) -> None:
    seen: list[tuple[int, int, dict[str, Any]]] = []

    def act(hook: str, ctx: Context) -> None:
        if hook == "start":
            seen.append((len(ctx.orders), ctx.holding, dict(ctx.state)))
            if not ctx.orders:
                ctx.state["version"] = 1
                ctx.buy(3, Decimal("1.00"))

    Told.act = act

    async def reload(runners: Any) -> None:
        (runner,) = runners
        assert isinstance(runner, Runner)
        await asyncio.sleep(15)
        await runner.replace(Told(version=2))

    run_daemon(tmp_path, [told()], minutes(1), reload=reload)
    assert seen == [(0, 0, {}), (1, 0, {"version": 1})]
    assert [call for call in Told.calls if call[0] in ("start", "stop")] == [
        ("start", 1),
        ("stop", 1),
        ("start", 2),
        ("stop", 2),
    ]
    assert count("tick") == 5


def test_what_it_holds_by_its_own_doing_is_counted_over_restarts(tmp_path: Path) -> None:
    held: list[tuple[int, int, int]] = []

    def act(hook: str, ctx: Context) -> None:
        held.append((ctx.holding, ctx.position.total, len(ctx.fills)))
        if hook == "start" and not ctx.holding:
            ctx.buy(8)
        elif hook == "tick" and ctx.holding == 8:
            ctx.stock(3)

    Told.act = act

    offered = False

    async def each(world: World) -> None:
        nonlocal offered
        if not offered:
            offered = True
            world.offer(20, "2.00")
            await world.clock.sleep(15)
        await world.clock.sleep(45)

    other = told("other", Target())
    run_daemon(tmp_path, [told(), other], each, runs=2)
    assert held[-1] == (5, 9, 1)
    assert Target.held[-1] == 4


def test_a_start_right_after_a_fill_waits_until_no_list_can_lag_behind_it(tmp_path: Path) -> None:
    starts: list[float] = []
    fills: list[float] = []

    def act(hook: str, ctx: Context) -> None:
        if hook == "start":
            starts.append((ctx.now - START).total_seconds())
            if not ctx.holding:
                ctx.buy(5)
        elif hook == "fill":
            fills.append((ctx.fills[-1].executed_at - START).total_seconds())

    Told.act = act

    async def story(world: World) -> None:
        if not starts:
            world.offer(20, "2.00")
        await world.clock.sleep(3 if not starts else 20)

    run_daemon(tmp_path, [told()], story, runs=2)
    (filled,) = fills
    first, second = starts
    assert first <= filled < 4
    assert filled + 10 <= second < filled + 11


class Target(Strategy):
    held: ClassVar[list[int]] = []

    async def on_tick(self, ctx: Context) -> None:
        Target.held.append(ctx.holding)
        ctx.target(4)


def test_a_target_is_bought_and_sold_again(tmp_path: Path) -> None:
    def act(hook: str, ctx: Context) -> None:
        if hook == "tick":
            ctx.target(6 if count("tick") < 3 else 2)

    Told.act = act

    async def story(world: World) -> None:
        world.offer(20, "2.00")
        world.bid(20, "1.90")
        await world.clock.sleep(60)
        assert world.account.units[world.market.instrument_id].total == 2
        bought = [order for order in await world.store.recent_orders(10) if order.side is Side.BUY]
        assert [order.quantity for order in bought] == [6]

    run_daemon(tmp_path, [told()], story)


class Candled(Strategy):
    closes: ClassVar[list[list[float]]] = []
    resolutions = ("5m",)

    async def on_candle(self, ctx: Context) -> None:
        Candled.closes.append(list(ctx.candles.close[-3:]))
        assert ctx.candles_of("5m").resolution == "5m"


def test_candles_come_as_they_close(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        buyer = world.venue.add_account("buyer", cash=Decimal(1000))
        market = world.venue.market_by_symbol("text-prime")
        for price in ("2.00", "2.10", "2.20"):
            world.offer(1, price)
            world.venue.place(buyer, market, Side.BUY, 1, micros_of(Decimal(price)))
            await world.clock.sleep(60)

    instance = Instance("candled", Candled(), ("text-prime",), candles=Resolution.M1)
    run_daemon(tmp_path, [instance], story)
    assert Candled.closes == [[2.0], [2.0, 2.1]]


class Booked(Strategy):
    seen: ClassVar[list[tuple[Decimal | None, int]]] = []
    depth = 2

    async def on_book(self, ctx: Context) -> None:
        assert ctx.book is not None
        Booked.seen.append((ctx.ticker.bid, len(ctx.book.bids)))


def test_changes_of_the_best_prices_are_told_also_without_a_stream(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.clock.sleep(15)
        for price in ("1.50", "1.60", "1.70"):
            world.bid(1, price)
            await world.clock.sleep(15)

    run_daemon(tmp_path, [Instance("booked", Booked(), ("text-prime",))], story)
    assert Booked.seen == [(Decimal("1.50"), 1), (Decimal("1.60"), 2), (Decimal("1.70"), 2)]


class Deep(Strategy):
    depth = 5

    async def on_tick(self, ctx: Context) -> None:
        assert ctx.book is not None


def test_hooks_that_come_every_second_share_what_was_read_and_leave_room_for_orders(tmp_path: Path) -> None:
    every_second = Schedule.every(timedelta(seconds=1), START)
    pair = [Instance(name, Deep(), ("text-prime",), every_second) for name in ("one", "two")]
    world = run_daemon(tmp_path, pair, minutes(3))
    assert 30 < world.transport.count("GET", "orderbook") <= 91
    assert 30 < world.transport.count("GET", "ticker") <= 91
    assert len(world.transport.sent) <= 3 * 100
