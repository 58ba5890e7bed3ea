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
