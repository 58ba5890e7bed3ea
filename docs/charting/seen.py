"""What somebody who looks on writes down of a bot and its exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from bot.domain.fill import Fill
from bot.domain.order import Side
from docs.charting.panels import Times, Values, moment_of


@dataclass
class Sample:
    """What the user has at a moment: prices in USD per unit, cash in USD, units."""

    at: datetime
    bid: dict[str, float]
    ask: dict[str, float]
    cash: float
    trading: dict[str, int]
    consumption: dict[str, int]
    asked: int = 0
    served: int = 0


@dataclass
class Seen:
    """What is seen of a bot and its exchange.

    Attributes:
        samples: what the user had, minute by minute.
        fills: all fills, oldest first, each with its market's symbol.
        state: what the strategy under the name `it` keeps.
        means: what a unit cost in the mean of all trades of the market, by symbol, USD.
        expired: units that expired in Consumption.
    """

    samples: list[Sample] = field(default_factory=list)
    fills: list[tuple[str, Fill]] = field(default_factory=list)
    state: Mapping[str, Any] = field(default_factory=dict)
    means: Mapping[str, float] = field(default_factory=dict)
    expired: float = 0.0

    @cached_property
    def times(self) -> Times:
        """When the samples were taken."""
        return np.array([moment_of(one.at) for one in self.samples])

    @cached_property
    def cash(self) -> Values:
        """The account's cash, USD, sample by sample."""
        return np.array([one.cash for one in self.samples])

    @cached_property
    def asked(self) -> Values:
        """Tokens asked for so far, sample by sample."""
        return np.array([one.asked for one in self.samples])

    @cached_property
    def refused(self) -> Values:
        """Those of them that there was no stock for."""
        return np.array([one.asked - one.served for one in self.samples])

    def of(self, column: str, symbol: str) -> Values:
        """A column of the samples that is kept by symbol."""
        return np.array([getattr(one, column)[symbol] for one in self.samples])

    def middle(self, symbol: str) -> Values:
        """The middle of the market, USD per unit."""
        middle: Values = (self.of("bid", symbol) + self.of("ask", symbol)) / 2
        return middle

    def held(self) -> Values:
        """Units bought less units sold, sample by sample."""
        return self._sums(lambda fill: fill.quantity if fill.side is Side.BUY else -fill.quantity)

    def gain(self, symbol: str = "text-prime") -> Values:
        """What the fills brought so far, USD, units that are held counted at the middle of the market."""
        cash = self._sums(lambda fill: float(-fill.notional if fill.side is Side.BUY else fill.notional))
        gain: Values = cash + self.held() * self.middle(symbol)
        return gain

    def _sums(self, worth: Callable[[Fill], float]) -> Values:
        at = np.array([moment_of(fill.executed_at) for _, fill in self.fills], dtype="datetime64[ns]")
        sums = np.cumsum([0.0, *(worth(fill) for _, fill in self.fills)])
        seen: Values = sums[np.searchsorted(at, self.times, side="right")]
        return seen
