"""What was bought lately, and for how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.fill import Fill
from bot.domain.money import ZERO
from bot.domain.order import Side

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
"""The longest time that spending is counted over."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A fill that cost money, the strategy instance whose order it was of, and which of all fills heard of it was."""

    strategy: str
    fill: Fill
    number: int


def spent(purchases: Iterable[Bought], since: datetime, strategy: str | None = None) -> Decimal:
    """USD paid since that moment, fees included, by one strategy instance or by all."""
    return sum(
        (
            one.fill.notional + one.fill.fee
            for one in purchases
            if one.fill.executed_at > since and strategy in (None, one.strategy)
        ),
        ZERO,
    )


def units_after(purchases: Iterable[Bought], number: int) -> dict[str, int]:
    """Units bought by market id, counting those fills alone that were heard of after the first `number`."""
    total: Counter[str] = Counter()
    for one in purchases:
        if one.number > number:
            total[one.fill.market_id] += one.fill.quantity
    return dict(total)


class Purchases:
    """The fills of the last day that cost money, each once, however often it is told."""

    def __init__(self) -> None:
        self._by_trade: dict[str, Bought] = {}
        self.heard = 0

    def add(self, strategy: str, fill: Fill) -> None:
        """Take in a fill of a strategy instance's order."""
        self.heard += 1
        if fill.side is Side.BUY:
            self._by_trade.setdefault(fill.trade_id, Bought(strategy, fill, self.heard))

    def lately(self, now: datetime) -> list[Bought]:
        """Those of the last day; what is older is forgotten."""
        self._by_trade = {key: one for key, one in self._by_trade.items() if one.fill.executed_at > now - DAY}
        return list(self._by_trade.values())
