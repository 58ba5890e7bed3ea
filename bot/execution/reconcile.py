"""What has to change in our journal to agree with the exchange: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, VenueOrder
from bot.domain.transfer import Transfer, TransferState, VenueTransfer, Way
from bot.domain.transitions import Accepted, Amended, CancelRefused, Closed, Filled, NeverArrived, OrderEvent
from bot.execution.evidence import SKEW
from bot.execution.terms import amendment

CLOCK_SLACK = timedelta(seconds=60)
"""How far the exchange's clock and ours may be apart when its times are compared with ours."""

LATE_ARRIVAL = timedelta(minutes=2)
"""How long after it was judged never sent a transfer may still get to the exchange."""

_CLOSED_AS = {
    "filled": OrderState.FILLED,
    "rejected": OrderState.REJECTED,
    "expired": OrderState.EXPIRED,
}
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_TRANSFER_STATES = {"completed": TransferState.COMPLETED, "failed": TransferState.FAILED}


@dataclass(frozen=True, slots=True)
class Venue:
    """What the exchange shows.

    Attributes:
        orders: every order that may concern us, read before `fills`, so that no fill of an order that shows as closed
            is missing.
        fills: trades of ours that are not stored yet, oldest first.
        transfers: transfers that are not stored as another one of ours, oldest first.
    """

    orders: Sequence[VenueOrder] = ()
    fills: Sequence[Fill] = ()
    transfers: Sequence[VenueTransfer] = ()


@dataclass(frozen=True, slots=True)
class TransferRepair:
    """The state that a transfer is in, the exchange's id of it if known, and what there is to say of it."""

    transfer: Transfer
    state: TransferState
    transfer_id: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Repairs:
    """Events for orders and states for transfers, in the order in which they are to be applied, or were.

    Attributes:
        orders: orders with their events.
        transfers: transfers with their states.
        doubled: client order ids of ours under which more than one order shows; there is no repair for that.
    """

    orders: list[tuple[Order, OrderEvent]] = field(default_factory=list)
    transfers: list[TransferRepair] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.orders or self.transfers)


def doubled(orders: Sequence[Order], shown: Iterable[VenueOrder]) -> list[str]:
    """Those of our client order ids under which the exchange shows more than one order."""
    ids: dict[str | None, set[str]] = {order.client_order_id: set() for order in orders}
    for one in shown:
        if one.client_order_id in ids:
            ids[one.client_order_id].add(one.order_id)
    return sorted(key for key, found in ids.items() if key is not None and len(found) > 1)


def diff(
    orders: Sequence[Order], transfers: Sequence[Transfer], venue: Venue, settled: Collection[str] = frozenset()
) -> Repairs:
    """What brings our orders and transfers in line with the exchange.

    Args:
        orders: ours: the live ones, those that were judged never sent, and closed ones of which there are fills.
        transfers: ours: first those that are open, then those that were judged never sent.
        venue: what the exchange shows.
        settled: keys (client order ids, transfer keys) that have been looked for often and long enough: what still
            does not show was never there, and what still rests was not cancelled.
    """
    by_id = {shown.order_id: shown for shown in venue.orders}
    by_client_id = {shown.client_order_id: shown for shown in venue.orders if shown.client_order_id}
    repairs = Repairs()
    for order in orders:
        shown = by_id.get(order.order_id) if order.order_id else by_client_id.get(order.client_order_id)
        order_id = shown.order_id if shown else order.order_id
        fills = [fill for fill in venue.fills if fill.order_id == order_id]
        events = _order_events(order, shown, fills, is_settled=order.client_order_id in settled)
        repairs.orders.extend((order, event) for event in events)
    repairs.orders.sort(key=_turn)
    repairs.transfers.extend(_transfer_repairs(transfers, venue.transfers, settled))
    return repairs


def _turn(repair: tuple[Order, OrderEvent]) -> tuple[int, datetime]:
    """New terms come before the fills that need them; fills in the order in which they traded, whatever their orders.

    So the newest stored fill tells up to when all are stored, also after a crash half-way.
    """
    _, event = repair
    match event:
        case Accepted():
            return 0, _EARLIEST
        case Amended():
            return 1, _EARLIEST
        case Filled(fill):
            return 2, fill.executed_at
        case _:
            return 3, _EARLIEST


