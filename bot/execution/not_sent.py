"""What was judged never sent, for as long as it may be sent again or turn up after all."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.intents import Issue, Place, Stock
from bot.domain.order import Order, OrderState
from bot.domain.transfer import Transfer, TransferState, Way
from bot.execution.planner import place_of
from bot.ports import Clock

RESEND_WITHIN = timedelta(minutes=10)
"""How long after it was judged never sent the same intent goes out again as the same order or transfer."""

LATE_WITHIN = timedelta(hours=1)
"""How long after it was judged never sent an order or transfer is looked for."""


class NotSent:
    """Orders and transfers that were judged never sent in the last hour, oldest judgement first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._orders: dict[str, Order] = {}
        self._transfers: dict[str, Transfer] = {}
        self._for_once: set[str] = set()

    def note_order(self, order: Order) -> None:
        """Take an order in, or forget it when it has become something else."""
        self._orders.pop(order.client_order_id, None)
        if order.state is OrderState.NOT_SENT:
            self._orders[order.client_order_id] = order

    def note_transfer(self, transfer: Transfer) -> None:
        """Take a transfer in, or forget it when it has become something else."""
        self._transfers.pop(transfer.key, None)
        if transfer.state is TransferState.NOT_SENT:
            self._transfers[transfer.key] = transfer

    def send_no_more(self, key: str) -> None:
        """Do not offer this order or transfer to be sent again; it may still turn up."""
        self._for_once.add(key)

    def order_like(self, place: Place, strategy: str) -> Order | None:
        """The oldest order that the strategy wanted just like this, and that may be sent again."""
        for order in self.orders(within=RESEND_WITHIN):
            is_it = order.strategy == strategy and place_of(order) == place
            if is_it and order.client_order_id not in self._for_once:
                return order
        return None

    def transfer_like(self, way: Way, wanted: Stock | Issue, strategy: str) -> Transfer | None:
        """The oldest transfer that the strategy wanted just like this, and that may be sent again."""
        terms = (strategy, way, wanted.instrument_id, wanted.quantity)
        for transfer in self.transfers(within=RESEND_WITHIN):
            same = (transfer.strategy, transfer.way, transfer.instrument_id, transfer.quantity) == terms
            if same and transfer.key not in self._for_once:
                return transfer
        return None

    def transfer(self, key: str) -> Transfer | None:
        """A transfer that was judged never sent."""
        return self._transfers.get(key)

    def orders(self, *, within: timedelta) -> tuple[Order, ...]:
        """Orders that were judged so lately."""
        self._forget()
        since = self._clock.now() - within
        return tuple(order for order in self._orders.values() if order.updated_at >= since)

    def transfers(self, *, within: timedelta) -> tuple[Transfer, ...]:
        """Transfers that were judged so lately."""
        self._forget()
        since = self._clock.now() - within
        return tuple(transfer for transfer in self._transfers.values() if transfer.updated_at >= since)

    def _forget(self) -> None:
        oldest = self._clock.now() - LATE_WITHIN
        self._orders = {key: order for key, order in self._orders.items() if order.updated_at >= oldest}
        self._transfers = {key: one for key, one in self._transfers.items() if one.updated_at >= oldest}
        self._for_once.intersection_update(self._orders.keys() | self._transfers.keys())
