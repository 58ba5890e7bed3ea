"""A snapshot of a market's resting orders, summed by price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Level:
    """All resting orders at one price: USD per unit, units, and how many orders they are."""

    price: Decimal
    quantity: int
    order_count: int = 1


@dataclass(frozen=True, slots=True)
class Book:
    """Bids from the highest price down, asks from the lowest price up."""

    market_id: str
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()

    @property
    def best_bid(self) -> Decimal | None:
        """The highest bid, USD per unit; None when nobody bids."""
        return self.bids[0].price if self.bids else None

    @property
    def best_ask(self) -> Decimal | None:
        """The lowest ask, USD per unit; None when nobody offers."""
        return self.asks[0].price if self.asks else None
