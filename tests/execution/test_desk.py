"""Orders and transfers through faults: journal first, sent once, settled by looking, counted once."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.intents import Stock
from bot.domain.order import NewOrder, OrderState
from bot.domain.transfer import TransferState
from bot.domain.transitions import Accepted, Closed, Filled
from bot.errors import DaemonError, NotSentError
from bot.execution.planner import Plan
from bot.grid.keys import SigningKey
from bot.ports import Request, Response
from bot.sim.faults.kinds import StaleLists
from tests.execution.steps import buy, look, moves, own_units, plague, stored, wait
from tests.world import Crash, World, a_client

S, T = OrderState, TransferState


async def test_an_order_is_in_the_journal_before_its_request_goes_out(world: World) -> None:
    seen: list[OrderState] = []

    async def look_into_the_journal(_: Request) -> None:
        seen.extend(order.state for order in await stored(world))

    world.transport.before = look_into_the_journal
    await world.desk.place(buy(world), "s")
    assert seen == [S.SUBMITTING]


async def test_a_transfer_is_in_the_journal_before_its_request_goes_out(world: World) -> None:
    await own_units(world, 5)
    seen: list[TransferState] = []

    async def look_into_the_journal(request: Request) -> None:
        if request.method == "POST":
            seen.extend(move.state for move in await moves(world))

    world.transport.before = look_into_the_journal
    await world.desk.transfer(Stock(world.market.instrument_id, 5), "s")
    assert seen == [T.SUBMITTING]


async def test_a_resting_order_is_open_and_its_fills_are_counted_once(world: World) -> None:
    await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.OPEN]
    world.offer(4, "1.90")
    await look(world, 3)
    (order,) = await stored(world)
    assert (order.state, order.filled, order.filled_notional) == (S.OPEN, 4, Decimal("8.00"))
    world.offer(6, "2.00")
    await look(world, 3)
    (order,) = await stored(world)
    assert (order.state, order.filled, order.filled_notional) == (S.FILLED, 10, Decimal("20.00"))
    assert (await world.store.counts())["fills"] == 2
    assert world.blotter.orders == ()


async def test_a_refused_order_is_rejected_with_the_exchanges_reason(world: World) -> None:
    await world.desk.place(buy(world, 10_000, "2.00"), "s")
    (order,) = await stored(world)
    assert order.state is S.REJECTED
    assert "20000 USD" in order.reason


@pytest.mark.parametrize("post_only", [True, False])
async def test_an_order_says_that_it_is_post_only_where_it_is(world: World, post_only: bool) -> None:
    await world.desk.place(replace(buy(world), post_only=post_only), "s")
    (order,) = await stored(world)
    body = json.loads(world.transport.sent[-1].body)
    assert (order.state, order.post_only, body.get("post_only", False)) == (S.OPEN, post_only, post_only)


async def test_a_post_only_order_that_would_trade_is_rejected(world: World) -> None:
    world.offer(5, "1.90")
    await world.desk.place(replace(buy(world), post_only=True), "s")
    (order,) = await stored(world)
    assert (order.state, order.filled) == (S.REJECTED, 0)
    assert "post-only" in order.reason
    assert not await world.exchange.orders(open_only=True)


async def test_an_order_that_never_left_is_not_sent(world: World) -> None:
    world.transport.fail("POST", "orders", NotSentError("connection refused"), applied=False)
    await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.NOT_SENT]


UNCLEAR = [ConnectionError("dropped"), TimeoutError(), Response(502), Response(500), Response(201, {}, b"{")]


@pytest.mark.parametrize("outcome", UNCLEAR, ids=str)
async def test_an_unclear_order_that_was_applied_is_found_and_never_sent_again(
    world: World, outcome: Exception | Response
) -> None:
    world.transport.fail("POST", "orders", outcome, applied=True)
    await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.UNKNOWN]
    await look(world)
    assert [order.state for order in await stored(world)] == [S.OPEN]
    assert world.transport.count("POST", "orders") == 1
    assert len(await world.exchange.orders(open_only=True)) == 1


@pytest.mark.parametrize("outcome", UNCLEAR, ids=str)
async def test_an_unclear_order_that_was_not_applied_is_settled_after_two_looks(
    world: World, outcome: Exception | Response
) -> None:
    world.transport.fail("POST", "orders", outcome, applied=False)
    await world.desk.place(buy(world), "s")
    await look(world, 2)
    assert [order.state for order in await stored(world)] == [S.UNKNOWN]
    await look(world)
    assert [order.state for order in await stored(world)] == [S.NOT_SENT]


async def test_nothing_new_goes_to_a_market_with_an_unclear_order(world: World) -> None:
    world.transport.fail("POST", "orders", TimeoutError(), applied=True)
    await world.desk.place(buy(world), "s")
    await world.desk.place(buy(world), "s")
    assert len(await stored(world)) == 1
    await look(world)
    await world.desk.place(buy(world), "s")
    assert len(await stored(world)) == 2


async def test_an_unclear_order_that_filled_at_once_brings_its_fill(world: World) -> None:
    world.offer(10, "1.95")
    world.transport.fail("POST", "orders", ConnectionError(), applied=True)
    await world.desk.place(buy(world), "s")
    await look(world)
    (order,) = await stored(world)
    assert (order.state, order.filled_notional) == (S.FILLED, Decimal("19.50"))


async def test_a_cancelled_order_closes_when_the_exchange_shows_it(world: World) -> None:
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    await world.desk.carry_out(Plan(cancels=(order.client_order_id,)), "s")
    assert [one.state for one in await stored(world)] == [S.CANCELLING]
    await look(world)
    assert [one.state for one in await stored(world)] == [S.CANCELLED]


async def test_a_cancel_that_came_too_late_ends_as_a_fill(world: World) -> None:
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    world.offer(10, "2.00")
    await world.desk.cancel(order.client_order_id)
    await look(world)
    (order,) = await stored(world)
    assert (order.state, order.filled) == (S.FILLED, 10)


async def test_an_order_that_is_partly_filled_and_cancelled_keeps_its_fill(world: World) -> None:
    await world.desk.place(buy(world), "s")
    world.offer(3, "2.00")
    await world.desk.cancel(world.blotter.orders[0].client_order_id)
    await look(world)
    (order,) = await stored(world)
    assert (order.state, order.filled) == (S.CANCELLED, 3)


async def test_a_cancel_that_is_refused_leaves_the_order_open(world: World) -> None:
    await world.desk.place(buy(world), "s")
    world.transport.fail("DELETE", "orders", Response(403, {}, b'{"errors": {"detail": "no"}}'), applied=False)
    await world.desk.cancel(world.blotter.orders[0].client_order_id)
    assert [one.state for one in await stored(world)] == [S.OPEN]


async def test_cancelling_what_is_not_live_does_nothing(world: World) -> None:
    await world.desk.cancel("gb-unknown")
    assert world.transport.count("DELETE", "orders") == 0


async def test_a_start_takes_up_what_the_last_run_left(world: World) -> None:
    await world.desk.place(buy(world, 10), "s")
    world.transport.fail("POST", "orders", TimeoutError(), applied=True)
    await world.desk.place(buy(world, 7, "1.50"), "s")
    world.restart()
    world.offer(4, "2.00")
    await world.reconciler.start()
    one, two = world.blotter.orders
    assert (one.state, one.filled, two.state) == (S.OPEN, 4, S.OPEN)
    assert len(await world.exchange.orders(open_only=True)) == 2


@pytest.mark.parametrize(("applied", "states"), [(True, [S.OPEN, S.OPEN]), (False, [S.UNKNOWN, S.NOT_SENT])])
async def test_a_crash_between_journal_and_answer_is_settled_at_the_next_start(
    world: World, applied: bool, states: list[OrderState]
) -> None:
    world.transport.fail("POST", "orders", Crash(), applied=applied)
    with pytest.raises(Crash):
        await world.desk.place(buy(world), "s")
    assert [order.state for order in await stored(world)] == [S.SUBMITTING]
    world.restart()
    await world.reconciler.start()
    seen = [order.state for order in await stored(world)]
    await look(world, 3)
    assert [*seen, *(order.state for order in await stored(world))] == states
    assert world.transport.count("POST", "orders") == 1


async def test_an_order_that_was_filled_and_closed_while_nobody_looked_is_complete_after_the_start(
    world: World,
) -> None:
    await own_units(world, 3)
    await world.desk.place(buy(world, 10), "s")
    world.restart()
    wait(world, 3600)
    world.offer(10, "2.00")
    wait(world, 3600)
    await world.reconciler.start()
    assert [(order.state, order.filled) for order in await stored(world)] == [(S.FILLED, 10), (S.FILLED, 3)]
    assert (await world.store.counts())["fills"] == 2


async def test_a_fill_that_shows_after_its_order_was_stored_as_cancelled_is_counted(world: World) -> None:
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    world.offer(2, "2.00")
    await world.desk.cancel(order.client_order_id)
    await world.blotter.change_order(order, Closed(S.CANCELLED))
    await world.desk.place(buy(world, 1, "1.00"), "s")
    await look(world, 2)
    late = await world.store.order(order.client_order_id)
    assert late is not None
    assert (late.state, late.filled) == (S.CANCELLED, 2)


async def test_a_database_of_another_account_is_refused_at_the_start(world: World) -> None:
    await world.desk.place(buy(world), "s")
    key = SigningKey.generate(bytes(32))
    world.venue.add_account("somebody else", verify_key=base64.b64decode(key.public_key))
    world.exchange = a_client(world.transport, key, world.clock)
    wait(world, 60)
    world.restart()
    with pytest.raises(DaemonError, match="another account"):
        await world.reconciler.start()


async def test_while_running_an_order_that_does_not_show_is_only_waited_for(world: World) -> None:
    await world.desk.place(buy(world), "s")
    plague(world, StaleLists(seconds=(60, 60)))
    await look(world, 3)
    assert [order.state for order in await stored(world)] == [S.OPEN]
    world.offer(10, "2.00")
    await look(world, 6)
    assert [order.state for order in await stored(world)] == [S.FILLED]


async def test_a_request_that_is_given_up_after_the_lists_told_its_end_changes_nothing(world: World) -> None:
    world.offer(10, "2.00")

    async def look_before_the_answer(request: Request) -> None:
        if request.method == "POST":
            await world.reconciler.look()

    world.transport.after = look_before_the_answer
    world.transport.fail("POST", "orders", TimeoutError(), applied=True)
    await world.desk.place(buy(world), "s")
    assert [(order.state, order.filled) for order in await stored(world)] == [(S.FILLED, 10)]


async def test_an_answer_that_comes_in_the_middle_of_a_look_counts_no_fill_twice(world: World) -> None:
    world.offer(10, "2.00")
    order = world.desk._new_order(buy(world), "s")
    await world.blotter.add_order(order)
    placed = await world.exchange.place(
        NewOrder(order.client_order_id, order.market_id, order.side, order.quantity, order.price)
    )

    async def answer(request: Request) -> None:
        if request.method == "GET" and request.path.endswith("/trades"):
            await world.blotter.change_order(order, Accepted(placed.order_id))

    world.transport.before = answer
    await world.reconciler.look()
    await look(world)
    assert [(one.state, one.filled) for one in await stored(world)] == [(S.FILLED, 10)]
    assert (await world.store.counts())["fills"] == 1


async def test_a_fill_that_is_known_is_not_applied_again_whatever_the_order_became(world: World) -> None:
    world.offer(10, "2.00")
    await world.desk.place(buy(world), "s")
    await look(world)
    (order,) = await stored(world)
    (fill,) = await world.exchange.fills()
    assert await world.blotter.change_order(order, Filled(fill)) is None


async def two_orders_filled_an_hour_apart(world: World) -> None:
    await world.desk.place(buy(world, 5, "2.00"), "s")
    await world.desk.place(buy(world, 5, "1.00"), "s")
    world.offer(5, "2.00")
    wait(world, 3600)
    world.offer(5, "1.00")


async def test_a_crash_between_two_fills_loses_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await two_orders_filled_an_hour_apart(world)
    add_fill = world.store.add_fill
    added: list[object] = []

    async def crash_at_the_second(*arguments: Any) -> bool:
        if added:
            raise Crash
        added.append(arguments)
        return await add_fill(*arguments)

    monkeypatch.setattr(world.store, "add_fill", crash_at_the_second)
    world.restart()
    with pytest.raises(Crash):
        await world.reconciler.start()
    monkeypatch.undo()
    world.restart()
    await world.reconciler.start()
    assert [(order.state, order.filled) for order in await stored(world)] == [(S.FILLED, 5), (S.FILLED, 5)]


async def test_a_fill_older_than_the_newest_stored_one_is_still_found(world: World) -> None:
    await two_orders_filled_an_hour_apart(world)
    newer = (await world.exchange.fills())[-1]
    await world.blotter.change_order(world.blotter.orders[1], Filled(newer))
    world.restart()
    await world.reconciler.start()
    assert [(order.state, order.filled) for order in await stored(world)] == [(S.FILLED, 5), (S.FILLED, 5)]


async def test_fills_are_looked_for_a_while_after_the_last_order_closed(world: World) -> None:
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    world.offer(2, "2.00")
    await world.reconciler.look()
    await world.desk.cancel(order.client_order_id)
    await look(world)
    asked = len(world.transport.sent)
    await look(world)
    assert len(world.transport.sent) > asked
    wait(world, 120)
    asked = len(world.transport.sent)
    await look(world)
    assert len(world.transport.sent) == asked
