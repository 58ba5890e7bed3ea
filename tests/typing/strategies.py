"""What strategy authors write, as mypy sees it. Checked with the rest of the project, never run.

An expected error is marked with `type: ignore`; mypy complains if it does not occur.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, assert_type

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from bot import (
    Book,
    Candles,
    Consumption,
    Context,
    Fill,
    Lot,
    MarketView,
    Order,
    Problem,
    ProblemKind,
    Rounding,
    Series,
    Side,
    Strategy,
    atr,
    bollinger,
    crossed_above,
    ema,
    macd,
    rsi,
    sma,
    zscore,
)


class Everything(Strategy):
    """Every hook, and everything that a hook can see and say."""

    resolutions: ClassVar = ("1h",)
    history: ClassVar[int] = 50
    depth = 5

    size: int = Field(10, ge=1)
    price: Decimal = Field(Decimal("2.50"), gt=0)
    patience: timedelta = timedelta(minutes=5)

    async def on_start(self, ctx: Context) -> None:
        assert_type(ctx.now, datetime)
        assert_type(ctx.symbols, tuple[str, ...])
        assert_type(ctx["code-max"], MarketView)
        assert_type(ctx.market.tick, Decimal)
        assert_type(ctx.ticker.bid, Decimal | None)
        assert_type(ctx.cash.available, Decimal)
        assert_type(ctx.position.available, int)
        assert_type(ctx.holding, int)
        assert_type(ctx.book, Book | None)
        assert_type(ctx.fills, tuple[Fill, ...])
        assert_type(ctx.orders, tuple[Order, ...])
        assert_type(ctx.consumption, Consumption)
        assert_type(ctx.consumption.lots, tuple[Lot, ...])
        assert_type(ctx.runway, timedelta | None)
        assert_type(ctx.on_order(Side.BUY), int)

    async def on_tick(self, ctx: Context) -> None:
        price = ctx.price(2.004, Rounding.DOWN)
        assert_type(price, Decimal)
        ctx.quote(bids=[(price, self.size)], asks=[(price + ctx.market.tick, 1)], post_only=True)
        ctx.target(self.size)
        ctx.buy(1)
        ctx.sell(1, price, post_only=True)
        ctx.stock(1)
        ctx.issue(1)
        ctx.buy(1.5, price)  # type: ignore[arg-type]
        ctx.buy(1, 2.5)  # type: ignore[arg-type]
        ctx.target(10, slippage=0.01)  # type: ignore[arg-type]
        if ctx.inference is not None:
            answer = await ctx.inference.complete("text-prime", [{"role": "user", "content": "hello"}], max_tokens=10)
            assert_type(answer, str)

    async def on_candle(self, ctx: Context) -> None:
        assert_type(ctx.candles, Candles)
        close = ctx.candles_of("1h").close
        assert_type(close, Series)
        assert_type(close[-1], float)
        assert_type(close[-5:], npt.NDArray[np.float64])
        assert_type(close.values, npt.NDArray[np.float64])
        assert_type(ctx.candles.frame(), pd.DataFrame)
        assert_type(sma(rsi(close, 14), 3), Series)
        assert_type(crossed_above(ema(close, 5), 2.0), bool)
        assert_type(bollinger(close).upper, Series)
        assert_type(macd(close).signal[-1], float)
        assert_type(atr(ctx.candles)[-1], float)
        assert_type(zscore(close, 20)[-1], float)
        crossed_above(close, "2.00")  # type: ignore[arg-type]

    async def on_book(self, ctx: Context) -> None:
        if ctx.book is not None:
            assert_type(ctx.book.bids[0].price, Decimal)

    async def on_order(self, ctx: Context, order: Order) -> None:
        ctx.cancel(order)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        ctx.state["bought"] = fill.quantity

    async def on_error(self, ctx: Context, problem: Problem) -> None:
        if problem.kind is ProblemKind.HELD_BACK:
            ctx.log.warning(problem.why)

    async def on_stop(self, ctx: Context) -> None:
        ctx.quote()


class NotAsync(Strategy):
    def on_tick(self, ctx: Context) -> None: ...  # type: ignore[override]


class WrongArguments(Strategy):
    async def on_fill(self, ctx: Context) -> None: ...  # type: ignore[override]


Everything(size=1, price=Decimal(2))
Everything(siez=1)  # type: ignore[call-arg]
Everything().size = 3  # type: ignore[misc]
