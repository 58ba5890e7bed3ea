"""Orders, fills and facts for tests of limits and gate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.domain.fill import Fill
from bot.domain.intents import Place
from bot.domain.market import Market, Ticker
from bot.domain.order import Order, OrderState, Side
from bot.risk.facts import Facts, MarketFacts

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
MARKET = Market("mkt-1", "ins-1", "text-prime", Decimal("0.01"))


def a_place(side: Side = Side.BUY, quantity: int = 10, price: str = "2.00") -> Place:
    return Place(MARKET.market_id, side, quantity, Decimal(price))


def an_order(
    side: Side = Side.BUY,
    quantity: int = 10,
    price: str = "2.00",
    *,
    strategy: str = "stock",
    filled: int = 0,
    age: float = 600,
    ident: str = "gb-1",
) -> Order:
    at = NOW - timedelta(seconds=age)
    return Order(
        ident,
        strategy,
        MARKET.market_id,
        side,
        quantity,
        Decimal(price),
        at,
        at,
        state=OrderState.OPEN,
        order_id=f"venue-{ident}",
        filled=filled,
    )


def a_fill(
    quantity: int = 10,
    price: str = "2.00",
    *,
    trade: str = "t-1",
    side: Side = Side.BUY,
    age: float = 60,
    fee: str = "0",
    order_id: str = "venue-gb-1",
) -> Fill:
    at = NOW - timedelta(seconds=age)
    return Fill(trade, order_id, MARKET.market_id, side, Decimal(price), quantity, at, Decimal(fee))


def a_ticker(bid: str | None = "1.98", ask: str | None = "2.02", last: str | None = "2.00") -> Ticker:
    bid_, ask_, last_ = (None if price is None else Decimal(price) for price in (bid, ask, last))
    return Ticker(MARKET.market_id, NOW, bid=bid_, ask=ask_, last_price=last_)


def some_facts(
    orders: Sequence[Order] = (),
    *,
    held: int = 0,
    ticker: Ticker | None = None,
    prices_age: float = 0,
    holdings_age: float = 0,
    heard: int = 0,
    now: datetime = NOW,
) -> Facts:
    market = MarketFacts(MARKET, ticker or a_ticker(), now - timedelta(seconds=prices_age), held)
    return Facts({MARKET.market_id: market}, now - timedelta(seconds=holdings_age), heard, tuple(orders))
