"""What `sma_cross` decides."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.domain.order import Order
from bot.execution.planner import plan
from bot.strategy.context import Context
from strategies.sma_cross import SmaCross
from tests.strategy.scene import a_context, a_market, ask, asks, bid, bids, closes

RISING = (1.0, 1.0, 1.0, 1.5, 2.0)
FALLING = (2.0, 2.0, 2.0, 1.5, 1.0)


async def decide(prices: tuple[float, ...], *resting: Order, **market: Any) -> Context:
    ctx = a_context(a_market(orders=resting, candles=closes(*prices), **market))
    await SmaCross(size=10, fast=2, slow=4).on_candle(ctx)
    return ctx


async def test_it_buys_while_the_fast_mean_is_above() -> None:
    assert bids(await decide(RISING)) == [("2.13", 10)]


async def test_it_sells_while_the_fast_mean_is_below() -> None:
    assert asks(await decide(FALLING, holding=10)) == [("1.88", 10)]


async def test_with_the_means_alike_or_too_few_candles_it_says_nothing() -> None:
    assert (await decide((2.0, 2.0, 2.0, 2.0))).intents == []
    assert (await decide((1.0, 2.0, 3.0))).intents == []


async def test_what_it_holds_is_not_bought_again_by_a_bot_that_has_just_started() -> None:
    assert bids(await decide(RISING, holding=10)) == []


async def test_what_is_missing_after_a_restart_is_bought_and_no_more() -> None:
    assert bids(await decide(RISING, holding=4)) == [("2.13", 6)]


async def test_a_turn_that_was_missed_is_made_good() -> None:
    long_falling = (*FALLING, 0.9, 0.8)
    assert asks(await decide(long_falling, holding=10)) == [("1.88", 10)]


async def test_an_order_that_still_takes_stays() -> None:
    ctx = await decide(RISING, bid(10, "2.11"))
    assert not plan(ctx.intents, ctx.orders)
    ctx = await decide(FALLING, ask(10, "1.89"), holding=10)
    assert not plan(ctx.intents, ctx.orders)


async def test_what_is_still_on_bid_when_the_trend_turns_is_taken_off() -> None:
    ctx = await decide(FALLING, bid(10, "2.13"))
    assert plan(ctx.intents, ctx.orders).cancels == ("gb-1",)


def test_the_fast_mean_has_to_be_the_faster_one() -> None:
    with pytest.raises(ValidationError, match="must be fewer candles than slow"):
        SmaCross(fast=30, slow=30)
