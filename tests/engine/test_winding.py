"""A clean stop: what it does with orders, and that it ends."""

from __future__ import annotations

from datetime import timedelta

from bot.engine.pace import OnStop, Pace
from bot.engine.winding import wind_down
from tests.execution.steps import buy
from tests.world import World


async def test_an_order_that_stays_unclear_does_not_keep_the_bids_of_another_strategy_resting(world: World) -> None:
    async def nothing() -> None:
        """No balances are stored."""

    await world.desk.place(buy(world), "reducing")
    world.transport.fail("POST", "orders", TimeoutError(), applied=False)
    await world.desk.place(buy(world, 3), "cancelling")
    on_stop_of = {"cancelling": OnStop.CANCEL, "reducing": OnStop.REDUCE}
    pace = Pace(stop=timedelta(seconds=0.2), on_stop_of=on_stop_of)
    assert not await wind_down([], [], blotter=world.blotter, desk=world.desk, pace=pace, save_balances=nothing)
    assert await world.exchange.orders(open_only=True) == []
