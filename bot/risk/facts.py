"""What the limits look at: prices and holdings, what is at stake already, and what is to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from bot.domain.intents import Place
from bot.domain.market import Market, Ticker
from bot.domain.money import ZERO
from bot.domain.order import Order, Side


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """A market as a hook saw it.

    Attributes:
        market: its ids and its symbol.
        ticker: best prices and last trade.
        at: when the ticker was read or told, by our clock, UTC.
        held: units of its instrument in Trading, locked ones included.
    """

    market: Market
    ticker: Ticker
    at: datetime
    held: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What was known when a plan was made, and which orders are live now.

    Attributes:
        markets: the strategy's markets, by market id.
        held_at: when cash and Trading units were read, UTC.
        heard: how many fills the gate had heard of before holdings were read: what was bought after those may not be
            among the holdings yet.
        orders: the bot's live orders as they are now, of all strategies.
    """

    markets: Mapping[str, MarketFacts]
    held_at: datetime
    heard: int = 0
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a limit counts: the whole account's affairs, or one strategy instance's.

    Units in Trading are the account's in either: nobody can tell whose they are.

    Attributes:
        now: the present moment, UTC.
        markets: see `Facts`.
        held_at: see `Facts`.
        strategy: the instance that wants something.
        orders: live orders.
        coming: orders that have passed, and are not in the journal yet; each after the name of its strategy.
        bought: units that filled lately and may be missing in `MarketFacts.held`, by market id.
        passed: how many orders have passed within the last minute.
        spent_hour: USD paid for fills within the last hour, fees included.
        spent_day: the same within the last 24 hours.
        clock_offset: how far the exchange's clock is ahead of ours, seconds; None where that is not known.
    """

    now: datetime
    markets: Mapping[str, MarketFacts]
    held_at: datetime
    strategy: str
    orders: tuple[Order, ...] = ()
    coming: tuple[tuple[str, Place], ...] = ()
    bought: Mapping[str, int] = field(default_factory=dict)
    passed: int = 0
    spent_hour: Decimal = ZERO
    spent_day: Decimal = ZERO
    clock_offset: float | None = None

    def after(self, place: Place) -> Scope:
        """The same when this order has passed, too."""
        return replace(self, coming=(*self.coming, (self.strategy, place)), passed=self.passed + 1)

    def on_order(self, market_id: str, side: Side) -> int:
        """Units of one side of a market that may still fill."""
        resting = sum(o.remaining for o in self.orders if o.market_id == market_id and o.side is side)
        return resting + sum(p.quantity for _, p in self.coming if p.market_id == market_id and p.side is side)

    def held(self, market_id: str) -> int:
        """Units of a market's instrument in Trading, those included that may have come lately."""
        market = self.markets.get(market_id)
        return (market.held if market else 0) + self.bought.get(market_id, 0)

    @property
    def bids_usd(self) -> Decimal:
        """USD that bids may still spend."""
        resting = sum((o.price * o.remaining for o in self.orders if o.side is Side.BUY), ZERO)
        return resting + sum((p.price * p.quantity for _, p in self.coming if p.side is Side.BUY), ZERO)
