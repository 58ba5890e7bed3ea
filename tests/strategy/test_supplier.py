"""What `supplier` decides."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.order import Side
from bot.execution.planner import plan
from bot.strategy.context import Context
from strategies.supplier import Supplier
from tests.strategy.scene import AT, a_context, a_market, ask, asks, issued
from tests.strategy.toy import MOVES, Toy

RULES = {"floor": "1.50", "capacity": 100, "size": 10, "levels": 3, "step": "0.05", "spread": "0.02"}


async def decide(hook: str = "on_tick", *, state: dict[str, Any] | None = None, **more: Any) -> Context:
    market: dict[str, Any] = {"trading": 30}
    market |= {name: more.pop(name) for name in ("bids", "asks", "last", "orders", "trading") if name in more}
    now = AT + more.pop("after", timedelta(0))
    ctx = a_context(a_market(**market), state=state, now=now)
    await getattr(Supplier.model_validate(RULES | more), hook)(ctx)
    return ctx


async def test_it_keeps_a_ladder_above_the_best_bid() -> None:
    ctx = await decide(bids="2.00")
    assert asks(ctx) == [("2.04", 10), ("2.15", 10), ("2.25", 10)]
    assert issued(ctx) == 0


async def test_no_ask_is_below_the_floor() -> None:
    assert asks(await decide(bids="1.00")) == [("1.50", 10), ("1.58", 10), ("1.65", 10)]
    assert asks(await decide(bids="1.00", floor="1.501", levels=1)) == [("1.51", 10)]


async def test_with_nobody_bidding_it_goes_by_the_last_trade_and_then_by_the_floor() -> None:
    assert asks(await decide(bids=None, last="2.00", levels=1)) == [("2.04", 10)]
    assert asks(await decide(bids=None, levels=1)) == [("1.53", 10)]


async def test_the_ladder_stays_while_it_is_nearly_right() -> None:
    state: dict[str, Any] = {}
    await decide(bids="2.00", state=state)
    assert asks(await decide(bids="1.99", levels=1, state=state)) == [("2.04", 10)]
    assert asks(await decide(bids="2.02", levels=1, state=state)) == [("2.07", 10)]


async def test_a_ladder_below_a_floor_that_was_raised_goes() -> None:
    state: dict[str, Any] = {"lowest": "1.50"}
    resting = [ask(10, "1.50")]
    ctx = await decide(bids="1.00", floor="1.505", levels=1, state=state, orders=resting, trading=10)
    assert asks(ctx) == [("1.51", 10)]
    assert plan(ctx.intents, resting).cancels == ("gb-1",)


async def test_what_is_missing_for_the_ladder_is_issued_and_counted() -> None:
    state: dict[str, Any] = {}
    ctx = await decide(trading=12, state=state)
    assert issued(ctx) == 18
    assert [units for _, units in asks(ctx)] == [10, 2]
    assert state["issued"] == 18


async def test_units_on_offer_are_not_missing() -> None:
    assert issued(await decide(trading=30, orders=[ask(25, "2.04")])) == 0


async def test_what_was_issued_gets_time_to_arrive() -> None:
    state: dict[str, Any] = {}
    await decide(trading=12, state=state)
    assert issued(await decide(trading=12, state=state, after=timedelta(seconds=59))) == 0
    assert issued(await decide(trading=25, state=state, after=timedelta(seconds=60))) == 5
    assert state["issued"] == 23


async def test_no_more_is_issued_in_a_day_than_its_capacity() -> None:
    state: dict[str, Any] = {}
    given_out = []
    for hour in range(26):
        ctx = await decide(trading=0, capacity=70, state=state, after=timedelta(hours=hour))
        given_out.append(issued(ctx))
    assert given_out == [30, 30, 10, *[0] * 21, 30, 30]


@pytest.mark.parametrize(("hook", "more"), [("on_start", []), ("on_fill", [None]), ("on_order", [None])])
async def test_units_are_issued_at_ticks_alone(hook: str, more: list[Any]) -> None:
    ctx = a_context(a_market(bids="2.00", trading=10))
    await getattr(Supplier.model_validate(RULES), hook)(ctx, *more)
    assert issued(ctx) == 0
    assert asks(ctx) == [("2.04", 10)]


def test_a_capacity_below_the_size_of_an_ask_is_refused() -> None:
    with pytest.raises(ValidationError, match="must not be below the size"):
        Supplier.model_validate(RULES | {"capacity": 9})


@given(MOVES, st.integers(10, 200))
async def test_it_never_asks_less_than_its_floor_nor_issues_more_than_its_capacity(
    moves: list[Any], capacity: int
) -> None:
    toy = Toy(Supplier.model_validate(RULES | {"capacity": capacity}))
    await toy.live_through([(bid, spread, filled, 0, 60 * seconds) for bid, spread, filled, _, seconds in moves])
    assert all(place.side is Side.SELL and place.price >= Decimal("1.50") for place in toy.placed)
    by_day: Counter[date] = Counter()
    for at, units in toy.issued:
        by_day[at.date()] += units
    assert all(units <= capacity for units in by_day.values())
    assert toy.traded <= 0
