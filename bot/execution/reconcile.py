"""What has to change in our journal to agree with the exchange: pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, VenueOrder
from bot.domain.transfer import Transfer, TransferState, VenueTransfer
from bot.domain.transitions import Accepted, CancelRefused, Closed, Filled, NeverArrived, OrderEvent

CLOCK_SLACK = timedelta(seconds=60)
"""How far the exchange's clock and ours may be apart when its times are compared with ours."""

_CLOSED_AS = {
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
    """The state that a transfer is in, and the exchange's id of it if known."""

    transfer: Transfer
    state: TransferState
    transfer_id: str | None


@dataclass(frozen=True, slots=True)
class Repairs:
    """Events for orders and states for transfers, in the order in which they are to be applied."""

    orders: list[tuple[Order, OrderEvent]] = field(default_factory=list)
    transfers: list[TransferRepair] = field(default_factory=list)


def diff(
    orders: Sequence[Order], transfers: Sequence[Transfer], venue: Venue, settled: Collection[str] = frozenset()
) -> Repairs:
    """What brings our orders and transfers in line with the exchange.

    Args:
        orders: ours: the live ones, and closed ones of which there are fills.
        transfers: ours that are open.
        venue: what the exchange shows.
        settled: keys (client order ids, transfer keys) that have been looked for often and long enough: what still
            does not show was never there.
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
    """Fills are applied in the order in which they traded, whatever their orders.

    So the newest stored fill tells up to when all are stored, also after a crash half-way.
    """
    _, event = repair
    match event:
        case Accepted():
            return 0, _EARLIEST
        case Filled(fill):
            return 1, fill.executed_at
        case _:
            return 2, _EARLIEST


def _order_events(
    order: Order, shown: VenueOrder | None, fills: Sequence[Fill], *, is_settled: bool
) -> list[OrderEvent]:
    events: list[OrderEvent] = []
    if shown is not None and order.order_id is None:
        events.append(Accepted(shown.order_id))
    events.extend(Filled(fill) for fill in fills)
    if not order.is_live or order.filled + sum(fill.quantity for fill in fills) == order.quantity:
        return events
    if shown is None:
        if order.order_id is None and is_settled:
            events.append(NeverArrived("the exchange's lists do not have it"))
    elif shown.is_closed:
        if not units_unaccounted(order, shown, fills):
            state = _CLOSED_AS.get(shown.status or "", OrderState.CANCELLED)
            events.append(Closed(state, shown.reason))
    elif order.state is OrderState.CANCELLING and is_settled and shown.status != "cancellation_pending":
        events.append(CancelRefused("it still rests"))
    return events


def units_unaccounted(order: Order, shown: VenueOrder, fills: Sequence[Fill]) -> int:
    """Units that the exchange says were filled, and of which neither the journal nor `fills` knows the trade."""
    filled = order.quantity if shown.status == "filled" else shown.filled or 0
    new = sum(fill.quantity for fill in fills if fill.order_id == shown.order_id)
    return max(0, filled - order.filled - new)


def _transfer_repairs(
    transfers: Sequence[Transfer], shown: Sequence[VenueTransfer], settled: Collection[str]
) -> list[TransferRepair]:
    repairs = []
    by_id = {one.transfer_id: one for one in shown}
    taken = {transfer.transfer_id for transfer in transfers if transfer.transfer_id}
    for transfer in transfers:
        if transfer.transfer_id:
            match = by_id.get(transfer.transfer_id)
        elif transfer.state is TransferState.SUBMITTING:
            continue  # its answer is still to come
        else:
            match = next((one for one in shown if one.transfer_id not in taken and _could_be(transfer, one)), None)
        if match is not None:
            taken.add(match.transfer_id)
            state = _TRANSFER_STATES.get(match.status, TransferState.PENDING)
            if (state, match.transfer_id) != (transfer.state, transfer.transfer_id):
                repairs.append(TransferRepair(transfer, state, match.transfer_id))
        elif transfer.state is TransferState.UNKNOWN and transfer.key in settled:
            repairs.append(TransferRepair(transfer, TransferState.NOT_SENT, None))
    return repairs


def _could_be(transfer: Transfer, shown: VenueTransfer) -> bool:
    """Whether a transfer that the exchange shows may be the one that we sent; it knows no id of ours."""
    return (shown.instrument_id, shown.quantity) == (transfer.instrument_id, transfer.quantity) and (
        shown.created_at is None or shown.created_at >= transfer.created_at - CLOCK_SLACK
    )
