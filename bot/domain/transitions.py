"""How an order changes: one table, one pure function.

`apply(order, event, at)` is the only way in which an order's state changes anywhere in gridbot. The table holds
the rows that the real world needs: fills that overtake the answer to the placement, fills that arrive after a
cancel, orders that turn up after they were judged not sent. An order that is UNKNOWN while the exchange's id of it is
known has an unclear cancel, which takes the rows of a table of its own: that the order is there, or fills, says nothing
of what came of the cancel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState

S = OrderState


class IllegalTransition(Exception):
    """An event that cannot happen to an order or a transfer in its state; what is known of it must be wrong."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The exchange has the order, under this id."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange refused the placement: it never rested."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """A request about the order went out and no clear answer came back."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeverArrived:
    """It is certain that the exchange never had it: it never left, or its lists, read more than once, lack it."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resent:
    """It is about to go out once more, under the same client order id."""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A cancel is about to go out."""


@dataclass(frozen=True, slots=True)
class CancelRefused:
    """The cancel came to nothing: the exchange refused it, or the order still rests long after it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The exchange says that it is over: `state` is FILLED, CANCELLED, EXPIRED or REJECTED."""

    state: OrderState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reopened:
    """The exchange shows it resting, again and again, long after it was taken for closed."""


@dataclass(frozen=True, slots=True)
class Amended:
    """The exchange has it on other terms than were sent, for somebody amended it: units in all, and USD per unit."""

    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Filled:
    """A trade of the order. Callers apply each `trade_id` once; the store refuses a second."""

    fill: Fill


OrderEvent: TypeAlias = (
    Accepted
    | Refused
    | Unclear
    | NeverArrived
    | Resent
    | CancelRequested
    | CancelRefused
    | Closed
    | Reopened
    | Amended
    | Filled
)
"""Everything that can happen to an order."""

_NEXT: dict[tuple[type, OrderState], OrderState] = {
    (Accepted, S.SUBMITTING): S.OPEN,
    (Accepted, S.UNKNOWN): S.OPEN,
    (Accepted, S.NOT_SENT): S.OPEN,  # it turned up after all
    (Accepted, S.OPEN): S.OPEN,
    (Accepted, S.CANCELLING): S.CANCELLING,
    (Accepted, S.FILLED): S.FILLED,
    (Accepted, S.CANCELLED): S.CANCELLED,
    (Accepted, S.EXPIRED): S.EXPIRED,
    (Accepted, S.REJECTED): S.REJECTED,  # it was taken in, and rejected before its answer came
    (Refused, S.SUBMITTING): S.REJECTED,
    (Refused, S.UNKNOWN): S.REJECTED,
    (Refused, S.REJECTED): S.REJECTED,
    (Unclear, S.SUBMITTING): S.UNKNOWN,
    (Unclear, S.OPEN): S.OPEN,  # the lists told that it rests before its placement was given up
    (Unclear, S.CANCELLING): S.UNKNOWN,
    (Unclear, S.UNKNOWN): S.UNKNOWN,
    (Unclear, S.FILLED): S.FILLED,  # the lists told how it ended before the request was given up
    (Unclear, S.CANCELLED): S.CANCELLED,
    (Unclear, S.EXPIRED): S.EXPIRED,
    (Unclear, S.REJECTED): S.REJECTED,
    (NeverArrived, S.SUBMITTING): S.NOT_SENT,
    (NeverArrived, S.UNKNOWN): S.NOT_SENT,
    (NeverArrived, S.NOT_SENT): S.NOT_SENT,
    (Resent, S.NOT_SENT): S.SUBMITTING,
    (Resent, S.SUBMITTING): S.SUBMITTING,
    (CancelRequested, S.OPEN): S.CANCELLING,
    (CancelRequested, S.CANCELLING): S.CANCELLING,
    (CancelRefused, S.CANCELLING): S.OPEN,
    (CancelRefused, S.OPEN): S.OPEN,
    (Reopened, S.OPEN): S.OPEN,
    (Reopened, S.CANCELLED): S.OPEN,
    (Reopened, S.EXPIRED): S.OPEN,
    (Reopened, S.REJECTED): S.OPEN,
    (Amended, S.OPEN): S.OPEN,
    (Amended, S.CANCELLING): S.CANCELLING,
    (Amended, S.FILLED): S.FILLED,  # told twice, of one that had filled all of its new quantity
    (Filled, S.SUBMITTING): S.OPEN,
    (Filled, S.UNKNOWN): S.OPEN,
    (Filled, S.NOT_SENT): S.OPEN,
    (Filled, S.OPEN): S.OPEN,
    (Filled, S.CANCELLING): S.CANCELLING,
    (Filled, S.FILLED): S.FILLED,  # the exchange said so before it showed all the trades
    (Filled, S.CANCELLED): S.CANCELLED,
    (Filled, S.EXPIRED): S.EXPIRED,
}

