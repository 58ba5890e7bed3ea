"""Orders and trades as the exchange keeps them. Prices and amounts of money are micro-dollars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.order import Side, TimeInForce
from bot.sim.ledger import Account
from bot.sim.moments import Moment

ACTIVE = "active"
"""The status of an open order that has not filled at all."""

PARTIALLY_FILLED = "partially_filled"
"""The status of an open order that has filled in part."""

FILLED = "filled"
"""The status of an order that has filled whole."""

CANCELLED = "cancelled"
"""The status of a closed order of which something was left to fill."""


class SimOrder:
    """One order.

    Attributes:
        order_id: the exchange's id.
        client_order_id: the owner's id; None where the owner gave none.
        account: the owner.
        market_id: where it trades.
        instrument_id: what it trades.
        side: buy or sell.
        quantity: units ordered.
        remaining: units not filled yet.
        price: the limit, micro-dollars per unit; None on a market order.
        time_in_force: how long it rests.
        post_only: whether it may only rest, never take.
        status: the exchange's word for its state.
        closure_reason: why it closed; None while it is open.
        notional: micro-dollars paid or received so far.
        locked: micro-dollars (buy) or units (sell) still set aside for it.
        created_at: when it was placed.
        updated_at: when it last changed.
        closed_at: when it closed; None while it is open.
        position: its place among its owner's orders, from 0; -1 for house orders.
        fills: the places of its fills among its owner's fills; stays empty for house orders.
    """

    __slots__ = (
        "account",
        "client_order_id",
        "closed_at",
        "closure_reason",
        "created_at",
        "fills",
        "instrument_id",
        "locked",
        "market_id",
        "notional",
        "order_id",
        "position",
        "post_only",
        "price",
        "quantity",
        "remaining",
        "side",
        "status",
        "time_in_force",
        "updated_at",
    )

    def __init__(
        self,
        order_id: str,
        account: Account,
        market_id: str,
        instrument_id: str,
        side: Side,
        quantity: int,
        price: int | None,
        created_at: datetime,
        *,
        time_in_force: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        client_order_id: str | None = None,
    ) -> None:
        self.order_id = order_id
        self.account = account
        self.market_id = market_id
        self.instrument_id = instrument_id
        self.side = side
        self.quantity = quantity
        self.remaining = quantity
        self.price = price
        self.time_in_force = time_in_force
        self.post_only = post_only
        self.client_order_id = client_order_id
        self.status = ACTIVE
        self.closure_reason: str | None = None
        self.notional = 0
        self.locked = 0
        self.created_at = created_at
        self.updated_at = created_at
        self.closed_at: datetime | None = None
        self.position = -1
        self.fills: list[int] = []

    @property
    def filled(self) -> int:
        """Units filled so far."""
        return self.quantity - self.remaining

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class SimTrade:
    """One match of two orders. `side` is the taker's; `price` is micro-dollars per unit."""

    trade_id: str
    market_id: str
    price: int
    quantity: int
    side: Side
    executed_at: Moment
    maker_order_id: str
    taker_order_id: str


@dataclass(frozen=True, slots=True)
class SimFill:
    """A trade, as the owner of one of its two orders sees it."""

    trade: SimTrade
    order: SimOrder
