"""What `dip_buyer` decides."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.order import Order, Side
from bot.execution.planner import plan
from bot.strategy.context import Context
from strategies.dip_buyer import DipBuyer
from tests.strategy.scene import AT, a_context, a_market, asks, bid, bids, closes, fill

FLAT = (2.0,) * 4
HOUR = timedelta(hours=1)


async def decide(
    *fills: Fill,
    prices: tuple[float, ...] = FLAT,
    orders: tuple[Order, ...] = (),
    after: timedelta = HOUR,
    **market: Any,
) -> Context:
    held = sum(one.quantity if one.side is Side.BUY else -one.quantity for one in fills)
    known: dict[str, Any] = {"holding": held, "candles": closes(*prices)} | market
    ctx = a_context(a_market(fills=fills, orders=orders, **known), now=AT + after)
    strategy = DipBuyer(lot=5, lots=3, window=4, drop=Decimal("0.05"), take_profit=Decimal("0.1"))
    await strategy.on_candle(ctx)
    return ctx


def buy(units: int, at: str, when: timedelta = timedelta(0)) -> Fill:
    return fill(Side.BUY, units, at, AT + when)


def sell(units: int, at: str) -> Fill:
    return fill(Side.SELL, units, at, AT)


async def test_it_bids_for_a_lot_below_the_mean() -> None:
    ctx = await decide()
    assert (bids(ctx), asks(ctx)) == ([("1.90", 5)], [])


async def test_before_there_is_a_mean_it_bids_nothing() -> None:
    assert bids(await decide(prices=(2.0,) * 3)) == []


async def test_each_further_lot_takes_a_deeper_dip() -> None:
    assert bids(await decide(buy(5, "1.90"))) == [("1.80", 5)]
    assert bids(await decide(buy(5, "1.90"), buy(5, "1.80"))) == [("1.70", 5)]


async def test_no_more_lots_are_bought_than_may_be() -> None:
    assert bids(await decide(buy(5, "1.90"), buy(5, "1.80"), buy(5, "1.70"))) == []


async def test_what_is_missing_of_a_lot_is_bid_for_alone() -> None:
    ctx = await decide(buy(2, "1.90"), orders=(bid(3, "1.90"),))
    assert bids(ctx) == [("1.90", 3)]
    assert plan(ctx.intents, ctx.orders).cancels == ()


async def test_what_it_holds_is_offered_above_its_mean_cost() -> None:
    assert asks(await decide(buy(5, "1.90"))) == [("2.09", 5)]
    assert asks(await decide(buy(5, "1.90"), buy(5, "1.80"))) == [("2.04", 10)]


async def test_sales_leave_the_mean_cost_of_the_rest_as_it_is() -> None:
    assert asks(await decide(buy(5, "1.90"), buy(5, "1.80"), sell(4, "2.04"))) == [("2.04", 6)]
    assert asks(await decide(buy(5, "1.90"), sell(5, "2.09"), buy(5, "1.50"))) == [("1.65", 5)]


async def test_with_all_sold_it_begins_anew() -> None:
    ctx = await decide(buy(5, "1.90"), sell(5, "2.09"))
    assert (bids(ctx), asks(ctx)) == ([("1.90", 5)], [])


async def test_after_its_patience_it_sells_at_the_best_bid_and_buys_nothing() -> None:
    ctx = await decide(buy(5, "1.90"), after=timedelta(hours=12))
    assert (bids(ctx), asks(ctx)) == ([], [("1.90", 5)])
    ctx = await decide(buy(5, "1.90"), buy(5, "1.80", 2 * HOUR), after=timedelta(hours=13))
    assert asks(ctx) == [("2.04", 10)]


async def test_with_nobody_bidding_it_waits() -> None:
    ctx = await decide(buy(5, "1.90"), after=timedelta(hours=12), bids=None)
    assert (bids(ctx), asks(ctx)) == ([], [])


async def test_units_of_which_no_fill_is_known_are_sold() -> None:
    assert asks(await decide(holding=5)) == [("1.90", 5)]


async def test_no_more_is_offered_than_trading_has() -> None:
    assert asks(await decide(buy(5, "1.90"), trading=3)) == [("2.09", 3)]


async def test_it_does_not_bid_what_it_asks() -> None:
    ctx = await decide(buy(5, "1.50"))
    assert (bids(ctx), asks(ctx)) == ([], [("1.65", 5)])


@pytest.mark.parametrize("hook", ["on_fill", "on_order"])
async def test_fills_and_closed_orders_are_answered_at_once(hook: str) -> None:
    ctx = a_context(a_market(candles=closes(*FLAT)))
    await getattr(DipBuyer(window=4), hook)(ctx, None)
    assert bids(ctx) == [("1.94", 5)]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=12), st.lists(st.floats(0.5, 5), min_size=4))
async def test_it_never_comes_to_more_than_its_lots_and_sells_no_more_than_it_holds(
    trades: list[tuple[bool, int]], prices: list[float]
) -> None:
    fills, held = [], 0
    for is_buy, units in trades:
        units = min(units, 15 - held if is_buy else held)
        if units:
            fills.append(buy(units, "1.90") if is_buy else sell(units, "2.00"))
            held += units if is_buy else -units
    ctx = await decide(*fills, prices=tuple(prices))
    assert held + sum(units for _, units in bids(ctx)) <= 15
    assert sum(units for _, units in asks(ctx)) <= held
    assert not bids(ctx) or not asks(ctx) or Decimal(bids(ctx)[0][0]) < Decimal(asks(ctx)[0][0])
