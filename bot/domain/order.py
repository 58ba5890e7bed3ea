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
    """How an order is priced. The exchange promises limit and market orders today; it may refuse the others.

    LIMIT: at its price or better.
    MARKET: at whatever the other side of the book offers.
    STOP: a market order once the market trades at its stop price.
    STOP_LIMIT: a limit order once the market trades at its stop price.
    """

    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


class TimeInForce(StrEnum):
    """How long an order rests."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    DAY = "day"


class OrderState(StrEnum):
    """What we know of an order. How one becomes another is told in `bot.domain.transitions`.

    SUBMITTING: the journal row is committed; a request may be on its way.
    UNKNOWN: the outcome of the placement is unclear, or, where the exchange's id is known, that of a cancel; nothing
        new goes to that market until it is settled.
    NOT_SENT: settled: the exchange never had it. It may be sent again, under the same client order id.
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
        post_only: whether the exchange is to refuse it rather than let it take from the book.
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
    post_only: bool = False

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
        """Whether it is not certain that it reached the exchange, or that it still rests there."""
        return self.state in (OrderState.SUBMITTING, OrderState.UNKNOWN)

    @property
    def has_unclear_cancel(self) -> bool:
        """Whether the exchange has it, and it is unclear what came of a cancel."""
        return self.state is OrderState.UNKNOWN and self.order_id is not None

    @property
    def average_price(self) -> Decimal | None:
        """Mean price of what was filled, USD per unit; None before the first fill."""
        return self.filled_notional / self.filled if self.filled else None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What goes to the exchange when an order is placed.

    Attributes:
        client_order_id: our own id, by which the order is found again.
        market_id: where it is to trade.
        side: buy or sell.
        quantity: units.
        price: the limit, USD per unit; None on market and stop orders.
        order_type: how it is priced.
        time_in_force: how long it rests.
        post_only: whether to refuse it rather than let it take from the book.
        stop_price: what wakes a stop or stop-limit order, USD per unit; None on others.
        reduce_only: whether it may only make a position smaller.
    """

    client_order_id: str
    market_id: str
    side: Side
    quantity: int
    price: Decimal | None
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    stop_price: Decimal | None = None
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the exchange reports it; ours, or one that was placed by hand or by another program.

    `status` is the exchange's own word, kept as text because it may add new ones: `pending`, `active`, `open`,
    `partially_filled`, `cancellation_pending` rest on the book; `filled`, `cancelled`, `rejected`, `expired`,
    `closed` do not. `order_type` and `time_in_force` are its words, too. An answer to a placement may carry only the
    ids; the rest is then None.

    Attributes:
        order_id: the exchange's id.
        client_order_id: the id that whoever placed it gave it.
        market_id: where it trades.
        side: buy or sell.
        status: see above.
        quantity: units ordered.
        filled: units filled so far.
        price: the limit, USD per unit.
        created_at: when it was placed.
        reason: why it was closed; empty when there is nothing to say.
        updated_at: when it last changed.
        instrument_id: what it trades.
        trader_id: who placed it.
        order_type: how it is priced; usually one of `OrderType`.
        time_in_force: how long it rests; usually one of `TimeInForce`.
        stop_price: what wakes it, USD per unit.
        average_price: mean price of what was filled, USD per unit.
        fee: USD.
        submitted_at: when the exchange received it.
        closed_at: when it was closed.
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
    updated_at: datetime | None = None
    instrument_id: str | None = None
    trader_id: str | None = None
    order_type: str | None = None
    time_in_force: str | None = None
    stop_price: Decimal | None = None
    average_price: Decimal | None = None
    fee: Decimal | None = None
    submitted_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def remaining(self) -> int | None:
        """Units not filled yet; None where the exchange does not say."""
        return None if self.quantity is None or self.filled is None else self.quantity - self.filled

    @property
    def is_closed(self) -> bool:
        """Whether the exchange says that it will not fill any more; an unknown word does not say so."""
        return self.status in CLOSED_STATUSES


CLOSED_STATUSES = frozenset({"filled", "cancelled", "canceled", "rejected", "expired", "closed"})
"""The exchange's words for an order that will not fill any more."""
