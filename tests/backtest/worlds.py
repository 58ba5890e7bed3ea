"""Histories and strategies that the back-test's tests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from bot import Context, Order, Problem, Strategy
from bot.backtest import History
from bot.domain.candle import Candle, Resolution
from bot.domain.intents import Intent
from bot.domain.market import Market

START = datetime(2026, 1, 5, tzinfo=UTC)
MARKET = Market("m-1", "i-1", "text-prime", Decimal("0.01"))


def candles(*texts: str, volume: int = 100) -> History:
    """Minutes from START on: "open high low close" in cents, or one price for all four."""
    rows = []
    for minute, text in enumerate(texts):
        prices = [Decimal(one) / 100 for one in text.split()]
        opened, high, low, close = prices * 4 if len(prices) == 1 else prices
        rows.append(Candle(START + timedelta(minutes=minute), opened, high, low, close, volume))
    return History.of(MARKET, rows, Resolution.M1)


def usd(cents: int) -> Decimal:
    return Decimal(cents) / 100


class Scripted(Strategy):
    """Does at candle n what `plan[n]` says, and notes what it was told."""

    plan: dict[int, Callable[[Context], None]] = Field(default_factory=dict)
    told: list[Any] = Field(default_factory=list)

    async def on_candle(self, ctx: Context) -> None:
        if step := self.plan.get(len(ctx.candles) - 1):
            step(ctx)

    async def on_fill(self, ctx: Context, fill: Any) -> None:
        self.told.append(fill)

    async def on_order(self, ctx: Context, order: Order) -> None:
        self.told.append(order)

    async def on_error(self, ctx: Context, problem: Problem) -> None:
        self.told.append(problem)


class Stepping(Strategy):
    """Passes every candle to `step`."""

    step: Callable[[Context], None]

    async def on_candle(self, ctx: Context) -> None:
        self.step(ctx)


class Noting(Strategy):
    """Passes every candle to `step`, and notes the intents that it stated."""

    step: Callable[[Context], None]
    noted: list[list[Intent]] = Field(default_factory=list)

    async def on_candle(self, ctx: Context) -> None:
        self.step(ctx)
        self.noted.append(list(ctx.intents))
