"""`bot.testing` makes what a hook sees of plain values."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.intents import PriceLevel, Quote
from bot.strategy.snapshot import Consumption
from bot.testing import MARKET, NOW, candles_of, context


def test_prices_follow_from_the_closes_unless_they_are_given() -> None:
    ticker = context(closes=[2.0, 1.505]).ticker
    assert (ticker.bid, ticker.ask, ticker.last_price) == (Decimal("1.49"), Decimal("1.51"), Decimal("1.50"))
    ticker = context(closes=[2.0], bid="1.90", ask=Decimal("2.10"), last="2.05").ticker
    assert (ticker.bid, ticker.ask, ticker.last_price) == (Decimal("1.90"), Decimal("2.10"), Decimal("2.05"))
    ticker = context(ask="2.10").ticker
    assert (ticker.bid, ticker.ask, ticker.last_price) == (None, Decimal("2.10"), None)


def test_what_is_held_is_free_unless_the_position_is_given() -> None:
    ctx = context(holding=4, cash="12.5", consumption=3)
    assert (ctx.holding, ctx.position.available, ctx.cash.available) == (4, 4, Decimal("12.5"))
    assert ctx.consumption == Consumption(3)
    assert context(holding=4, position=9).position.total == 9
    assert context(consumption=Consumption(6, burn_per_hour=2.0)).runway == timedelta(hours=3)


def test_candles_of_several_resolutions_end_now() -> None:
    ctx = context(candles=[candles_of([1.0, 2.0], volume=7), candles_of([3.0], "1h")])
    assert list(ctx.candles.close.values) == [1.0, 2.0]
    assert ctx.candles.volume[-1] == 7.0
    assert ctx.candles.starts_at() == NOW - timedelta(minutes=1)
    assert ctx.candles_of("1h").close[-1] == 3.0
    assert ctx.candles_of("1h").starts_at() == NOW - timedelta(hours=1)
    assert len(context().candles) == 0
    with pytest.raises(ValueError, match="candles of 1M are not all of one length"):
        candles_of([1.0], "1M")


def test_intents_and_state_can_be_looked_at_afterwards() -> None:
    state = {"seen": 1}
    ctx = context(closes=[2.0], holding=4, state=state)
    ctx.target(10)
    ctx.state["seen"] += 1
    (quote,) = ctx.intents
    assert quote == Quote(MARKET.market_id, (PriceLevel(Decimal("2.04"), 6),), ())
    assert state == {"seen": 2}
    assert context().state == {}
