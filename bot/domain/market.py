"""What is traded, and where: instruments' markets, their rules and their tickers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.domain.money import on_tick
from bot.domain.order import Side


@dataclass(frozen=True, slots=True)
class Market:
    """One instrument's central limit order book.

    Attributes:
        market_id: the exchange's id of the market.
        instrument_id: the exchange's id of the instrument that is traded on it.
        symbol: the instrument's symbol, such as `text-prime`; what people call the market.
        tick: the smallest price step, USD per unit.
        min_size: the smallest order, units.
        max_size: the largest order, units; None where the exchange names none.
        status: the exchange's own word: `active`, `inactive`, `suspended`, or one it adds later.
        name: the exchange's name for the market; it and what follows describes, and makes no market another one.
        description: what the exchange says of it.
        market_type: `spot`, or one it adds later.
        created_at: when it opened, UTC.
        updated_at: when it last changed, UTC.
    """

    market_id: str
    instrument_id: str
    symbol: str
    tick: Decimal
    min_size: int = 1
    max_size: int | None = None
    status: str = "active"
    name: str | None = field(default=None, compare=False)
    description: str | None = field(default=None, compare=False)
    market_type: str | None = field(default=None, compare=False)
    created_at: datetime | None = field(default=None, compare=False)
    updated_at: datetime | None = field(default=None, compare=False)

    def faults(self, price: Decimal, quantity: int) -> list[str]:
        """What is wrong with an order's price (USD per unit) and quantity (units); empty when nothing is."""
        found = []
        if price <= 0:
            found.append(f"the price must be positive, not {price}")
        elif not on_tick(price, self.tick):
            found.append(f"the price {price} is not a whole number of ticks of {self.tick}")
        if quantity < self.min_size:
            found.append(f"the quantity must be at least {self.min_size}, not {quantity}")
        if self.max_size is not None and quantity > self.max_size:
            found.append(f"the quantity must be at most {self.max_size}, not {quantity}")
        return found


@dataclass(frozen=True, slots=True)
class Ticker:
    """A market's best prices and last trade, USD per unit; None where that side is empty or nothing traded yet.

    Attributes:
        market_id: the market.
        at: when this was so, UTC.
        bid: best price that is bid.
        ask: best price that is asked.
        last_price: price of the last trade.
        last_quantity: its quantity, units.
        last_at: when it was, UTC.
        volume_24h: units traded in the last 24 hours.
        high_24h: highest price in them.
        low_24h: lowest price in them.
        change_24h: how much the price rose in them, USD per unit.
        change_percent_24h: the same in per cent.
    """

    market_id: str
    at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    last_price: Decimal | None = None
    last_quantity: int | None = None
    last_at: datetime | None = None
    volume_24h: int | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    change_24h: Decimal | None = None
    change_percent_24h: Decimal | None = None

    @property
    def mid(self) -> Decimal | None:
        """Half-way between bid and ask; None unless both sides are quoted."""
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class MarketTrade:
    """A trade on a market, whoever's it is.

    Attributes:
        trade_id: the exchange's id of the trade.
        market_id: where it was.
        price: USD per unit.
        quantity: units.
        executed_at: when, UTC.
        side: which way the order went that came later and took; None where the exchange does not say.
        maker_order_id: the order that rested; None where the exchange does not say.
        taker_order_id: the order that took; likewise.
    """

    trade_id: str
    market_id: str
    price: Decimal
    quantity: int
    executed_at: datetime
    side: Side | None = None
    maker_order_id: str | None = None
    taker_order_id: str | None = None