_NEXT_WITH_UNCLEAR_CANCEL: dict[type, OrderState] = {
    Accepted: S.UNKNOWN,
    Unclear: S.UNKNOWN,
    Amended: S.UNKNOWN,
    Filled: S.UNKNOWN,
    CancelRefused: S.OPEN,
}

_CLOSABLE = frozenset({S.SUBMITTING, S.UNKNOWN, S.NOT_SENT, S.OPEN, S.CANCELLING})
_CLOSED = frozenset({S.FILLED, S.CANCELLED, S.EXPIRED, S.REJECTED})


def apply(order: Order, event: OrderEvent, at: datetime) -> Order:
    """The order after the event.

    Applying the same event again changes nothing but `updated_at`, fills excepted: whoever applies those counts each
    trade once.

    Raises:
        IllegalTransition: the event cannot happen to an order in this state, fills more than was ordered, or is amended
            to less than it has filled.
    """
    if isinstance(event, Closed):
        return _close(order, event, at)
    if order.has_unclear_cancel:
        state = _NEXT_WITH_UNCLEAR_CANCEL.get(type(event))
    else:
        state = _NEXT.get((type(event), order.state))
    if state is None:
        raise _illegal(order, event, "the table has no such row")
    if isinstance(event, Filled):
        return _fill(order, event, state, at)
    if isinstance(event, Amended):
        return _amend(order, event, state, at)
    if isinstance(event, Accepted):
        if order.order_id not in (None, event.order_id):
            raise _illegal(order, event, f"it is already known as {order.order_id}")
        reason = order.reason if order.has_unclear_cancel else ""
        return replace(order, state=state, order_id=event.order_id, reason=reason, updated_at=at)
    reason = getattr(event, "reason", "")
    return replace(order, state=state, reason=reason, updated_at=at)


def _illegal(order: Order, event: OrderEvent, why: str) -> IllegalTransition:
    return IllegalTransition(f"order {order.client_order_id} ({order.state}) cannot take {event}: {why}")


def _close(order: Order, event: Closed, at: datetime) -> Order:
    if event.state not in _CLOSED:
        raise _illegal(order, event, f"{event.state} is not a closed state")
    if order.state in _CLOSED:
        return order
    if order.state not in _CLOSABLE:
        raise _illegal(order, event, "the table has no such row")
    return replace(order, state=event.state, reason=event.reason, updated_at=at)


def _amend(order: Order, event: Amended, state: OrderState, at: datetime) -> Order:
    if order.state is S.FILLED and (event.quantity, event.price) != (order.quantity, order.price):
        raise _illegal(order, event, "it has filled on other terms")
    if event.quantity < max(order.filled, 1):
        raise _illegal(order, event, f"{order.filled} units are filled")
    is_filled = order.filled == event.quantity
    return replace(
        order,
        state=S.FILLED if is_filled else state,
        quantity=event.quantity,
        price=event.price,
        reason="" if is_filled else order.reason,
        updated_at=at,
    )


def _fill(order: Order, event: Filled, state: OrderState, at: datetime) -> Order:
    fill = event.fill
    if (fill.market_id, fill.side) != (order.market_id, order.side):
        raise _illegal(order, event, "the fill is of another market or side")
    if order.order_id not in (None, fill.order_id):
        raise _illegal(order, event, f"the fill is of order {fill.order_id}")
    if fill.quantity > order.remaining:
        raise _illegal(order, event, f"only {order.remaining} units are left to fill")
    filled = order.filled + fill.quantity
    return replace(
        order,
        state=S.FILLED if filled == order.quantity else state,
        order_id=fill.order_id,
        filled=filled,
        filled_notional=order.filled_notional + fill.notional,
        reason="" if filled == order.quantity else order.reason,
        updated_at=at,
    )
