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

    Orders that already rest at a wanted price stay and keep their time priority. With `post_only` the exchange refuses
    what would trade at once.
    """

    market_id: str
    bids: tuple[PriceLevel, ...] = ()
    asks: tuple[PriceLevel, ...] = ()
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One more limit order, good till cancelled; with `post_only` the exchange refuses it if it would trade at once."""

    market_id: str
    side: Side
    quantity: int
    price: Decimal
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take an order of the strategy's off the book."""

    client_order_id: str


@dataclass(frozen=True, slots=True)
class Stock:
    """Move units from Trading to Consumption."""

    instrument_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Issue:
    """Issue units of an instrument and move them to Trading; for suppliers."""

    instrument_id: str
    quantity: int


Intent: TypeAlias = Quote | Place | Cancel | Stock | Issue
"""Everything that a strategy can want."""
