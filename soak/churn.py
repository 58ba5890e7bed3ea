"""Strategies for kills: one that trades all the time in every way, and one that lets everything come to rest."""

from __future__ import annotations

from pydantic import Field

from bot import Context, Fill, Side, Strategy


class Churn(Strategy):
    """Cancel, buy across several levels, bid below, sell across, and move units, at the start and at every tick.

    It earns nothing: it makes journal entries, requests, fills in parts and transfers, as many as it can.
    """

    units: int = Field(6, ge=1, description="units of an order that trades at once")
    rest: int = Field(2, ge=1, description="units of an order that is to rest")
    ticks_away: int = Field(6, ge=1, description="how far through the book, or below it, orders are priced, ticks")

    async def on_start(self, ctx: Context) -> None:
        self._churn(ctx)

    async def on_tick(self, ctx: Context) -> None:
        self._churn(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        bought = int(ctx.state.get("bought", 0))
        ctx.state["bought"] = bought + (fill.quantity if fill.side is Side.BUY else -fill.quantity)

    def _churn(self, ctx: Context) -> None:
        bid, ask = ctx.ticker.bid, ctx.ticker.ask
        ticks = ctx.state["ticks"] = ctx.state.get("ticks", 0) + 1
        if bid is None or ask is None:
            return
        away = ctx.market.tick * self.ticks_away
        for order in ctx.orders:
            ctx.cancel(order)
        ctx.buy(self.units, ask + away)
        ctx.buy(self.rest, max(bid - away, ctx.market.tick))
        held = ctx.position.available
        if ticks % 2 and held > self.units:
            ctx.sell(self.units, max(bid - away, ctx.market.tick))
        elif held:
            ctx.stock(min(held, 3))


class Quiet(Strategy):
    """Want nothing on the book."""

    async def on_start(self, ctx: Context) -> None:
        ctx.quote()

    async def on_tick(self, ctx: Context) -> None:
        ctx.quote()
