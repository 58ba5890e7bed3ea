"""Sell capacity: a ladder of asks above a floor, refilled with units issued for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from bot import Context, Fill, Order, Rounding, Side, Strategy

ARRIVAL = timedelta(minutes=1)
"""How long issued units may be on their way to Trading; until then it is not certain whether more are missing."""


class Supplier(Strategy):
    """Rest `levels` asks of `size` units each, `step` apart, the lowest of them `spread` above the best bid.

    It follows the bids and not the asks, for the best ask may be its own. The ladder stays where it is while it is off
    by no more than `tolerance`, and none of it is ever below `floor`.

    When Trading has fewer units than the ladder needs, what is missing is issued at a tick, up to `capacity` units a
    day (UTC) in all; then not again before that has had a minute to arrive. Units are counted before they are asked
    for, so that a crash or a refusal in between has too few issued that day, never too many. All units in Trading are
    offered, so no other strategy should hold any there.

    It loses when bids stay below the floor: then nothing is sold. And in a rising market it has sold its day's capacity
    too early.
    """

    floor: Decimal = Field(gt=0, description="the least to sell at, USD per unit")
    capacity: int = Field(ge=1, description="the most units to issue in a day")
    size: int = Field(10, ge=1, description="units of each ask")
    levels: int = Field(5, ge=1, le=50, description="asks in the ladder")
    step: Decimal = Field(Decimal("0.01"), gt=0, lt=1, description="share of the lowest ask from one to the next")
    spread: Decimal = Field(Decimal("0.01"), ge=0, lt=1, description="share above the best bid to begin at")
    tolerance: Decimal = Field(Decimal("0.005"), ge=0, lt=1, description="leave the ladder while it is off by no more")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.capacity < self.size:
            raise ValueError(f"capacity ({self.capacity}) must not be below the size of an ask ({self.size})")
        return self

    async def on_start(self, ctx: Context) -> None:
        self._offer(ctx)

    async def on_tick(self, ctx: Context) -> None:
        self._issue(ctx)
        self._offer(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        self._offer(ctx)

    async def on_order(self, ctx: Context, order: Order) -> None:
        self._offer(ctx)

    def _issue(self, ctx: Context) -> None:
        issued = 0
        if "issued_at" in ctx.state:
            last = datetime.fromisoformat(ctx.state["issued_at"])
            if ctx.now - last < ARRIVAL:
                return
            issued = ctx.state["issued"] if last.date() == ctx.now.date() else 0
        units = min(self.levels * self.size - _units(ctx), self.capacity - issued)
        if units > 0:
            ctx.state.update(issued_at=ctx.now.isoformat(), issued=issued + units)
            ctx.issue(units)

    def _offer(self, ctx: Context) -> None:
        left, asks = _units(ctx), []
        lowest = self._lowest(ctx)
        for level in range(self.levels):
            units = min(self.size, left)
            if units >= ctx.market.min_size:
                asks.append((ctx.price(lowest * (1 + self.step * level), Rounding.UP), units))
                left -= units
        ctx.quote(asks=asks)

    def _lowest(self, ctx: Context) -> Decimal:
        """The lowest ask of the ladder: where it is, if that is near enough to where it should be."""
        base = ctx.ticker.bid or ctx.ticker.last_price or self.floor
        floor = ctx.price(self.floor, Rounding.UP)
        wanted = max(floor, ctx.price(base * (1 + self.spread), Rounding.UP))
        before = Decimal(ctx.state.get("lowest", "0"))
        if before >= floor and abs(before - wanted) <= self.tolerance * wanted:
            return before
        ctx.state["lowest"] = str(wanted)
        return wanted


def _units(ctx: Context) -> int:
    """Units that may be offered: those in Trading that are free, and those on offer."""
    return ctx.position.available + ctx.on_order(Side.SELL)
