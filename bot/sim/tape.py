"""A market's trades: the newest ones, the last day in quarter-hour bars, and totals since the market opened."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.money import MICROS_PER_USD
from bot.sim.orders import SimTrade

_RECENT = 1_000
_BAR_SECONDS = 15 * 60
_BARS_A_DAY = 24 * 3600 // _BAR_SECONDS


@dataclass(slots=True)
class Bar:
    """Prices (micro-dollars per unit), units and trades of one quarter of an hour, or of a day."""

    number: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    trades: int = 0


class Tape:
    """What was traded on one market; its size does not grow with time.

    Attributes:
        recent: the newest trades, oldest first.
        volume: units traded since the market opened.
        notional: micro-dollars paid for them.
    """

    __slots__ = ("_bars", "notional", "recent", "volume")

    def __init__(self) -> None:
        self.recent: deque[SimTrade] = deque(maxlen=_RECENT)
        self.volume = 0
        self.notional = 0
        self._bars: deque[Bar] = deque(maxlen=_BARS_A_DAY)

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
        price = trade.price
        self.recent.append(trade)
        self.volume += trade.quantity
        self.notional += price * trade.quantity
        number = _bar_number(trade.executed_at)
        if not self._bars or self._bars[-1].number != number:
            self._bars.append(Bar(number, price, price, price, price))
        bar = self._bars[-1]
        bar.high = max(bar.high, price)
        bar.low = min(bar.low, price)
        bar.close = price
        bar.volume += trade.quantity
        bar.trades += 1

    def day(self, now: datetime) -> Bar | None:
        """The last 24 hours, to the quarter of an hour, as one bar; None when nothing traded."""
        oldest = _bar_number(now) - _BARS_A_DAY
        bars = [bar for bar in self._bars if bar.number > oldest]
        if not bars:
            return None
        return Bar(
            number=bars[0].number,
            open=bars[0].open,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            close=bars[-1].close,
            volume=sum(bar.volume for bar in bars),
            trades=sum(bar.trades for bar in bars),
        )


def _bar_number(at: datetime) -> int:
    return int(at.timestamp()) // _BAR_SECONDS
