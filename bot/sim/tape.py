"""A market's trades: the newest ones, candles of all, and totals since the market opened."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from bot.domain.money import MICROS_PER_USD
from bot.sim.orders import SimTrade
from bot.sim.price_history import PriceHistory

_RECENT = 1_000


class Tape:
    """What was traded on one market.

    Attributes:
        recent: the newest trades, oldest first.
        count: number of trades since the market opened.
        volume: units traded since then.
        notional: micro-dollars paid for them.
        prices: candles.
    """

    __slots__ = ("count", "notional", "prices", "recent", "volume")

    def __init__(self) -> None:
        self.recent: deque[SimTrade] = deque(maxlen=_RECENT)
        self.count = 0
        self.volume = 0
        self.notional = 0
        self.prices = PriceHistory()

    @property
    def last(self) -> SimTrade | None:
        """The newest trade."""
        return self.recent[-1] if self.recent else None

    @property
    def mean_price(self) -> Decimal | None:
        """Volume-weighted mean price of all trades, USD per unit; None before the first."""
        return Decimal(self.notional) / (self.volume * MICROS_PER_USD) if self.volume else None

    def record(self, trade: SimTrade) -> None:
        """Take in a trade, which must not be older than the last."""
        price, quantity = trade.price, trade.quantity
        self.recent.append(trade)
        self.count += 1
        self.volume += quantity
        self.notional += price * quantity
        self.prices.record(trade.executed_at, price, quantity)
