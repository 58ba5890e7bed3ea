"""Orders and trades as the exchange keeps them. Prices and amounts of money are micro-dollars."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from bot.domain.order import OrderType, Side, TimeInForce
from bot.sim.ledger import Account
from bot.sim.moments import Moment

BUY: Final = Side.BUY
SELL: Final = Side.SELL
"""The sides again: to look up a member of an enumeration takes twenty times as long as a name."""

PENDING = "pending"
"""The status of a stop order that waits, unseen by the book, for its stop price."""

ACTIVE = "active"
"""The status of an open order that has not filled at all."""

PARTIALLY_FILLED = "partially_filled"
"""The status of an open order that has filled in part."""

FILLED = "filled"
"""The status of an order that has filled whole."""

CANCELLED = "cancelled"
"""The status of a closed order of which something was left to fill."""

EXPIRED = "expired"
"""The status of an order that was good for a day which is over."""

NO_FILL: Final = -1
"""The place, among an account's fills, of a fill that there is not."""

OPEN: Final = frozenset({PENDING, ACTIVE, PARTIALLY_FILLED})
"""The statuses of orders that may still fill."""


class SimOrder(msgspec.Struct, eq=False, gc=False):
    """One order.

    The garbage collector does not look at orders, for there are many; what they refer to must not refer to them. Only
    those of one queue do, until they leave it.

    Attributes:
        order_id: the exchange's id.
        client_order_id: the owner's id; None where the owner gave none.
        account: the owner.
        market_id: where it trades.
        instrument_id: what it trades.
        side: buy or sell.
        quantity: units ordered.
        remaining: units not filled yet.
        price: the limit, micro-dollars per unit; None on a market or stop order.
        time_in_force: how long it rests.
        post_only: whether it may only rest, never take.
        reduce_only: whether it is no larger than what its owner holds, whatever was asked for.
        stop_price: the last price that makes it a market or limit order, micro-dollars per unit; None on others.
        status: the exchange's word for its state.
        closure_reason: why it closed; None while it is open.
        notional: micro-dollars paid or received so far.
        locked: micro-dollars (buy) or units (sell) still set aside for it.
        created_at: when it was placed.
        triggered_at: when the market reached its stop price; None before that, and on other orders.
        updated_at: when it last changed.
        closed_at: when it closed; None while it is open.
        position: its place among its owner's orders, from 0; -1 for house orders.
        newest_fill: the place of its last trade among its owner's fills; `NO_FILL` before the first.
        ahead: the order that rests at its price and trades before it; None on the first, and where it does not rest.
        behind: the order that trades after it; likewise.
    """

    order_id: str
    account: Account
    market_id: str
    instrument_id: str
    side: Side
    quantity: int
    remaining: int
    price: int | None
    created_at: datetime
    updated_at: datetime
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    stop_price: int | None
    client_order_id: str | None
    status: str = ACTIVE
    closure_reason: str | None = None
    notional: int = 0
    locked: int = 0
    triggered_at: datetime | None = None
    closed_at: datetime | None = None
    position: int = -1
    newest_fill: int = NO_FILL
    ahead: SimOrder | None = None
    behind: SimOrder | None = None

    def __repr__(self) -> str:
        return f"<{self.order_id}: {self.side}, {self.remaining} of {self.quantity} units left, {self.status}>"

    @property
    def filled(self) -> int:
        """Units filled so far."""
        return self.quantity - self.remaining

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.closed_at is None

    @property
    def kind(self) -> OrderType:
        """How it is priced."""
        if self.stop_price is None:
            return OrderType.MARKET if self.price is None else OrderType.LIMIT
        return OrderType.STOP if self.price is None else OrderType.STOP_LIMIT


class Terms(NamedTuple):
    """What can change about an open order, under the names that `SimOrder` has for it."""

    quantity: int
    price: int | None
    stop_price: int | None
    time_in_force: TimeInForce


class SimTrade(msgspec.Struct, frozen=True, gc=False):
    """One match of two orders. `side` is the taker's; `price` is micro-dollars per unit."""

    trade_id: str
    market_id: str
    price: int
    quantity: int
    side: Side
    executed_at: Moment
    maker_order_id: str
    taker_order_id: str


class SimFill(msgspec.Struct, frozen=True, gc=False):
    """A trade, as the owner of one of its two orders sees it.

    `earlier` is the place of the order's trade before this one among its owner's fills, or `NO_FILL`.
    """

    trade: SimTrade
    order: SimOrder
    earlier: int
