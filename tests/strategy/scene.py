"""Contexts and orders for tests of single decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog

from bot.domain.account import Cash, Units
from bot.domain.book import Book, Level
from bot.domain.candle import Candle
from bot.domain.fill import Fill
from bot.domain.intents import Intent, Issue, Quote, Stock
from bot.domain.market import Market, Ticker
from bot.domain.order import Order, OrderState, Side
from bot.strategy.candles import Candles
from bot.strategy.context import Context
from bot.strategy.snapshot import Consumption, MarketSnapshot

AT = datetime(2026, 1, 5, tzinfo=UTC)
PRIME = Market("m", "i", "text-prime", Decimal("0.01"))
MAX = Market("m-max", "i-max", "text-max", Decimal("0.01"))


def price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def order(side: Side, units: int, at: str, *, number: int = 1, filled: int = 0, market: Market = PRIME) -> Order:
    return Order(
        f"gb-{number}", "s", market.market_id, side, units, Decimal(at), AT, AT, OrderState.OPEN, f"o-{number}", filled
    )


def bid(units: int, at: str, **more: Any) -> Order:
    return order(Side.BUY, units, at, **more)


def ask(units: int, at: str, **more: Any) -> Order:
    return order(Side.SELL, units, at, **more)


def fill(side: Side, units: int, at: str, when: datetime = AT) -> Fill:
    return Fill(f"t-{when}-{units}-{at}", "o", "m", side, Decimal(at), units, when)


def book(bids: Mapping[str, int], asks: Mapping[str, int]) -> Book:
    return Book(
        "m",
        tuple(Level(Decimal(at), units) for at, units in bids.items()),
        tuple(Level(Decimal(at), units) for at, units in asks.items()),
    )


def closes(*prices: float) -> dict[str, Candles]:
    """One-minute candles with these closes, the last of which has just closed."""
    candles = Candles("1m")
    for number, close in enumerate(prices):
        value = Decimal(repr(close))
        start = AT - timedelta(minutes=len(prices) - number)
        candles.append(Candle(start, value, value, value, value, 1))
    return {"1m": candles}


def a_market(
    bids: str | None = "1.90",
    asks: str | None = "2.10",
    *,
    orders: Sequence[Order] = (),
    others: Sequence[Order] = (),
    trading: int | None = None,
    stock: int = 0,
    moving: int = 0,
    burn: float | None = None,
    holding: int = 0,
    fills: Sequence[Fill] = (),
    depth: Book | None = None,
    candles: Mapping[str, Candles] | None = None,
    last: str | None = None,
    market: Market = PRIME,
) -> MarketSnapshot:
    """A market at its prices; Trading has what the instance holds, if nothing else is said."""
    total = holding if trading is None else trading
    locked = sum(one.remaining for one in (*orders, *others) if one.side is Side.SELL)
    return MarketSnapshot(
        market,
        Ticker(market.market_id, AT, price(bids), price(asks), price(last)),
        Units(market.instrument_id, total, total - locked, locked),
        Consumption(stock, moving, burn),
        tuple(orders),
        tuple(others),
        holding,
        tuple(fills),
        depth,
        candles or {},
    )


def a_context(
    *markets: MarketSnapshot,
    cash: Decimal = Decimal(1000),
    state: dict[str, Any] | None = None,
    now: datetime = AT,
) -> Context:
    return Context(
        now=now,
        cash=Cash(cash, cash),
        markets={one.market.symbol: one for one in markets},
        state={} if state is None else state,
        log=structlog.stdlib.get_logger(),
    )


def quoted(intents: Iterable[Intent], side: Side, market: Market = PRIME) -> list[tuple[str, int]]:
    """The side's levels of the one quote for a market, prices as text."""
    (quote,) = [one for one in intents if isinstance(one, Quote) and one.market_id == market.market_id]
    return [(str(level.price), level.quantity) for level in (quote.bids if side is Side.BUY else quote.asks)]


def bids(ctx: Context, market: Market = PRIME) -> list[tuple[str, int]]:
    return quoted(ctx.intents, Side.BUY, market)


def asks(ctx: Context, market: Market = PRIME) -> list[tuple[str, int]]:
    return quoted(ctx.intents, Side.SELL, market)


def moved(ctx: Context, market: Market = PRIME) -> int:
    return sum(
        one.quantity for one in ctx.intents if isinstance(one, Stock) and one.instrument_id == market.instrument_id
    )


def issued(ctx: Context) -> int:
    return sum(one.quantity for one in ctx.intents if isinstance(one, Issue))