def _order_events(
    order: Order, shown: VenueOrder | None, fills: Sequence[Fill], *, is_settled: bool
) -> list[OrderEvent]:
    events: list[OrderEvent] = []
    if shown is not None and order.order_id is None:
        events.append(Accepted(shown.order_id))
    is_live = order.is_live or (bool(events) and order.state is OrderState.NOT_SENT)
    terms = amendment(order, shown, fills) if shown is not None else None
    if terms is not None:
        events.append(terms)
    events.extend(Filled(fill) for fill in fills)
    quantity = order.quantity if terms is None else terms.quantity
    if not is_live or order.filled + sum(fill.quantity for fill in fills) == quantity:
        return events
    if shown is None:
        if order.state is OrderState.UNKNOWN and order.order_id is None and is_settled:
            events.append(NeverArrived("the exchange's lists do not have it"))
    elif shown.is_closed:
        if not units_unaccounted(order, shown, fills):
            state = _CLOSED_AS.get(shown.status or "", OrderState.CANCELLED)
            events.append(Closed(state, shown.reason))
    elif is_settled and _is_being_cancelled(order) and shown.status != "cancellation_pending":
        events.append(CancelRefused("it still rests"))
    return events


def _is_being_cancelled(order: Order) -> bool:
    return order.state is OrderState.CANCELLING or order.has_unclear_cancel


def units_unaccounted(order: Order, shown: VenueOrder, fills: Sequence[Fill]) -> int:
    """Units that the exchange says were filled, and of which neither the journal nor `fills` knows the trade."""
    filled = (shown.quantity or order.quantity) if shown.status == "filled" else shown.filled or 0
    new = sum(fill.quantity for fill in fills if fill.order_id == shown.order_id)
    return max(0, filled - order.filled - new)


def _transfer_repairs(
    transfers: Sequence[Transfer], shown: Sequence[VenueTransfer], settled: Collection[str]
) -> list[TransferRepair]:
    repairs = []
    by_id = {one.transfer_id: one for one in shown}
    free = dict(by_id)
    for transfer in transfers:
        free.pop(transfer.transfer_id or "", None)
    for transfer in transfers:
        if transfer.transfer_id:
            match = by_id.get(transfer.transfer_id)
        elif transfer.state is TransferState.SUBMITTING:
            continue  # its answer is still to come
        else:
            match = _found(transfer, free.values(), is_settled=transfer.key in settled)
        if match is not None:
            free.pop(match.transfer_id, None)
            state = _TRANSFER_STATES.get(match.status, TransferState.PENDING)
            if (state, match.transfer_id) != (transfer.state, transfer.transfer_id):
                repairs.append(TransferRepair(transfer, state, match.transfer_id, _shortfall(transfer, match)))
        elif transfer.state is TransferState.UNKNOWN and transfer.key in settled:
            repairs.append(
                TransferRepair(transfer, TransferState.NOT_SENT, None, "the exchange's history does not have it")
            )
    return repairs


def _found(transfer: Transfer, shown: Iterable[VenueTransfer], *, is_settled: bool) -> VenueTransfer | None:
    """The transfer that we sent, among those that the exchange shows; it knows no id of ours.

    One of the same size may be it. When there is none, it may have arrived in part, so that the history shows fewer
    units in the end.
    """
    candidates = [one for one in shown if _could_be(transfer, one)]
    same = (one for one in candidates if one.quantity == transfer.quantity)
    fewer = (one for one in candidates if is_settled and _could_be_part(transfer, one))
    return next(same, None) or next(fewer, None)


def _could_be(transfer: Transfer, shown: VenueTransfer) -> bool:
    if (shown.way, shown.instrument_id) != (transfer.way, transfer.instrument_id):
        return False
    if shown.created_at is None:
        return True
    is_late = transfer.state is TransferState.NOT_SENT and shown.created_at > transfer.updated_at + LATE_ARRIVAL
    return shown.created_at >= transfer.created_at - CLOCK_SLACK and not is_late


def _could_be_part(transfer: Transfer, shown: VenueTransfer) -> bool:
    """The times are compared more strictly: transfers that the exchange makes by itself are of any size."""
    return (
        transfer.way is Way.TO_CONSUMPTION
        and shown.status == "completed"
        and (shown.quantity or 0) < transfer.quantity
        and shown.created_at is not None
        and shown.created_at >= transfer.created_at - SKEW
    )


def _shortfall(transfer: Transfer, shown: VenueTransfer) -> str:
    if shown.status != "completed" or shown.quantity in (None, transfer.quantity):
        return ""
    return f"{shown.quantity} of {transfer.quantity} units arrived"
