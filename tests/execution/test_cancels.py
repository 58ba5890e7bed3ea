"""Cancels that get no clear answer, and cancels of everything."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.clock import SeededIds
from bot.domain.intents import Place
from bot.domain.order import NewOrder, OrderState, Side
from bot.domain.transitions import Accepted
from bot.errors import NotSentError
from bot.execution.desk import Desk
from bot.execution.planner import Plan
from bot.ports import Request
from tests.execution.steps import buy, look, moves, own_units, stock, stored, wait
from tests.world import World

S = OrderState


async def unclear_cancel(world: World, *, applied: bool, units: int = 10) -> str:
    """An order whose cancel got no answer."""
    await world.desk.place(buy(world, units), "s")
    order = world.blotter.orders[-1]
    world.transport.fail("DELETE", "orders", TimeoutError(), applied=applied)
    await world.desk.cancel(order.client_order_id)
    return order.client_order_id


async def state_of(world: World, client_order_id: str) -> OrderState:
    order = await world.store.order(client_order_id)
    assert order is not None
    return order.state


async def test_an_unclear_cancel_closes_its_market(world: World) -> None:
    await unclear_cancel(world, applied=True)
    (order,) = await stored(world)
    assert order.has_unclear_cancel
    await world.desk.place(buy(world), "s")
    assert len(await stored(world)) == 1
    await look(world)
    await world.desk.place(buy(world), "s")
    assert [one.state for one in await stored(world)] == [S.OPEN, S.CANCELLED]


async def test_a_cancel_that_was_applied_without_an_answer_is_seen_at_once(world: World) -> None:
    order = await unclear_cancel(world, applied=True)
    await look(world)
    assert await state_of(world, order) is S.CANCELLED
    assert world.transport.count("DELETE", "orders") == 1


async def test_a_cancel_that_was_not_applied_is_given_up_after_two_looks(world: World) -> None:
    order = await unclear_cancel(world, applied=False)
    await look(world, 2)
    assert await state_of(world, order) is S.UNKNOWN
    await look(world)
    assert await state_of(world, order) is S.OPEN
    await world.desk.cancel(order)
    await look(world)
    assert await state_of(world, order) is S.CANCELLED


async def test_a_fill_does_not_settle_an_unclear_cancel(world: World) -> None:
    order = await unclear_cancel(world, applied=False)
    world.offer(4, "2.00")
    await look(world)
    (one,) = world.blotter.orders
    assert (one.has_unclear_cancel, one.filled) == (True, 4)
    world.offer(6, "2.00")
    await look(world)
    assert await state_of(world, order) is S.FILLED


async def test_a_placement_that_is_answered_late_does_not_settle_a_cancel(world: World) -> None:
    order = world.desk._new_order(buy(world), "s")
    await world.blotter.add_order(order)
    placed = await world.exchange.place(
        NewOrder(order.client_order_id, order.market_id, order.side, order.quantity, order.price)
    )
    await world.reconciler.look()
    world.transport.fail("DELETE", "orders", TimeoutError(), applied=False)
    await world.desk.cancel(order.client_order_id)
    await world.blotter.change_order(order, Accepted(placed.order_id))
    assert await state_of(world, order.client_order_id) is S.UNKNOWN


async def test_a_crash_during_a_cancel_makes_it_unclear(world: World) -> None:
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    world.transport.fail("DELETE", "orders", ConnectionError(), applied=False)
    world.transport.before = no_answer
    with pytest.raises(asyncio.CancelledError):
        await world.desk.cancel(order.client_order_id)
    world.transport.before = None
    assert await state_of(world, order.client_order_id) is S.CANCELLING
    world.restart()
    await world.reconciler.start()
    assert await state_of(world, order.client_order_id) is S.UNKNOWN
    await look(world, 2)
    assert await state_of(world, order.client_order_id) is S.OPEN


async def no_answer(request: Request) -> None:
    if request.method == "DELETE":
        raise asyncio.CancelledError


async def test_a_cancel_that_hangs_keeps_no_other_one_waiting(world: World) -> None:
    await world.desk.place(buy(world), "s")
    await world.desk.place(buy(world, 5, "1.00"), "s")
    first, second = world.blotter.orders
    released = asyncio.Event()
    deletes: list[str] = []

    async def hang(request: Request) -> None:
        if request.method == "DELETE":
            deletes.append(request.path.rpartition("/")[2])
            if request.path.endswith(str(first.order_id)):
                await released.wait()

    world.transport.before = hang
    plan = Plan(cancels=(first.client_order_id, second.client_order_id))
    carrying_out = asyncio.create_task(world.desk.carry_out(plan, "s"))
    while await state_of(world, second.client_order_id) is not S.CANCELLED:
        await asyncio.sleep(0)
        await world.reconciler.look()
    assert not carrying_out.done()
    released.set()
    await carrying_out
    assert deletes == [first.order_id, second.order_id]


async def cancel_all_while_looking(world: World, **which: object) -> None:
    cancelling = asyncio.create_task(world.desk.cancel_all(**which))  # type: ignore[arg-type]
    while not cancelling.done():
        wait(world, 11)
        await world.reconciler.look()
        await asyncio.sleep(0)
    await cancelling


async def test_everything_is_cancelled_also_what_is_unclear_at_first(world: World) -> None:
    world.transport.fail("POST", "orders", TimeoutError(), applied=True)
    await world.desk.place(buy(world), "s")
    await look(world)
    await world.desk.place(buy(world, 1), "t")
    await unclear_cancel(world, applied=False, units=2)
    await cancel_all_while_looking(world)
    assert {order.state for order in await stored(world)} == {S.CANCELLED}
    assert await world.exchange.orders(open_only=True) == []


async def test_only_the_orders_of_some_strategies_and_sides_are_cancelled(world: World) -> None:
    await own_units(world, 5)
    sell = Place(world.market.market_id, Side.SELL, 5, Decimal("9.00"))
    for strategy in ("s", "t"):
        await world.desk.place(buy(world, 1), strategy)
        await world.desk.place(replace(sell, quantity=2), strategy)
    await cancel_all_while_looking(world, strategies={"s"}, sides={Side.BUY})
    assert sorted((order.strategy, order.side) for order in world.blotter.orders) == [
        ("s", "sell"),
        ("t", "buy"),
        ("t", "sell"),
    ]
    await cancel_all_while_looking(world, strategies={"t"})
    assert [(order.strategy, order.side) for order in world.blotter.orders] == [("s", "sell")]


async def test_nothing_goes_out_while_another_process_holds_the_lease(world: World) -> None:
    await own_units(world, 5)
    await world.desk.place(buy(world), "s")
    (resting,) = world.blotter.orders
    sent = [world.transport.count(method, "") for method in ("POST", "DELETE")]
    desk = Desk(world.exchange, world.blotter, world.clock, SeededIds(7), may_send=lambda: False)
    await desk.carry_out(Plan((resting.client_order_id,), (stock(world),), (buy(world, 3),)), "s")
    assert [world.transport.count(method, "") for method in ("POST", "DELETE")] == sent
    assert [order.state for order in await stored(world)] == [S.NOT_SENT, S.OPEN, S.FILLED]
    (transfer,) = await moves(world)
    assert (transfer.state, "lease" in transfer.reason) == ("not_sent", True)


async def test_a_cancel_that_never_left_leaves_the_order_open(world: World) -> None:
    await world.desk.place(buy(world), "s")
    world.transport.fail("DELETE", "orders", NotSentError("refused"), applied=False)
    await world.desk.cancel(world.blotter.orders[0].client_order_id)
    assert [order.state for order in world.blotter.orders] == [S.OPEN]


async def test_what_is_stopped_while_it_waits_for_its_turn_does_not_go_and_cancels_do(world: World) -> None:
    await own_units(world, 5)
    await world.desk.place(buy(world), "s")
    (resting,) = world.blotter.orders
    sent = world.transport.count("POST", "")
    desk = Desk(world.exchange, world.blotter, world.clock, SeededIds(7), stopped=lambda _: "trading is halted")
    await desk.carry_out(Plan((resting.client_order_id,), (stock(world),), (buy(world, 3),)), "s")
    assert (world.transport.count("POST", ""), world.transport.count("DELETE", "orders")) == (sent, 1)
    assert (await moves(world), len(await stored(world))) == ([], 2)
