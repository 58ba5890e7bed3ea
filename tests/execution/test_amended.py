"""Orders of ours that somebody amends by hand: the journal takes the new terms, and fills fit them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bot.domain.order import Order, OrderState, Side
from bot.domain.transitions import IllegalTransition
from bot.errors import NotSentError
from bot.ports import Request, Response, Transport
from bot.sim.faults.kinds import StaleLists
from tests.execution.steps import buy, incidents, look, plague, stored, wait
from tests.world import World

S = OrderState


async def resting(world: World) -> Order:
    """A bid for 10 units at 2.00 that the exchange has, and the journal too."""
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    return order


async def amend(world: World, order: Order, units: int | None = None, price: str | None = None) -> None:
    """Somebody amends the order by hand."""
    assert order.order_id is not None
    await world.exchange.replace(order.order_id, quantity=units, price=Decimal(price) if price else None)


class ListsFromBefore:
    """A transport to an exchange whose lists of orders stay as they are now; orders one by one are as they are."""

    def __init__(self, inner: Transport, answer: Response) -> None:
        self._inner = inner
        self._answer = answer

    async def send(self, request: Request) -> Response:
        if request.method == "GET" and request.path.endswith("/orders"):
            return self._answer
        return await self._inner.send(request)

    async def close(self) -> None:
        await self._inner.close()


async def freeze_lists(world: World) -> None:
    """From now on lists of orders are behind."""
    rows = [
        {
            "order_id": one.order_id,
            "client_order_id": one.client_order_id,
            "market_id": one.market_id,
            "side": str(one.side),
            "status": one.status,
            "quantity": one.quantity,
            "filled_quantity": one.filled,
            "price": str(one.price),
            "type": "limit",
        }
        for one in await world.exchange.orders(open_only=True)
    ]
    answer = Response(200, {}, json.dumps({"data": rows, "paging": {}}).encode())
    world.transport._inner = ListsFromBefore(world.transport._inner, answer)


async def story(world: World) -> tuple[OrderState, int, int, Decimal]:
    """State, filled units, quantity and price of the only order."""
    (order,) = await stored(world)
    return order.state, order.filled, order.quantity, order.price


async def test_an_order_that_was_raised_fills_beyond_what_was_first_ordered(world: World) -> None:
    order = await resting(world)
    await amend(world, order, 20)
    world.offer(12, "2.00")
    await look(world)
    assert await story(world) == (S.OPEN, 12, 20, Decimal("2.00"))
    world.offer(8, "2.00")
    await look(world)
    assert await story(world) == (S.FILLED, 20, 20, Decimal("2.00"))
    assert await incidents(world) == []


async def test_an_order_that_was_raised_and_filled_while_the_bot_was_down_is_taken_up_by_the_start(
    world: World,
) -> None:
    order = await resting(world)
    world.restart()
    await amend(world, order, 12, "2.05")
    world.offer(12, "2.05")
    await world.reconciler.start()
    assert await story(world) == (S.FILLED, 12, 12, Decimal("2.05"))
    record = (await world.store.order_history(order.client_order_id))[-2]
    assert (record.event, record.detail) == ("Amended", "12 at 2.05")


@pytest.mark.parametrize("looked_between", [False, True])
async def test_an_order_that_was_lowered_and_has_filled_is_over(world: World, looked_between: bool) -> None:
    order = await resting(world)
    world.offer(3, "2.00")
    if looked_between:
        await look(world)
    await amend(world, order, 5)
    world.offer(2, "2.00")
    await look(world)
    assert await story(world) == (S.FILLED, 5, 5, Decimal("2.00"))
    assert world.blotter.orders == ()


async def test_an_order_with_a_new_price_is_shown_to_the_strategies_with_it(world: World) -> None:
    order = await resting(world)
    await amend(world, order, price="1.90")
    await look(world)
    assert [one.price for one in world.blotter.orders] == [Decimal("1.90")]
    history = len(await world.store.order_history(order.client_order_id))
    await look(world, 2)
    assert len(await world.store.order_history(order.client_order_id)) == history, "it is told once"


async def test_an_order_judged_never_sent_that_was_amended_is_taken_up_with_its_new_terms(world: World) -> None:
    world.transport.fail("POST", "orders", NotSentError("so it seemed"), applied=True)
    await world.desk.place(buy(world), "s")
    (order,) = await stored(world)
    (shown,) = await world.exchange.orders(open_only=True)
    await world.exchange.replace(shown.order_id, quantity=15)
    world.offer(11, "2.00")
    await look(world)
    assert order.state is S.NOT_SENT
    assert await story(world) == (S.OPEN, 11, 15, Decimal("2.00"))


@pytest.mark.parametrize("filled", [10, 12])
async def test_a_list_from_before_the_amendment_does_not_make_fills_impossible(world: World, filled: int) -> None:
    """Nor is the order taken for filled whole when it has filled what the list still shows."""
    order = await resting(world)
    await freeze_lists(world)
    await amend(world, order, 20)
    world.offer(filled, "2.00")
    await look(world)
    assert await story(world) == (S.OPEN, filled, 20, Decimal("2.00"))


async def test_a_list_from_before_the_amendment_does_not_bring_the_old_terms_back(world: World) -> None:
    order = await resting(world)
    await amend(world, order, 20)
    await look(world)
    await amend(world, order, 15)
    await freeze_lists(world)
    await amend(world, order, 20)
    await look(world)
    events = [record.event for record in await world.store.order_history(order.client_order_id)]
    assert events.count("Amended") == 1


async def test_an_exchange_that_is_behind_in_all_it_tells_leads_to_the_true_terms_in_the_end(world: World) -> None:
    order = await resting(world)
    await amend(world, order, 20)
    await look(world)
    plague(world, StaleLists(seconds=(15, 15)))
    await amend(world, order, 14, "2.01")
    for units in (6, 5):
        world.offer(units, "2.00")
        wait(world, 4)
        await world.reconciler.look()
    await look(world, 3)
    assert await story(world) == (S.OPEN, 11, 14, Decimal("2.01"))


async def test_an_order_that_shows_no_more_when_it_is_asked_for_is_taken_as_listed(world: World) -> None:
    order = await resting(world)
    await amend(world, order, 20)
    gone = Response(404, {}, b'{"error": {"code": "NOT_FOUND", "message": "no such order"}}')
    world.transport.fail("GET", f"orders/{order.order_id}", gone, applied=False)
    await look(world)
    assert await story(world) == (S.OPEN, 0, 20, Decimal("2.00"))


async def test_a_fill_that_fits_no_terms_is_still_impossible(world: World) -> None:
    order = await resting(world)
    trade = {
        "trade_id": "t-1",
        "order_id": order.order_id,
        "market_id": order.market_id,
        "side": str(Side.BUY),
        "price": "2.00",
        "quantity": 11,
        "execution_timestamp": world.clock.now().isoformat(),
    }
    body = json.dumps({"data": [trade], "paging": {}}).encode()
    world.transport.fail("GET", "trading/trades", Response(200, {}, body), applied=False)
    with pytest.raises(IllegalTransition, match="only 10 units are left"):
        await look(world)


async def test_orders_that_rest_as_the_journal_has_them_are_not_asked_for_one_by_one(world: World) -> None:
    order = await resting(world)
    world.offer(4, "2.00")
    await look(world, 2)
    assert world.transport.count("GET", f"orders/{order.order_id}") == 0
