"""What goes wrong with a request inside the exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime

from bot.sim.faults.chance import Dice
from bot.sim.faults.kinds import PartialTransfer, TransferFault
from bot.sim.faults.late import LateRows
from bot.sim.history import History, SimTransfer, Way
from bot.sim.orders import ACTIVE, PARTIALLY_FILLED, PENDING, SimFill, SimOrder


class CallTrouble:
    """Shows an account what is not late of its orders, fills and transfers, as it was at a moment; spoils transfers.

    Args:
        history: of the account.
        now: the present.
        at: the moment.
        late: what is told of later than it happens.
        transfers: what may go wrong with a transfer.
        injected: where that is counted.
    """

    def __init__(
        self,
        history: History,
        now: datetime,
        at: datetime,
        late: LateRows,
        transfers: Sequence[Dice[TransferFault]],
        injected: Counter[str],
    ) -> None:
        self._history = history
        self._now = now
        self._at = at
        self._late = late
        self._transfers = transfers
        self._injected = injected

    def order(self, order: SimOrder) -> SimOrder | None:
        """The order as it is shown; None: not at all. New terms of an order are shown at once."""
        if order.created_at > self._at or self._late.hides_order(order, self._now):
            return None
        return order if order.updated_at <= self._at else self._as_it_was(order)

    def fill(self, fill: SimFill) -> SimFill | None:
        """The fill, if it is shown."""
        is_hidden = fill.trade.executed_at > self._at or self._late.hides_fill(fill, self._now)
        return None if is_hidden else fill

    def transfer(self, transfer: SimTransfer) -> SimTransfer | None:
        """The transfer as it is shown; None: not at all."""
        if transfer.created_at > self._at:
            return None
        return replace(transfer, arrived_at=None) if self._is_to_come(transfer.arrived_at) else transfer

    def begun(self, transfer: SimTransfer) -> None:
        """Draw how much of a new transfer comes back instead of arriving; of faults that strike, the first does."""
        if transfer.way is not Way.TO_CONSUMPTION or transfer.arrived_at is not None:
            return
        struck = [one.fault for one in self._transfers if one.strikes(self._now)]
        for fault in struck:
            if bouncing := _bouncing(transfer.quantity, fault):
                transfer.bouncing = bouncing
                self._injected[fault.kind] += 1
                return

    def _as_it_was(self, order: SimOrder) -> SimOrder:
        """An order that has changed since, and so was open then."""
        trades = [self._history.fills[place].trade for place in self._history.fills_of(order.order_id)]
        undone = [trade for trade in trades if trade.executed_at > self._at]
        was = copy(order)
        was.remaining += sum(trade.quantity for trade in undone)
        was.notional -= sum(trade.quantity * trade.price for trade in undone)
        was.updated_at = max((trade.executed_at for trade in trades if trade not in undone), default=order.created_at)
        if self._is_to_come(order.triggered_at):
            was.triggered_at = None
        was.closed_at = was.closure_reason = None
        was.status = _open_status(was)
        return was

    def _is_to_come(self, moment: datetime | None) -> bool:
        return moment is not None and moment > self._at


def _open_status(order: SimOrder) -> str:
    if order.stop_price is not None and order.triggered_at is None:
        return PENDING
    return PARTIALLY_FILLED if order.filled else ACTIVE


def _bouncing(quantity: int, fault: TransferFault) -> int:
    if isinstance(fault, PartialTransfer):
        return quantity - max(1, int(quantity * fault.fraction))
    return quantity
