"""Trade a quantity evenly over a span of time, to move the price little and pay its mean."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import Field

from bot import Context, Fill, Order, Rounding, Side, Strategy

REACH = Decimal("0.25")
"""How far beyond the best price the last slice may go at once; the limits on orders refuse what goes much further."""


class Twap(Strategy):
    """Buy or sell `quantity` units within `duration` of the first start, in `slices` that are released evenly.

    A slice first waits at the best price of its own side. After the part `patience` of its time, or at once where
    earlier ones are not done, it takes the best price of the other side. The last slice takes whatever there is up to
    `limit`, so that all is done by the end of the duration, given a tick in that slice. What a bot that was down has
    missed is due when it is back, the end of the duration past or not.

    `quantity` is never exceeded. How much is done is told by what the instance has traded since its first start, which
    the bot keeps; a restart goes on, and for another job the instance gets another name.

    It loses when the price runs away for all of the duration, and is not done where the market stays beyond `limit`.
    """

    side: Side = Field(Side.BUY, description="buy or sell")
    quantity: int = Field(ge=1, description="units to trade in all")
    duration: timedelta = Field(gt=timedelta(0), description="within which time")
    limit: Decimal = Field(gt=0, description="the most to pay, or the least to accept, USD per unit")
    slices: int = Field(12, ge=1, description="parts that are released evenly over the duration; tick more often")
    patience: float = Field(0.5, ge=0, le=1, description="part of a slice's time that it waits before it takes")

    async def on_start(self, ctx: Context) -> None:
        self._trade(ctx)

    async def on_tick(self, ctx: Context) -> None:
        self._trade(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        self._trade(ctx)

    async def on_order(self, ctx: Context, order: Order) -> None:
        self._trade(ctx)

    def _trade(self, ctx: Context) -> None:
        state = ctx.state
        if "started" not in state:
            state.update(started=ctx.now.isoformat(), held=ctx.holding)
        done = abs(ctx.holding - state["held"])
        elapsed = (ctx.now - datetime.fromisoformat(state["started"])) / self.duration * self.slices
        number = min(int(elapsed), self.slices - 1)
        missing = self.quantity * (number + 1) // self.slices - done
        is_behind = done < self.quantity * number // self.slices or elapsed - number >= self.patience
        price = self._price(ctx, is_last=number == self.slices - 1, takes=is_behind)
        if self.side is Side.SELL:
            missing = min(missing, ctx.position.available + ctx.on_order(Side.SELL))
        if missing < ctx.market.min_size or price is None:
            ctx.quote()
        elif self.side is Side.BUY:
            ctx.quote(bids=[(price, missing)])
        else:
            ctx.quote(asks=[(price, missing)])

    def _price(self, ctx: Context, *, is_last: bool, takes: bool) -> Decimal | None:
        """The price to trade at; None while there is nothing to go by."""
        buys = self.side is Side.BUY
        near, far = (ctx.ticker.bid, ctx.ticker.ask) if buys else (ctx.ticker.ask, ctx.ticker.bid)
        wanted = far if takes else near
        if is_last and far is not None:
            wanted = far * (1 + REACH if buys else 1 - REACH)
        wanted = wanted or near or far or ctx.ticker.last_price
        if wanted is None:
            return None
        if buys:
            return ctx.price(min(wanted, self.limit), Rounding.DOWN)
        return ctx.price(max(wanted, self.limit), Rounding.UP)
