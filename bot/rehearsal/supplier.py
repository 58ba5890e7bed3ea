"""A strategy that issues units and sells them."""

from __future__ import annotations

from pydantic import Field

from bot import Context, Strategy


class Supplier(Strategy):
    """Issue units whenever few are left, and offer them just above the best bid. It earns what it gets."""

    size: int = Field(5, ge=1, description="units that it issues at a time, and the most that it offers")

    async def on_tick(self, ctx: Context) -> None:
        """Issue what is missing, and offer what is there."""
        if ctx.position.total < self.size:
            ctx.issue(self.size)
        units = min(self.size, ctx.position.total)
        if ctx.ticker.bid is None or units < ctx.market.min_size:
            ctx.quote()
        else:
            ctx.quote(asks=[(ctx.ticker.bid + ctx.market.tick, units)])
