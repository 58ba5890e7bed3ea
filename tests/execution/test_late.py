"""Orders that were judged never sent: sent again under the same id, or taken up when they show after all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.order import NewOrder, Order, OrderState, Side
from bot.domain.transitions import Closed
from bot.errors import NotSentError
from bot.ports import Request, Response
from bot.sim.faults.kinds import LateFills, LateOrders, StaleLists
from tests.execution.steps import buy, incidents, look, plague, stored, wait
from tests.world import World

S = OrderState


async def judged_not_sent(world: World, units: int = 10, price: str = "2.00", *, applied: bool) -> Order:
    """An order that the bot believes was never sent."""
    world.transport.fail("POST", "orders", NotSentError("so it seemed"), applied=applied)
    await world.desk.place(buy(world, units, price), "s")
    order = (await stored(world))[0]
    assert order.state is S.NOT_SENT
    return order


async def test_an_order_judged_never_sent_that_rests_after_all_is_taken_up(world: World) -> None:
    await judged_not_sent(world, 5, applied=True)
    await look(world)
    assert [order.state for order in await stored(world)] == [S.OPEN]
    assert await incidents(world) == ["late_order"]
    await look(world, 2)
    assert await incidents(world) == ["late_order"]


async def test_only_an_order_that_is_post_only_alike_goes_out_again(world: World) -> None:
    first = await judged_not_sent(world, applied=False)
    await world.desk.place(replace(buy(world), post_only=True), "s")
    newest, before = await stored(world)
    assert (newest.state, before) == (S.OPEN, first)
    assert newest.client_order_id != first.client_order_id


async def test_an_order_judged_never_sent_that_filled_at_once_is_taken_up_with_its_fill(world: World) -> None:
    world.offer(10, "1.90")
    await judged_not_sent(world, applied=True)
    await look(world)
    (order,) = await stored(world)
    assert (order.state, order.filled_notional) == (S.FILLED, Decimal("19.00"))
    assert await incidents(world) == ["late_order"]


async def test_an_order_judged_never_sent_that_filled_in_part_and_was_cancelled_is_taken_up(world: World) -> None:
    world.offer(3, "1.90")
    order = await judged_not_sent(world, applied=True)
    (shown,) = await world.exchange.orders(open_only=True)
    await world.exchange.cancel(shown.order_id)
    await look(world)
    found = await world.store.order(order.client_order_id)
    assert found is not None
    assert (found.state, found.filled) == (S.CANCELLED, 3)


async def test_an_audit_finds_an_order_judged_never_sent_that_was_cancelled_unfilled(world: World) -> None:
    await judged_not_sent(world, applied=True)
    (shown,) = await world.exchange.orders(open_only=True)
    await world.exchange.cancel(shown.order_id)
    await look(world)
    assert [order.state for order in await stored(world)] == [S.NOT_SENT]
    wait(world, 1800)
    repaired = await world.reconciler.audit()
    assert [order.state for order in await stored(world)] == [S.CANCELLED]
    assert len(repaired.orders) == 2
    assert not await world.reconciler.audit()


async def test_the_same_order_goes_out_again_under_the_same_id(world: World) -> None:
    first = await judged_not_sent(world, applied=False)
    await world.desk.place(buy(world), "s")
    (order,) = await stored(world)
    assert (order.client_order_id, order.state) == (first.client_order_id, S.OPEN)
    (shown,) = await world.exchange.orders(open_only=True)
    assert shown.client_order_id == first.client_order_id
    events = [record.event for record in await world.store.order_history(order.client_order_id)]
    assert events == ["NeverArrived", "Resent", "Accepted"]


async def test_the_journal_knows_before_an_order_goes_out_again(world: World) -> None:
    await judged_not_sent(world, applied=False)
    seen: list[OrderState] = []

    async def look_into_the_journal(_: Request) -> None:
        seen.extend(order.state for order in await stored(world))

    world.transport.before = look_into_the_journal
    await world.desk.place(buy(world), "s")
    assert seen == [S.SUBMITTING]


async def test_an_order_that_had_arrived_is_not_doubled_by_sending_it_again(world: World) -> None:
    await judged_not_sent(world, applied=True)
    refusal = Response(400, {}, b'{"error": {"code": "DUPLICATE_CLIENT_ORDER_ID", "message": "duplicate client id"}}')
    world.transport.fail("POST", "orders", refusal, applied=False)
    await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.UNKNOWN]
    await look(world)
    assert [order.state for order in await stored(world)] == [S.OPEN]
    assert len(await world.exchange.orders(open_only=True)) == 1


async def test_an_order_that_turned_up_before_its_second_answer_stays_as_it_is(world: World) -> None:
    await judged_not_sent(world, applied=True)
    world.transport.fail("POST", "orders", NotSentError("refused"), applied=False)

    async def look_first(request: Request) -> None:
        if request.method == "POST":
            await world.reconciler.look()

    world.transport.before = look_first
    await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.OPEN]


async def test_a_refusal_of_the_second_try_says_nothing_of_the_first(world: World) -> None:
    first = await judged_not_sent(world, applied=True)
    world.transport.fail("POST", "orders", Response(400, {}, b'{"error": {"code": "X"}}'), applied=False)
    await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.NOT_SENT]
    world.transport.fail("POST", "orders", TimeoutError(), applied=False)
    await world.desk.place(buy(world), "s")
    assert len(await stored(world)) == 2, "it is not sent a third time under the same id"
    await look(world)
    found = await world.store.order(first.client_order_id)
    assert found is not None
    assert found.state is S.OPEN


async def test_nothing_goes_out_when_the_first_one_turns_up_just_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await judged_not_sent(world, applied=True)
    await look(world)
    monkeypatch.setattr(world.blotter.not_sent, "order_like", lambda *_: first)
    await world.desk.place(buy(world), "s")
    assert world.transport.count("POST", "orders") == 1
    assert [order.state for order in await stored(world)] == [S.OPEN]


@pytest.mark.parametrize("change", ["price", "units", "strategy", "time"])
async def test_another_order_gets_an_id_of_its_own(world: World, change: str) -> None:
    await judged_not_sent(world, applied=False)
    if change == "time":
        wait(world, 601)
    price = "2.01" if change == "price" else "2.00"
    await world.desk.place(buy(world, 9 if change == "units" else 10, price), "t" if change == "strategy" else "s")
    assert [order.state for order in await stored(world)] == [S.OPEN, S.NOT_SENT]


async def test_what_was_judged_never_sent_is_remembered_through_a_restart(world: World) -> None:
    first = await judged_not_sent(world, applied=False)
    world.restart()
    await world.reconciler.start()
    await world.desk.place(buy(world), "s")
    assert [order.client_order_id for order in await stored(world)] == [first.client_order_id]


async def test_two_orders_alike_are_each_sent_again(world: World) -> None:
    await judged_not_sent(world, applied=False)
    wait(world, 601)
    await judged_not_sent(world, applied=False)
    await world.desk.place(buy(world), "s")
    await world.desk.place(buy(world), "s")
    assert sorted(order.state for order in await stored(world)) == [S.NOT_SENT, S.OPEN, S.OPEN]


async def by_hand(world: World, units: int = 3, price: str = "0.50") -> str:
    """Somebody places an order on the same account."""
    order = NewOrder("by-hand", world.market.market_id, Side.BUY, units, Decimal(price))
    return (await world.exchange.place(order)).order_id


async def test_whose_a_trade_is_is_asked_once(world: World) -> None:
    world.offer(3, "0.50")
    order_id = await by_hand(world)
    await world.desk.place(buy(world, 1, "0.10"), "s")
    await look(world, 3)
    assert world.transport.count("GET", f"orders/{order_id}") == 1
    assert (await world.store.counts())["fills"] == 0


async def test_an_order_that_never_shows_is_not_asked_for_by_every_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.execution.strangers.LOOKUPS", 3)
    world.offer(3, "0.50")
    plague(world, LateOrders(seconds=(3600, 3600)))
    order_id = await by_hand(world)
    await world.desk.place(buy(world, 1, "0.10"), "s")
    await look(world, 5)
    assert world.transport.count("GET", f"orders/{order_id}") == 3
    await world.reconciler.audit()
    assert world.transport.count("GET", f"orders/{order_id}") == 4


async def test_an_order_that_shows_later_than_its_trades_is_waited_for(world: World) -> None:
    world.offer(10, "1.90")
    plague(world, LateOrders(seconds=(100, 100)))
    order = await judged_not_sent(world, applied=True)
    await look(world, 3)
    assert (await world.store.counts())["fills"] == 0
    wait(world, 100)
    await look(world)
    found = await world.store.order(order.client_order_id)
    assert found is not None
    assert (found.state, found.filled) == (S.FILLED, 10)


async def test_an_order_that_shows_as_filled_stays_live_until_its_trades_show(world: World) -> None:
    plague(world, LateFills(seconds=(60, 60)))
    world.offer(10, "2.00")
    await world.desk.place(buy(world), "s")
    await look(world, 3)
    (order,) = world.blotter.orders
    assert (order.state, order.filled) == (S.OPEN, 0)
    wait(world, 60)
    await look(world)
    assert [(one.state, one.filled) for one in await stored(world)] == [(S.FILLED, 10)]


async def test_a_trade_that_shows_long_after_newer_ones_is_found_by_an_audit(world: World) -> None:
    plague(world, LateFills(seconds=(250, 250), at=(1,)))
    await world.desk.place(buy(world, 4), "s")
    (order,) = world.blotter.orders
    world.offer(2, "2.00")
    assert order.order_id is not None
    await world.exchange.cancel(order.order_id)
    await world.blotter.change_order(order, Closed(S.CANCELLED))
    wait(world, 120)
    world.offer(6, "2.00")
    await world.desk.place(buy(world, 6), "s")
    await look(world)
    wait(world, 140)
    world.offer(1, "2.00")
    await look(world)
    assert [one.filled for one in await stored(world)] == [6, 0]
    await world.reconciler.audit()
    assert [(one.state, one.filled) for one in await stored(world)] == [(S.FILLED, 6), (S.CANCELLED, 2)]


@pytest.mark.parametrize("seconds", [3, 15])
async def test_lists_that_are_behind_lead_to_no_wrong_end(world: World, seconds: int) -> None:
    """Also when they are further behind than a settle delay is long."""
    plague(world, StaleLists(seconds=(seconds, seconds)))
    world.offer(3, "2.00")
    await world.desk.place(buy(world), "s")
    await world.desk.place(buy(world, 5, "1.00"), "s")
    await look(world, 2)
    await world.desk.cancel(world.blotter.orders[0].client_order_id)
    for _ in range(8):
        wait(world, 4)
        await world.reconciler.look()
    await look(world, 3)
    assert [(one.state, one.filled) for one in await stored(world)] == [(S.OPEN, 0), (S.CANCELLED, 3)]
    await world.reconciler.audit()
    assert await incidents(world) == []


async def test_an_order_that_lists_show_too_late_is_taken_up_then(world: World) -> None:
    plague(world, LateOrders(seconds=(60, 60)))
    world.transport.fail("POST", "orders", TimeoutError(), applied=True)
    await world.desk.place(buy(world), "s")
    await look(world, 3)
    assert [one.state for one in await stored(world)] == [S.NOT_SENT]
    await look(world, 4)
    assert [one.state for one in await stored(world)] == [S.OPEN]
    assert await incidents(world) == ["late_order"]


async def test_an_order_that_goes_out_again_is_looked_for_anew(world: World) -> None:
    for _ in range(2):
        world.transport.fail("POST", "orders", TimeoutError(), applied=False)
        await world.desk.place(buy(world), "s")
        await look(world, 2)
        assert [order.state for order in await stored(world)] == [S.UNKNOWN]
        await look(world)
        assert [order.state for order in await stored(world)] == [S.NOT_SENT]
