"""Follow the trend: hold units while the fast mean of the price is above the slow one."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from bot import Context, Strategy, sma


class SmaCross(Strategy):
    """Hold `size` units while the mean of the last `fast` closes is above that of the last `slow`, else none.

    It looks at which mean is above the other and not at the moment of their crossing, and compares what it should hold
    with what it does. So a crossing while the bot was down, an order that was refused, and one that filled in part are
    made good at the next candle, and nothing is bought twice, however often it is started.

    It loses in a market without a trend, where the means cross back and forth and every round trip pays the spread;
    and it is late at every turn, by about half of `slow` candles.
    """

    size: int = Field(10, ge=1, description="units to hold while the fast mean is above")
    fast: int = Field(10, ge=1, description="candles in the fast mean")
    slow: int = Field(30, ge=2, description="candles in the slow mean")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be fewer candles than slow ({self.slow})")
        return self

    async def on_candle(self, ctx: Context) -> None:
        close = ctx.candles.close
        fast, slow = sma(close, self.fast)[-1], sma(close, self.slow)[-1]
        if fast > slow:
            ctx.target(self.size)
        elif fast < slow:
            ctx.target(0)
