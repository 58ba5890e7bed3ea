"""Candles a second of the back-test's event engine beside a plain Python loop that does the same by hand.

    python benchmarks/backtest_engine.py [CANDLES] [ROUNDS]

Two workloads on synthetic one-minute candles: SMA 10/30, which holds 10 units while the fast mean is above the slow
one; and quotes, which bid and ask for a unit 0.1 % off the close, cancelled and replaced at every candle, with the
inventory within 10 units of what it began with. The plain loops keep cash as floats and know nothing of ticks, fees,
refusals or hooks: they are what the trading rule itself takes in Python.

All take turns in one run, on the process's own processor time; the fastest round counts, for whatever else runs on the
machine can only slow a round down. Ratios tell more than figures.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

import numpy as np

from bot import Context, Rounding, Strategy, crossed_above, crossed_below, sma
from bot.backtest import Backtest, FillRules, History
from bot.domain.market import Market

MARKET = Market("m-1", "i-1", "text-prime", Decimal("0.0001"))


class SmaCross(Strategy):
    history: ClassVar[int] = 30

    size: int = 10
    fast: int = 10
    slow: int = 30

    async def on_candle(self, ctx: Context) -> None:
        close = ctx.candles.close
        fast, slow = sma(close, self.fast), sma(close, self.slow)
        if crossed_above(fast, slow):
            ctx.target(self.size)
        elif crossed_below(fast, slow):
            ctx.target(0)


class Quotes(Strategy):
    most: int = 10

    async def on_candle(self, ctx: Context) -> None:
        close = ctx.candles.close[-1]
        holding, most = ctx.holding, self.most
        ctx.quote(
            bids=[(ctx.price(close * 0.999, Rounding.DOWN), 1)] if holding < most else (),
            asks=[(ctx.price(close * 1.001, Rounding.UP), 1)] if holding > -most else (),
        )


def synthetic(candles: int) -> History:
    draw = np.random.default_rng(7)
    close = 2.0 * np.exp(np.cumsum(draw.normal(0, 0.0005, candles)))
    opened = np.concatenate([[2.0], close[:-1]])
    spread = np.abs(draw.normal(0, 0.0003, candles))
    return History.of_arrays(
        MARKET,
        np.arange(candles, dtype=np.int64) * 60_000_000_000,
        open=opened,
        high=np.maximum(opened, close) * (1 + spread),
        low=np.minimum(opened, close) * (1 - spread),
        close=close,
        volume=draw.integers(1, 1000, candles),
    )


def plain_sma(history: History) -> float:
    opens, closes = (history.open / 1e6).tolist(), (history.close / 1e6).tolist()
    fast: deque[float] = deque(maxlen=10)
    slow: deque[float] = deque(maxlen=30)
    fast_sum = slow_sum = 0.0
    cash, units, wanted, was_above = 10_000.0, 0, 0, None
    for open_, close in zip(opens, closes, strict=True):
        if units != wanted:
            cash -= (wanted - units) * open_
            units = wanted
        if len(fast) == 10:
            fast_sum -= fast[0]
        if len(slow) == 30:
            slow_sum -= slow[0]
        fast.append(close)
        slow.append(close)
        fast_sum += close
        slow_sum += close
        if len(slow) == 30:
            above = fast_sum / 10 > slow_sum / 30
            if was_above is not None and above != was_above:
                wanted = 10 if above else 0
            was_above = above
    return float(cash + units * closes[-1])


def plain_quotes(history: History) -> float:
    opens, highs = (history.open / 1e6).tolist(), (history.high / 1e6).tolist()
    lows, closes = (history.low / 1e6).tolist(), (history.close / 1e6).tolist()
    cash, inventory = 10_000.0, 0
    bid: float | None = None
    ask: float | None = None
    for open_, high, low, close in zip(opens, highs, lows, closes, strict=True):
        if bid is not None and low <= bid:
            cash -= min(bid, open_)
            inventory += 1
        if ask is not None and high >= ask:
            cash += max(ask, open_)
            inventory -= 1
        bid = close * 0.999 if inventory < 10 else None
        ask = close * 1.001 if inventory > -10 else None
    return float(cash + (inventory + 10) * closes[-1])


def pace(run: Callable[[], object], candles: int) -> float:
    gc.collect()
    began = time.process_time()
    run()
    return candles / (time.process_time() - began)


def main(candles: int = 100_000, rounds: int = 5) -> None:
    history = synthetic(candles)
    sma_test = Backtest(SmaCross(), history)
    quote_test = Backtest(Quotes(), history, units=10, rules=FillRules(requote=True))
    runs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "SMA 10/30": (sma_test.run, lambda: plain_sma(history)),
        "quotes": (quote_test.run, lambda: plain_quotes(history)),
    }
    print(f"{candles:,} candles, the fastest of {rounds} rounds; SMA made {len(sma_test.run().fills)} fills,")
    print(f"quotes {len(quote_test.run().fills)}")
    for name, both in runs.items():
        paces = [[pace(run, candles) for run in both] for _ in range(rounds)]
        engine, loop = (max(column) for column in zip(*paces, strict=True))
        print(f"{name:10} {engine:>10,.0f} /s   plain loop {loop:>10,.0f} /s   {engine / loop:.2f} of it")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
