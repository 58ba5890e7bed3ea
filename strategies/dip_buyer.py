"""Buy when the price dips below its mean, a lot at a time, and sell when it has come back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import Field

from bot import Context, Fill, Order, Rounding, Side, Strategy, sma


class DipBuyer(Strategy):
    """Bid for `lot` units `drop` below the mean of the last `window` closes, and offer what is bought at a profit.

    The second lot is bid for at twice the drop, the third at three times, and so on up to `lots`; so a fall has to go
    on to be bought again. All that is held is offered together at `take_profit` above what it cost in the mean. Once
    the last buy is `patience` old, it is offered at the best bid instead, and nothing is bought until it is gone.

    What is held, what it cost and since when it reads from its own fills, which the bot keeps.

    It loses when the price does not come back: the more it falls, the more is bought, up to all `lots`, and after
    `patience` they are sold for less than they cost.
    """

    lot: int = Field(5, ge=1, description="units to buy at a time")
    lots: int = Field(3, ge=1, description="the most lots to hold")
    window: int = Field(60, ge=2, description="candles in the mean")
    drop: Decimal = Field(Decimal("0.03"), gt=0, lt=1, description="how far below the mean to bid, for each lot anew")
    take_profit: Decimal = Field(Decimal("0.02"), gt=0, description="share above their mean cost to sell units at")
    patience: timedelta = Field(
        timedelta(hours=12), gt=timedelta(0), description="sell at the best bid so long after the last buy"
    )

    async def on_candle(self, ctx: Context) -> None:
        self._requote(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        self._requote(ctx)

    async def on_order(self, ctx: Context, order: Order) -> None:
        self._requote(ctx)

    def _requote(self, ctx: Context) -> None:
        cost, bought_at = _bought(ctx.fills)
        held = min(ctx.holding, ctx.position.available + ctx.on_order(Side.SELL))
        if held < ctx.market.min_size:
            ctx.quote(bids=self._bids(ctx))
        elif bought_at is None or ctx.now - bought_at >= self.patience:
            ctx.quote(asks=[] if ctx.ticker.bid is None else [(ctx.ticker.bid, held)])
        else:
            ask = ctx.price(cost * (1 + self.take_profit), Rounding.UP)
            ctx.quote(bids=[bid for bid in self._bids(ctx) if bid[0] < ask], asks=[(ask, held)])

    def _bids(self, ctx: Context) -> list[tuple[Decimal, int]]:
        """A bid for the lot that comes next, or for what is missing of it."""
        full, part = divmod(max(0, ctx.holding), self.lot)
        close = ctx.candles.close
        if full >= self.lots or len(close) < self.window or self.lot - part < ctx.market.min_size:
            return []
        mean = Decimal(repr(sma(close, self.window)[-1]))
        price = ctx.price(mean * (1 - self.drop * (full + 1)), Rounding.DOWN)
        return [(price, self.lot - part)] if price > 0 else []


def _bought(fills: Iterable[Fill]) -> tuple[Decimal, datetime | None]:
    """What the units held have cost in the mean, USD each, and when the last of them were bought."""
    units, cost, bought_at = 0, Decimal(0), None
    for fill in fills:
        if fill.side is Side.BUY:
            units, cost, bought_at = units + fill.quantity, cost + fill.notional, fill.executed_at
        elif fill.quantity < units:
            units, cost = units - fill.quantity, cost * (units - fill.quantity) / units
        else:
            units, cost, bought_at = 0, Decimal(0), None
    return (cost / units if units else Decimal(0)), bought_at
