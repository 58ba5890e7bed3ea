"""Orders, as we know them and as the exchange reports them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.money import ZERO


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """How an order is priced. Only these two are promised by the exchange today."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order rests."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    DAY = "day"


class OrderState(StrEnum):
    """What we know of an order. How one becomes another is told in `bot.domain.transitions`.

    SUBMITTING: the journal row is committed; a request may be on its way.
    UNKNOWN: the request's outcome is unclear; nothing new goes to that market until it is settled.
    NOT_SENT: settled: the exchange never had it.
    OPEN: resting on the book, perhaps partly filled.
    CANCELLING: a cancel is on its way; it can still fill.
    FILLED, CANCELLED, EXPIRED, REJECTED: closed. A late fill after CANCELLED or EXPIRED is legal.
    """

    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    OPEN = "open"
    CANCELLING = "cancelling"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_live(self) -> bool:
        """Whether the order may still fill as far as we know."""
        return self in LIVE_STATES


LIVE_STATES = frozenset({OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.OPEN, OrderState.CANCELLING})
"""The states in which an order may still fill as far as we know."""


@dataclass(frozen=True, slots=True)
class Order:
    """One of our orders, as the journal keeps it.

    Attributes:
        client_order_id: our own id, given before the order is sent; the journal's key.
        strategy: the name of the strategy instance that wanted it.
        market_id: where it trades.
        side: buy or sell.
        quantity: units ordered.
        price: the limit, USD per unit.
        created_at: when it was journaled.
        updated_at: when its state last changed.
        state: what we know of it.
        order_id: the exchange's id, once known.
        filled: units filled so far.
        filled_notional: USD paid or received for them, without fees.
        time_in_force: how long it rests.
        reason: why it was refused, closed or is unclear; empty when there is nothing to say.
    """

    client_order_id: str
    strategy: str
    market_id: str
    side: Side
    quantity: int
    price: Decimal
    created_at: datetime
    updated_at: datetime
    state: OrderState = OrderState.SUBMITTING
    order_id: str | None = None
    filled: int = 0
    filled_notional: Decimal = ZERO
    time_in_force: TimeInForce = TimeInForce.GTC
    reason: str = ""

    @property
    def remaining(self) -> int:
        """Units not filled yet."""
        return self.quantity - self.filled

    @property
    def is_live(self) -> bool:
        """Whether it may still fill as far as we know."""
        return self.state.is_live

    @property
    def is_unsettled(self) -> bool:
        """Whether it may or may not have reached the exchange."""
        return self.state in (OrderState.SUBMITTING, OrderState.UNKNOWN)

    @property
    def average_price(self) -> Decimal | None:
        """Mean price of what was filled, USD per unit; None before the first fill."""
        return self.filled_notional / self.filled if self.filled else None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What goes to the exchange when an order is placed. `price` is None on a market order."""

    client_order_id: str
    market_id: str
    side: Side
    quantity: int
    price: Decimal | None
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the exchange reports it; ours, or one that was placed by hand or by another program.

    `status` is the exchange's own word, kept as text because it may add new ones: `pending`, `active`, `open`,
    `partially_filled`, `cancellation_pending` rest on the book; `filled`, `cancelled`, `rejected`, `expired`,
    `closed` do not. An answer to a placement may carry only the ids; the rest is then None.
    """

    order_id: str
    client_order_id: str | None = None
    market_id: str | None = None
    side: Side | None = None
    status: str | None = None
    quantity: int | None = None
    filled: int | None = None
    price: Decimal | None = None
    created_at: datetime | None = None
    reason: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether the exchange says that it will not fill any more; an unknown word does not say so."""
        return self.status in CLOSED_STATUSES


CLOSED_STATUSES = frozenset({"filled", "cancelled", "canceled", "rejected", "expired", "closed"})
"""The exchange's words for an order that will not fill any more."""
