"""What `twap` decides."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.order import Side
from bot.strategy.context import Context
from strategies.twap import Twap
from tests.strategy.scene import AT, a_context, a_market, ask, asks, bid, bids
from tests.strategy.toy import MOVES, Toy

HOUR = timedelta(hours=1)


async def decide(minutes: float = 0, done: int = 0, *, before: int = 0, **more: Any) -> Context:
    """An hour's job of 40 units in 4 slices, so many minutes after its start."""
    market = {name: more.pop(name) for name in ("orders", "trading", "bids", "asks", "last") if name in more}
    strategy = Twap.model_validate({"quantity": 40, "duration": HOUR, "limit": "3.00", "slices": 4} | more)
    sign = 1 if strategy.side is Side.BUY else -1
    started = {"started": AT.isoformat(), "held": before}
    ctx = a_context(
        a_market(holding=before + sign * done, **market), state=started, now=AT + timedelta(minutes=minutes)
    )
    await strategy.on_tick(ctx)
    return ctx


async def test_the_first_slice_waits_at_the_best_bid() -> None:
    assert bids(await decide()) == [("1.90", 10)]


async def test_in_the_second_half_of_a_slice_it_takes_what_is_missing() -> None:
    assert bids(await decide(7, done=4)) == [("1.90", 6)]
    assert bids(await decide(8, done=4)) == [("2.10", 6)]


async def test_what_earlier_slices_have_left_is_taken_at_once() -> None:
    assert bids(await decide(16, done=9)) == [("2.10", 11)]
    assert bids(await decide(16, done=10)) == [("1.90", 10)]


async def test_the_last_slice_goes_beyond_the_best_price_up_to_the_limit() -> None:
    assert bids(await decide(45, done=30)) == [("2.62", 10)]
    assert bids(await decide(45, done=30, limit="2.50")) == [("2.50", 10)]


async def test_missed_ticks_are_made_good_even_after_the_end() -> None:
    assert bids(await decide(90, done=5, limit="2.50")) == [("2.50", 35)]


async def test_with_all_done_nothing_rests() -> None:
    assert bids(await decide(20, done=40)) == []
    assert bids(await decide(90, done=40)) == []


async def test_what_it_held_before_does_not_count() -> None:
    assert bids(await decide(7, done=4, before=100)) == [("1.90", 6)]


async def test_the_start_is_remembered_and_a_restart_does_not_start_anew() -> None:
    strategy = Twap(quantity=40, duration=HOUR, limit=Decimal(3), slices=4)
    state: dict[str, Any] = {}
    await strategy.on_start(a_context(a_market(holding=7), state=state))
    assert state == {"started": AT.isoformat(), "held": 7}
    later = a_context(a_market(holding=17), state=state, now=AT + timedelta(minutes=20))
    await strategy.on_start(later)
    assert state == {"started": AT.isoformat(), "held": 7}
    assert bids(later) == [("1.90", 10)]


async def test_it_never_pays_more_than_the_limit() -> None:
    assert bids(await decide(8, limit="2.00")) == [("2.00", 10)]
    assert bids(await decide(0, limit="1.805")) == [("1.80", 10)]


async def test_with_a_side_empty_it_goes_by_the_other_and_then_by_the_last_trade() -> None:
    assert bids(await decide(8, asks=None)) == [("1.90", 10)]
    assert bids(await decide(0, bids=None)) == [("2.10", 10)]
    assert bids(await decide(0, bids=None, asks=None, last="2.00")) == [("2.00", 10)]
    assert bids(await decide(0, bids=None, asks=None)) == []


async def test_a_sale_mirrors_a_purchase() -> None:
    sale: dict[str, Any] = {"side": "sell", "limit": "1.60", "trading": 100}
    assert asks(await decide(0, **sale)) == [("2.10", 10)]
    assert asks(await decide(8, done=4, **sale)) == [("1.90", 6)]
    assert asks(await decide(45, done=30, **sale)) == [("1.60", 10)]
    assert asks(await decide(45, done=30, **sale | {"limit": "1.00"})) == [("1.43", 10)]
    assert bids(await decide(0, **sale)) == []


async def test_no_more_is_offered_than_trading_has() -> None:
    assert asks(await decide(0, side="sell", limit="1.00", trading=6)) == [("2.10", 6)]
    assert asks(await decide(0, side="sell", limit="1.00", trading=6, orders=[ask(4, "2.10")])) == [("2.10", 6)]


async def test_an_order_that_rests_right_stays() -> None:
    assert bids(await decide(0, orders=[bid(10, "1.90")])) == [("1.90", 10)]


@pytest.mark.parametrize("hook", ["on_fill", "on_order"])
async def test_fills_and_closed_orders_are_answered_at_once(hook: str) -> None:
    ctx = a_context(a_market())
    await getattr(Twap(quantity=12, duration=HOUR, limit=Decimal(3)), hook)(ctx, None)
    assert bids(ctx) == [("1.90", 1)]


@given(MOVES, st.sampled_from(Side), st.integers(1, 60), st.integers(1, 15))
async def test_it_never_trades_more_than_its_quantity_nor_beyond_its_limit(
    moves: list[Any], side: Side, quantity: int, slices: int
) -> None:
    limit = Decimal("1.50")
    strategy = Twap(side=side, quantity=quantity, duration=HOUR, limit=limit, slices=slices)
    toy = Toy(strategy, trading=100)
    await toy.live_through(moves)
    assert abs(toy.traded) + sum(order.remaining for order in toy.live) <= quantity
    assert all(place.side is side for place in toy.placed)
    assert all(place.price <= limit if side is Side.BUY else place.price >= limit for place in toy.placed)


@given(MOVES, st.sampled_from(Side), st.integers(1, 60), st.integers(1, 15))
async def test_it_is_done_by_its_deadline_where_enough_is_offered(
    moves: list[Any], side: Side, quantity: int, slices: int
) -> None:
    limit = Decimal(5) if side is Side.BUY else Decimal("0.01")
    strategy = Twap(side=side, quantity=quantity, duration=HOUR, limit=limit, slices=slices)
    toy = Toy(strategy, trading=100)
    await toy.live_through(moves)
    toy.now = max(toy.now, AT + HOUR * (1 - 0.5 / slices))  # one tick in the last slice
    for _ in range(2):  # the first may have to cancel before the second can take
        toy.offer(100)
        await toy.call("on_tick")
    assert abs(toy.traded) == quantity
