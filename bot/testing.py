"""For tests of strategies: what a hook sees, made of plain values, so that it can be called without an engine.

ctx = context(closes=[2.00, 2.00, 1.50], holding=4)
asyncio.run(MyStrategy().on_candle(ctx))
assert ctx.intents == [...]
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import structlog

from bot.domain.account import Cash, Units
from bot.domain.book import Book
from bot.domain.candle import Resolution
from bot.domain.fill import Fill
from bot.domain.market import Market, Ticker
from bot.domain.money import price_on_tick
from bot.domain.order import Order
from bot.strategy.candles import Candles
from bot.strategy.context import Context
from bot.strategy.snapshot import Consumption, MarketSnapshot

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""The moment at which a hook is called, unless a test says another."""

MARKET = Market("market-1", "instrument-1", "text-prime", Decimal("0.01"))
"""The market that a hook sees, unless a test says another."""


def context(
    *,
    closes: Sequence[float] = (),
    candles: Sequence[Candles] = (),
    bid: str | Decimal | None = None,
    ask: str | Decimal | None = None,
    last: str | Decimal | None = None,
    position: int | None = None,
    holding: int = 0,
    cash: str | Decimal | int = 1000,
    consumption: Consumption | int = 0,
    orders: Sequence[Order] = (),
    others: Sequence[Order] = (),
    fills: Sequence[Fill] = (),
    book: Book | None = None,
    state: dict[str, Any] | None = None,
    market: Market = MARKET,
    now: datetime = NOW,
) -> Context:
    """What a hook sees of one market.

    Args:
        closes: last prices of closed candles of a minute, oldest first, USD per unit; for other candles see `candles`.
        candles: closed candles, those of the instance's own resolution first, in place of `closes`.
        bid: best price that is bid, USD per unit; without it, and where there are closes, a tick below the newest.
        ask: best price that is asked, USD per unit; likewise, a tick above.
        last: price of the last trade, USD per unit; likewise, the newest close.
        position: units free in Trading; without it, as many as `holding`.
        holding: units in Trading by the instance's own doing.
        cash: free cash, USD.
        consumption: the stock in Consumption, or just how many units it holds.
        orders: the instance's live orders, oldest first.
        others: those of other instances.
        fills: the instance's newest fills, oldest first.
        book: levels of the order book.
        state: what `ctx.state` begins with; the same dictionary, so that a test can look at it afterwards.
        market: its rules and ids.
        now: when the hook is called, UTC.
    """
    own = tuple(candles) or (candles_of(closes, ends=now),)
    free = holding if position is None else position
    amount = Decimal(cash)
    snapshot = MarketSnapshot(
        market=market,
        ticker=_ticker(market, now, own[0], bid, ask, last),
        position=Units(market.instrument_id, free, free),
        consumption=Consumption(consumption) if isinstance(consumption, int) else consumption,
        orders=tuple(orders),
        others=tuple(others),
        holding=holding,
        fills=tuple(fills),
        book=book,
        candles={one.resolution: one for one in own},
    )
    return Context(
        now=now,
        cash=Cash(amount, amount),
        markets={market.symbol: snapshot},
        state={} if state is None else state,
        log=structlog.stdlib.get_logger("test"),
    )


def candles_of(
    closes: Sequence[float], resolution: Resolution | str = Resolution.M1, *, ends: datetime = NOW, volume: int = 1
) -> Candles:
    """Closed candles without a body or a wick, each at one price; the newest ends at `ends`.

    Raises:
        ValueError: there is no such resolution, or it has no fixed length.
    """
    length = Resolution(resolution).length
    if length is None:
        raise ValueError(f"candles of {resolution} are not all of one length")
    first = ends - len(closes) * length
    starts = [int((first + number * length).timestamp()) for number in range(len(closes))]
    prices = np.asarray(closes, dtype=np.float64)
    made = Candles.of(str(resolution), starts, prices, prices, prices, prices, np.full(len(prices), float(volume)))
    made.show(len(prices))
    return made


def _ticker(
    market: Market,
    now: datetime,
    candles: Candles,
    bid: str | Decimal | None,
    ask: str | Decimal | None,
    last: str | Decimal | None,
) -> Ticker:
    if len(candles):
        close = price_on_tick(candles.close[-1], market.tick)
        bid = close - market.tick if bid is None else bid
        ask = close + market.tick if ask is None else ask
        last = close if last is None else last
    prices = [None if price is None else Decimal(price) for price in (bid, ask, last)]
    return Ticker(market.market_id, now, prices[0], prices[1], prices[2])
