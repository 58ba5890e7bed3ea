"""Audits and starts: everything is compared, what is missing is taken up, what is not ours left alone."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from bot.domain.order import NewOrder, OrderState, OrderType, Side
from bot.domain.transitions import Closed, Filled
from bot.errors import DaemonError, ExchangeError
from bot.execution.reconciler import Reconciler
from bot.ports import Response
from bot.sim.faults.kinds import LateOrders
from tests.execution.steps import buy, incidents, look, own_units, plague, stock, stored, wait
from tests.world import SETTLE, World

S = OrderState


async def by_hand(world: World, units: int = 3, price: str = "0.50") -> str:
    """Somebody places an order on the same account."""
    order = NewOrder("by-hand", world.market.market_id, Side.BUY, units, Decimal(price))
    return (await world.exchange.place(order)).order_id


def adopting(world: World) -> None:
    """Start anew, with orders of others being taken up."""
    world.restart()
    world.reconciler = Reconciler(
        world.exchange, world.store, world.blotter, world.clock, settle_after=SETTLE, adopt="keeper"
    )


async def test_an_audit_of_a_quiet_account_repairs_nothing_and_asks_all_the_same(world: World) -> None:
    await own_units(world, 5)
    await world.desk.transfer(stock(world), "s")
    await look(world)
    wait(world, 7200)
    asked = len(world.transport.sent)
    assert not await world.reconciler.audit()
    assert len(world.transport.sent) > asked
    assert await incidents(world) == []


async def test_an_audit_says_what_it_repaired(world: World) -> None:
    await world.desk.place(buy(world), "s")
    world.offer(4, "2.00")
    repaired = await world.reconciler.audit()
    assert [(order.filled, type(event)) for order, event in repaired.orders] == [(4, Filled)]
    assert not await world.reconciler.audit()


async def test_orders_are_read_before_trades(world: World) -> None:
    await world.desk.place(buy(world), "s")
    del world.transport.sent[:]
    await world.reconciler.audit()
    paths = [request.path.rpartition("/")[2] for request in world.transport.sent if request.method == "GET"]
    assert paths.index("trades") > max(place for place, path in enumerate(paths) if path == "orders")


async def test_orders_of_others_are_left_alone_and_told_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    placed = await by_hand(world)
    await world.reconciler.start()
    world.offer(1, "0.50")
    await own_units(world, 2)
    await world.reconciler.audit()
    assert world.blotter.orders == ()
    assert [shown.order_id for shown in await world.exchange.orders(open_only=True)] == [placed]
    assert (await world.store.counts())["fills"] == 1
    assert capsys.readouterr().out.count("left alone") == 1


async def test_orders_of_others_are_taken_up_if_that_is_wanted(world: World) -> None:
    world.offer(1, "0.50")
    placed = await by_hand(world)
    adopting(world)
    await world.reconciler.start()
    await look(world)
    (order,) = world.blotter.orders
    assert (order.client_order_id, order.strategy, order.filled) == (f"gbf-{placed}", "keeper", 1)
    world.offer(2, "0.50")
    await look(world)
    assert [(one.state, one.filled) for one in await stored(world)] == [(S.FILLED, 3)]
    assert await incidents(world) == ["adopted"]
    adopting(world)
    await world.reconciler.start()
    assert await incidents(world) == ["adopted"]


async def test_an_order_that_comes_later_is_taken_up_by_an_audit(world: World) -> None:
    adopting(world)
    await world.reconciler.start()
    await world.desk.place(buy(world), "s")
    await by_hand(world)
    await world.reconciler.look()
    assert [order.strategy for order in world.blotter.orders] == ["s"]
    repaired = await world.reconciler.audit()
    assert [order.strategy for order, _ in repaired.orders] == ["keeper"]
    assert {order.strategy for order in world.blotter.orders} == {"s", "keeper"}


async def test_an_order_that_the_journal_cannot_hold_is_left_alone(world: World) -> None:
    order = NewOrder(
        "by-hand", world.market.market_id, Side.BUY, 3, None, order_type=OrderType.STOP, stop_price=Decimal("3.00")
    )
    await world.exchange.place(order)
    adopting(world)
    await world.reconciler.start()
    assert world.blotter.orders == ()


async def closed_by_mistake(world: World, state: OrderState) -> str:
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    await world.blotter.change_order(order, Closed(state))
    return order.client_order_id


async def test_an_order_that_rests_though_it_was_closed_is_taken_up_by_an_audit(world: World) -> None:
    order = await closed_by_mistake(world, S.CANCELLED)
    await world.reconciler.audit()
    assert not world.blotter.orders, "a list may be a little behind"
    wait(world, 60)
    await world.reconciler.look()
    assert not world.blotter.orders
    await world.reconciler.audit()
    assert [one.client_order_id for one in world.blotter.orders] == [order]
    assert await incidents(world) == ["reopened"]
    world.offer(10, "2.00")
    await look(world)
    assert [(one.state, one.filled) for one in await stored(world)] == [(S.FILLED, 10)]


async def test_an_order_that_was_refused_and_rests_all_the_same_is_taken_up(world: World) -> None:
    world.transport.fail("POST", "orders", Response(403, {}, b"{}"), applied=True)
    await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.REJECTED]
    wait(world, 60)
    await world.reconciler.audit()
    (order,) = world.blotter.orders
    assert (order.state, order.order_id is None) == (S.OPEN, False)


async def test_an_order_that_filled_and_rests_all_the_same_is_reported_once(world: World) -> None:
    await closed_by_mistake(world, S.FILLED)
    wait(world, 60)
    await world.reconciler.audit()
    await world.reconciler.audit()
    assert world.blotter.orders == ()
    assert await incidents(world) == ["reopened"]


async def test_an_order_that_is_listed_and_does_not_show_is_no_proof(world: World) -> None:
    await closed_by_mistake(world, S.CANCELLED)
    (shown,) = await world.exchange.orders(open_only=True)
    wait(world, 60)
    gone = Response(404, {}, b'{"errors": {"detail": "order not found"}}')
    world.transport.fail("GET", f"orders/{shown.order_id}", gone, applied=False)
    world.transport.fail("GET", f"orders/{shown.order_id}", gone, applied=False)
    await world.reconciler.audit()
    assert world.blotter.orders == ()


async def test_a_start_that_failed_can_be_tried_again(world: World) -> None:
    await world.desk.place(buy(world), "s")
    world.transport.fail("POST", "orders", TimeoutError(), applied=True)
    await world.desk.place(buy(world, 5, "1.00"), "s")
    world.offer(3, "2.00")
    world.restart()
    for path in ("orders", "trades"):
        world.transport.fail("GET", path, Response(503), applied=False)
        with pytest.raises(ExchangeError):
            await world.reconciler.start()
    await world.reconciler.start()
    await world.reconciler.start()
    assert [(order.state, order.filled) for order in await stored(world)] == [(S.OPEN, 0), (S.OPEN, 3)]
    assert await incidents(world) == []


async def test_a_start_bears_an_order_that_is_too_new_to_show(world: World) -> None:
    plague(world, LateOrders(seconds=(50, 50)))
    await world.desk.place(buy(world), "s")
    wait(world, 40)
    world.restart()
    await world.reconciler.start()
    assert [order.state for order in world.blotter.orders] == [S.OPEN]
    world.venue.advance(world.clock.now())
    plague(world, LateOrders(seconds=(5000, 5000)))
    await world.desk.place(buy(world, 1), "s")
    wait(world, 61)
    world.restart()
    with pytest.raises(DaemonError, match="another account"):
        await world.reconciler.start()


async def test_looks_and_audits_take_turns(world: World) -> None:
    await world.desk.place(buy(world), "s")
    world.offer(10, "2.00")
    await asyncio.gather(world.reconciler.look(), world.reconciler.audit(), world.reconciler.look())
    assert [(order.state, order.filled) for order in await stored(world)] == [(S.FILLED, 10)]
