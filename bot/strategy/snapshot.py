"""What is known of one market and of the stock at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.account import Units
from bot.domain.book import Book
from bot.domain.fill import Fill
from bot.domain.lot import Lot
from bot.domain.market import Market, Ticker
from bot.domain.order import Order
from bot.strategy.candles import Candles


@dataclass(frozen=True, slots=True)
class Consumption:
    """The stock that inference lives on, in units.

    Attributes:
        units: usable now.
        in_transfer: on the way from Trading.
        burn_per_hour: how many are used up per hour; None before that is known.
        lots: the usable units by when they expire, the next ones first. The exchange does not tell lots: they are
            estimated from how the balance moved, the oldest units being used first.
    """

    units: int = 0
    in_transfer: int = 0
    burn_per_hour: float | None = None
    lots: tuple[Lot, ...] = ()

    @property
    def runway(self) -> timedelta | None:
        """How long the usable units last at the present burn; None while nothing burns."""
        if not self.burn_per_hour:
            return None
        return timedelta(hours=self.units / self.burn_per_hour)


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """One market at one moment: its rules and prices, and what we have in it.

    Attributes:
        market: ids and rules.
        ticker: best prices and last trade.
        position: the account's units in Trading, locked ones back resting sells.
        consumption: the account's stock in Consumption.
        orders: this strategy instance's live orders, oldest first.
        others: live orders of the bot's other instances, oldest first; to be counted, not to be touched.
        holding: units in Trading by this instance's own doing: bought, less sold, less moved to Consumption.
        fills: this instance's newest fills, oldest first.
        book: the best levels of the order book, as many as the strategy's `depth`; None where that is 0.
        candles: closed candles by resolution, the instance's own first.
    """

    market: Market
    ticker: Ticker
    position: Units
    consumption: Consumption
    orders: tuple[Order, ...] = ()
    others: tuple[Order, ...] = ()
    holding: int = 0
    fills: tuple[Fill, ...] = ()
    book: Book | None = None
    candles: Mapping[str, Candles] = field(default_factory=dict)
