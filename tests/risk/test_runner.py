"""What a strategy wants goes through the gate before it goes to the desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest

from bot import Context, Strategy
from bot.domain.latch import Latch, TradingState
from bot.domain.order import OrderState
from bot.engine.feed import Feed
from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.lag import LagMeter
from bot.engine.runner import Runner
from bot.engine.schedule import Schedule
from bot.risk.gate import Gate
from bot.risk.limits import Limits
from bot.storage import open_store
from tests.world import START, HandClock, World, a_world

NEVER = Schedule.every(timedelta(days=1), START)
TWO = Decimal("2.00")


class Does(Strategy):
    """Does at its start what a test tells it to."""

    acts: ClassVar[dict[str, Callable[[Context], object]]] = {}
    name: str

    async def on_start(self, ctx: Context) -> None:
        answer = Does.acts[self.name](ctx)
        if asyncio.iscoroutine(answer):
            await answer


@dataclass
class Floor:
    """A world, and a gate through which strategies trade in it, one hook at a time."""

    world: World
    gate: Gate
    feed: Feed

    async def hook(self, act: Callable[[Context], object], name: str = "stock") -> None:
        """Have a strategy do that, once."""
        Does.acts[name] = act
        world = self.world
        instance = Instance(name, Does(name=name), ("text-prime",), NEVER)
        runner = Runner(
            instance,
            feed=self.feed,
            desk=world.desk,
            gate=self.gate,
            store=world.store,
            clock=world.clock,
            guard=Guard(),
            lag=LagMeter(),
            failures=10,
        )
        runner.finish()
        await runner.run()

    @property
    def live(self) -> list[int]:
        return [order.quantity for order in self.world.blotter.orders if order.state is OrderState.OPEN]


async def a_floor(world: World, limits: Limits) -> Floor:
    gate = Gate(limits, {}, world.clock)
    world.blotter.listen(gate.hear)
    markets = {market.symbol: market for market in await world.exchange.markets()}
    return Floor(world, gate, Feed(world.exchange, world.blotter, world.clock, markets))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = await open_store(f"sqlite:///{tmp_path}/test.db", create=True)
    try:
        async with a_world(store, HandClock()) as made:
            yield made
    finally:
        await store.close()


def buys(*units: int) -> Callable[[Context], object]:
    def act(ctx: Context) -> None:
        for quantity in units:
            ctx.buy(quantity, TWO)

    return act


async def test_what_is_beyond_a_limit_never_reaches_the_journal_or_the_exchange(world: World) -> None:
    floor = await a_floor(world, Limits(max_order_units=5))
    await floor.hook(buys(6, 5))
    assert floor.live == [5]
    assert world.transport.count("POST", "orders") == 1
    assert len(await world.store.recent_orders(10)) == 1


async def test_a_halt_in_the_database_holds_from_the_next_plan_on_but_for_cancels(world: World) -> None:
    floor = await a_floor(world, Limits())
    await floor.hook(buys(5))
    await world.store.set_latch(Latch(TradingState.HALTED, "stop", "ann", START))

    def act(ctx: Context) -> None:
        ctx.cancel(ctx.orders[0])
        ctx.buy(6, TWO)
        ctx.stock(1)

    await floor.hook(act)
    assert floor.gate.state is TradingState.HALTED
    assert [order.state for order in world.blotter.orders] == [OrderState.CANCELLING]
    assert world.transport.count("POST", "") == 1


async def test_what_was_bought_while_a_hook_was_thinking_counts_for_its_position(world: World) -> None:
    floor = await a_floor(world, Limits(max_position_units=10))

    async def think(ctx: Context) -> None:
        await floor.hook(buys(6), name="quick")
        world.offer(6, "2.00")
        await world.reconciler.look()
        assert world.blotter.orders == ()
        ctx.buy(5, TWO)

    await floor.hook(think)
    assert floor.live == []
    await floor.hook(buys(4))
    assert floor.live == [4]


async def test_two_strategies_at_once_do_not_use_the_same_room(world: World) -> None:
    floor = await a_floor(world, Limits(max_position_units=10))
    sent = asyncio.Event()

    async def while_it_is_sent(request: object) -> None:
        if getattr(request, "method", "") == "POST" and not sent.is_set():
            sent.set()
            await floor.hook(buys(6), name="other")

    world.transport.before = while_it_is_sent
    await floor.hook(buys(6))
    assert sent.is_set()
    assert floor.live == [6]


async def test_a_plan_on_old_holdings_is_refused(world: World) -> None:
    floor = await a_floor(world, Limits(stale_seconds=60))

    async def think(ctx: Context) -> None:
        await world.clock.sleep(61)
        ctx.buy(5, TWO)

    await floor.hook(think)
    assert floor.live == []
    await floor.hook(buys(5))
    assert floor.live == [5]


async def test_the_stream_s_prices_are_as_old_as_they_were_told(world: World) -> None:
    floor = await a_floor(world, Limits(stale_seconds=5))
    floor.feed.take(await world.exchange.ticker(world.market.market_id))
    await world.clock.sleep(6)
    await floor.hook(buys(5))
    assert floor.live == []
    await world.clock.sleep(15)
    await floor.hook(buys(5))
    assert floor.live == [5]
