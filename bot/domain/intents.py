"""What a strategy wants. It states intents; the engine carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from bot.domain.order import Side


@dataclass(frozen=True, slots=True)
class PriceLevel:
    """A limit price, USD per unit, and how many units to bid or offer at it."""

    price: Decimal
    quantity: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The strategy's resting orders on a market should be these and no others.

    Orders that already rest at a wanted price stay and keep their time priority.
    """

    market_id: str
    bids: tuple[PriceLevel, ...] = ()
    asks: tuple[PriceLevel, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One more limit order, good till cancelled."""

    market_id: str
    side: Side
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take an order of the strategy's off the book."""

    client_order_id: str


@dataclass(frozen=True, slots=True)
class Stock:
    """Move units from Trading to Consumption."""

    instrument_id: str
    quantity: int


Intent: TypeAlias = Quote | Place | Cancel | Stock
"""Everything that a strategy can want."""
