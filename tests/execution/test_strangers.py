"""Orders of others: remembered as such, or taken up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.order import Side, TimeInForce, VenueOrder
from bot.execution.strangers import LOOKUPS, Strangers
from tests.world import START, World


def shown(number: int, **facts: object) -> VenueOrder:
    known = {"market_id": "m", "side": Side.BUY, "quantity": 3, "price": Decimal(2), "created_at": START}
    return VenueOrder(f"o-{number}", **(known | facts))  # type: ignore[arg-type]


async def test_only_so_many_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.execution.strangers.REMEMBERED", 2)
    strangers = Strangers(world.exchange, world.clock, None)
    for number in range(3):
        strangers.leave_alone(f"o-{number}")
    assert [strangers.is_foreign(f"o-{number}") for number in range(3)] == [False, True, True]


async def test_an_order_that_does_not_show_is_asked_for_so_often_and_by_audits_only_then(world: World) -> None:
    strangers = Strangers(world.exchange, world.clock, None)
    await strangers.look_up(["o-0"], deep=False)  # after which the client knows how routes are spelt
    for _ in range(LOOKUPS + 5):
        assert await strangers.look_up(["o-1"], deep=False) == []
    assert world.transport.count("GET", "/orders/o-1") == LOOKUPS
    await strangers.look_up(["o-1"], deep=True)
    assert world.transport.count("GET", "/orders/o-1") == LOOKUPS + 1


async def test_of_orders_that_do_not_show_only_so_many_are_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.execution.strangers.REMEMBERED", 2)
    strangers = Strangers(world.exchange, world.clock, None)
    for number in range(3):
        for _ in range(LOOKUPS):
            await strangers.look_up([f"o-{number}"], deep=False)
    world.transport.sent.clear()
    await strangers.look_up(["o-1", "o-2", "o-0"], deep=False)
    assert [request.path.rpartition("/")[2] for request in world.transport.sent] == ["o-0"]


@pytest.mark.parametrize(
    ("word", "expected"), [("IOC", TimeInForce.IOC), (None, TimeInForce.GTC), ("until_moonrise", TimeInForce.GTC)]
)
async def test_an_order_is_taken_up_as_it_is(world: World, word: str | None, expected: TimeInForce) -> None:
    (order,) = Strangers(world.exchange, world.clock, "keeper").taken_up([shown(1, time_in_force=word)])
    assert (order.client_order_id, order.order_id, order.strategy) == ("gbf-o-1", "o-1", "keeper")
    assert (order.quantity, order.price, order.time_in_force) == (3, Decimal(2), expected)
    assert order.is_live


@pytest.mark.parametrize("missing", ["market_id", "side", "quantity", "price"])
async def test_what_the_journal_cannot_hold_is_left_alone(world: World, missing: str) -> None:
    assert Strangers(world.exchange, world.clock, "keeper").taken_up([shown(1, **{missing: None})]) == []


async def test_an_order_that_is_taken_up_is_not_foreign_any_more(world: World) -> None:
    strangers = Strangers(world.exchange, world.clock, "keeper")
    strangers.leave_alone("o-1")
    assert strangers.taken_up([shown(1)])
    assert not strangers.is_foreign("o-1")
