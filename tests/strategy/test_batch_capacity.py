"""What `batch_capacity` decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from bot.domain.order import Side
from bot.execution.planner import plan
from bot.strategy.context import Context
from strategies.batch_capacity import BatchCapacity
from tests.strategy.scene import AT, a_context, a_market, bid, bids, moved
from tests.strategy.toy import MOVES, Toy

HOURS = 10
JOB = {"units": 100, "max_price": "2.50", "deadline": timedelta(hours=HOURS), "ahead": timedelta(0), "discount": "0.1"}


async def decide(hours: float = 0, bought: int = 0, *, before: int = 0, **more: Any) -> Context:
    """A job of 100 units in ten hours, so many hours after its start."""
    market = {name: more.pop(name) for name in ("orders", "trading", "asks") if name in more}
    account = {name: more.pop(name) for name in ("cash",) if name in more}
    ctx = a_context(
        a_market(holding=before + bought, **market),
        state={"begun": AT.isoformat(), "held": before},
        now=AT + timedelta(hours=hours),
        **account,
    )
    await BatchCapacity.model_validate(JOB | more).on_tick(ctx)
    return ctx


@pytest.mark.parametrize(
    ("hours", "price"), [(0, "1.89"), (4, "2.00"), (7, "2.08"), (8, "2.10"), (9, "2.30"), (9.96, "2.49")]
)
async def test_the_bid_comes_up_to_the_ask_and_at_last_to_the_cap(hours: float, price: str) -> None:
    assert bids(await decide(hours)) == [(price, 100)]


async def test_it_bids_for_what_is_missing_alone() -> None:
    assert bids(await decide(4, bought=70)) == [("2.00", 30)]
    assert bids(await decide(4, bought=70, before=50)) == [("2.00", 30)]
    assert bids(await decide(4, bought=100)) == []


@pytest.mark.parametrize("hours", [0, 4, 9.9])
async def test_above_its_price_it_rests_at_its_price(hours: float) -> None:
    assert bids(await decide(hours, asks="2.60")) == [("2.50", 100)]
    assert bids(await decide(hours, asks=None)) == [("2.50", 100)]
    assert bids(await decide(hours, asks=None, max_price="2.509")) == [("2.50", 100)]


async def test_no_more_is_bid_for_than_the_cash_pays_for() -> None:
    assert bids(await decide(cash=Decimal("18.90"))) == [("1.89", 10)]
    assert bids(await decide(cash=Decimal(1), orders=[bid(10, "1.89")])) == [("1.89", 10)]
    assert bids(await decide(cash=Decimal(1))) == []
    assert bids(await decide(max_price="0.001")) == []


async def test_a_bid_that_is_nearly_right_keeps_its_place_but_not_in_the_rush() -> None:
    assert bids(await decide(4, orders=[bid(100, "1.98")])) == [("1.98", 100)]
    assert bids(await decide(4, orders=[bid(100, "1.97")])) == [("2.00", 100)]
    assert bids(await decide(9, orders=[bid(100, "2.29")])) == [("2.30", 100)]


async def test_units_wait_in_trading_and_move_shortly_before_the_job() -> None:
    later: dict[str, Any] = {"ahead": timedelta(minutes=30)}
    assert moved(await decide(9.49, bought=60, **later)) == 0
    ctx = await decide(9.5, bought=60, orders=[bid(40, "2.30")], **later)
    assert moved(ctx) == 60
    assert plan(ctx.intents, ctx.orders).cancels == ("gb-1",)
    assert moved(await decide(9.6, bought=60, trading=45, **later)) == 45
    assert moved(await decide(9.6, bought=60, trading=500, before=400, **later)) == 60


async def test_between_deadline_and_move_it_only_waits() -> None:
    ctx = await decide(11, bought=60, orders=[bid(40, "2.30")], start=timedelta(hours=12), ahead=timedelta(minutes=30))
    assert (bids(ctx), moved(ctx)) == ([], 0)
    assert moved(await decide(11.6, bought=60, start=timedelta(hours=12), ahead=timedelta(minutes=30))) == 60


async def test_moments_may_be_points_in_time() -> None:
    times: dict[str, Any] = {"deadline": "2026-01-05T10:00:00Z", "start": "2026-01-05T12:00:00+00:00", "ahead": "PT30M"}
    assert bids(await decide(4, **times)) == [("2.00", 100)]
    assert moved(await decide(11.4, bought=5, **times)) == 0
    assert moved(await decide(11.5, bought=5, **times)) == 5
    assert BatchCapacity.model_validate(JOB | {"deadline": 3600}).deadline == timedelta(hours=1)


async def test_a_restart_goes_on_where_it_was() -> None:
    strategy = BatchCapacity.model_validate(JOB)
    state: dict[str, Any] = {}
    await strategy.on_start(a_context(a_market(holding=7), state=state))
    again = a_context(a_market(holding=17), state=state, now=AT + timedelta(hours=4))
    await strategy.on_start(again)
    assert state == {"begun": AT.isoformat(), "held": 7}
    assert bids(again) == [("2.00", 90)]


@pytest.mark.parametrize("hook", ["on_fill", "on_order"])
async def test_fills_and_closed_orders_are_answered_at_once(hook: str) -> None:
    ctx = a_context(a_market())
    await getattr(BatchCapacity.model_validate(JOB), hook)(ctx, None)
    assert bids(ctx) == [("1.89", 100)]


@given(MOVES)
async def test_it_never_bids_above_its_price_and_never_comes_to_more_than_the_job_needs(moves: list[Any]) -> None:
    strategy = BatchCapacity.model_validate(
        JOB | {"max_price": "1.50", "deadline": timedelta(hours=2), "ahead": timedelta(minutes=10)}
    )
    toy = Toy(strategy, trading=20)  # somebody else's, not to be moved
    await toy.live_through(moves)
    assert toy.traded + toy.on_order(Side.BUY) <= 100
    assert toy.moved <= toy.traded
    assert all(place.side is Side.BUY and place.price <= Decimal("1.50") for place in toy.placed)
    last: datetime = toy.now
    if last >= AT + timedelta(minutes=110):
        assert toy.moved == toy.traded
        assert toy.on_order(Side.BUY) == 0
