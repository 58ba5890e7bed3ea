"""What the exchange's stream tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.domain.fill import Fill
from bot.domain.market import MarketTrade, Ticker
from bot.domain.order import VenueOrder


@dataclass(frozen=True, slots=True)
class StreamUp:
    """The stream is connected and subscribed; what happened before `at` (UTC) and since the last event is not in it."""

    at: datetime


@dataclass(frozen=True, slots=True)
class StreamDown:
    """The stream broke, or could not be opened; it is opened again. `why` is for people."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """One of our orders is new, or has changed; of the order, what is not told is None."""

    order: VenueOrder


@dataclass(frozen=True, slots=True)
class FillUpdate:
    """One of our orders has filled."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class TradeUpdate:
    """Somebody traded on a market."""

    trade: MarketTrade


@dataclass(frozen=True, slots=True)
class TickerUpdate:
    """A market's best prices or its last price changed."""

    ticker: Ticker


StreamEvent: TypeAlias = StreamUp | StreamDown | OrderUpdate | FillUpdate | TradeUpdate | TickerUpdate
"""Anything that the stream tells."""
