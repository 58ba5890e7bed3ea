"""The one place where our orders and transfers change: memory and database together, one event at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TypeAlias

import structlog

from bot.domain.fill import Fill
from bot.domain.money import plain
from bot.domain.order import Order, OrderState
from bot.domain.transfer import Transfer, TransferState, Way
from bot.domain.transitions import Accepted, Amended, Filled, OrderEvent, apply
from bot.execution.evidence import Baseline
from bot.execution.not_sent import LATE_WITHIN, NotSent
from bot.ports import Clock, OrderRecord, Store

log = structlog.stdlib.get_logger("blotter")

LATEST_TRANSFERS = 200
"""How many transfers are read at the start, to find those that were judged never sent not long ago."""

Listener: TypeAlias = Callable[[Order, OrderEvent], None]
"""Called after an order event is stored, with the order as it is now."""


TransferListener: TypeAlias = Callable[[Transfer], None]
"""Called after a transfer's state is stored, with the transfer as it is now."""


class Blotter:
    """Our live orders and open transfers, issues among them.

    Every change is stored before it is shown: what can be read here survives a crash. `version` grows with every
    change; whatever was fetched from the exchange before the present version may miss units that have moved since.
    `changed` is set with it, for whoever waits for news to clear. `not_sent` has what was judged never sent of late.
    `to_bring` has the units that were issued and have still to be moved to Trading, by strategy instance and instrument
    id.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._orders: dict[str, Order] = {}
        self._transfers: dict[str, Transfer] = {}
        self._baselines: dict[str, Baseline] = {}
        self._newest_fill_at: datetime | None = None
        self._listeners: list[Listener] = []
        self._transfer_listeners: list[TransferListener] = []
        self._changing = asyncio.Lock()
        self.not_sent = NotSent(clock)
        self.to_bring: Mapping[tuple[str, str], int] = {}
        self.version = 0
        self.changed = asyncio.Event()

    async def load(self) -> None:
        """Read what was live when the database was last written, and what was judged never sent shortly before."""
        async with self._changing:
            self._orders = {order.client_order_id: order for order in await self._store.live_orders()}
            self._transfers = {transfer.key: transfer for transfer in await self._store.open_transfers()}
            self._newest_fill_at = await self._store.latest_fill_at()
            for order in await self._store.orders_not_sent(self._clock.now() - LATE_WITHIN):
                self.not_sent.note_order(order)
            for transfer in reversed(await self._store.recent_transfers(LATEST_TRANSFERS)):
                self.not_sent.note_transfer(transfer)
            await self._count_issued()
            self._has_changed()

    def listen(self, listener: Listener) -> None:
        """Call `listener` after every order event."""
        self._listeners.append(listener)

    def listen_to_transfers(self, listener: TransferListener) -> None:
        """Call `listener` for every new transfer and after every change of one."""
        self._transfer_listeners.append(listener)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Live orders, oldest first."""
        return tuple(self._orders.values())

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """Open transfers to Consumption, oldest first."""
        return tuple(one for one in self._transfers.values() if one.way is Way.TO_CONSUMPTION)

    @property
    def moves(self) -> tuple[Transfer, ...]:
        """Open transfers whichever way they go, open issues included, oldest first."""
        return tuple(self._transfers.values())

    @property
    def newest_fill_at(self) -> datetime | None:
        """When the newest of the fills traded that are stored, by the exchange's clock."""
        return self._newest_fill_at

    def get(self, client_order_id: str) -> Order | None:
        """A live order."""
        return self._orders.get(client_order_id)

    def baseline(self, key: str) -> Baseline | None:
        """What the balance was before an open transfer was sent; None when that was in another life of the process."""
        return self._baselines.get(key)

    async def add_order(self, order: Order) -> None:
        """Journal a new order; when this returns, it may be sent."""
        async with self._changing:
            await self._store.add_order(order)
            self._orders[order.client_order_id] = order
            self._has_changed()

    async def change_order(
        self, order: Order, event: OrderEvent, *, only_in: Collection[OrderState] | None = None
    ) -> Order | None:
        """Apply an event to an order and store both.

        `order` says which; the state that counts is the newest one that is stored. Answers None, and changes nothing,
        when the event is a fill that is counted already, or the order is in none of the states of `only_in`.

        Raises:
            IllegalTransition: the event cannot happen to the order.
            StoreError: the database refused; nothing has changed.
        """
        async with self._changing:
            now = self._clock.now()
            key = order.client_order_id
            order = self._orders.get(key) or await self._store.order(key) or order
            if only_in is not None and order.state not in only_in:
                return None
            if isinstance(event, Filled) and await self._store.known_trades([event.fill.trade_id]):
                return None
            changed = apply(order, event, now)
            if not await self._store_order(changed, event, now):
                return None
            self._remember(changed, event)
        _tell(changed, event)
        for listener in self._listeners:
            listener(changed, event)
        return changed

    async def add_transfer(self, transfer: Transfer, baseline: Baseline) -> None:
        """Journal a new transfer; when this returns, it may be sent."""
        async with self._changing:
            await self._store.add_transfer(transfer)
            self._transfers[transfer.key] = transfer
            self._baselines[transfer.key] = baseline
            if transfer.way is not Way.TO_CONSUMPTION:
                await self._count_issued()
            self._has_changed()
        for listener in self._transfer_listeners:
            listener(transfer)

    async def resend_transfer(self, transfer: Transfer, baseline: Baseline) -> Transfer | None:
        """Journal that a transfer is sent again; None when it has turned up meanwhile."""
        sending = await self.change_transfer(transfer, TransferState.SUBMITTING, only_in=(TransferState.NOT_SENT,))
        if sending is not None:
            self._baselines[sending.key] = baseline
        return sending

    async def change_transfer(
        self,
        transfer: Transfer,
        state: TransferState,
        *,
        only_in: Collection[TransferState],
        transfer_id: str | None = None,
        reason: str = "",
    ) -> Transfer | None:
        """Store a transfer's next state.

        `transfer` says which; the state that counts is the newest one. Answers None, and changes nothing, when that is
        none of `only_in`, which name states of open transfers, or of those that were judged never sent.

        Raises:
            IllegalTransition: the state cannot follow.
            StoreError: the database refused; nothing has changed.
        """
        async with self._changing:
            present = self._transfers.get(transfer.key) or self.not_sent.transfer(transfer.key)
            if present is None or present.state not in only_in:
                return None
            changed = present.become(state, self._clock.now(), transfer_id=transfer_id, reason=reason)
            await self._store.save_transfer(changed)
            if changed.state.is_open:
                self._transfers[changed.key] = changed
            else:
                self._transfers.pop(changed.key, None)
                self._baselines.pop(changed.key, None)
            self.not_sent.note_transfer(changed)
            if changed.way is not Way.TO_CONSUMPTION:
                await self._count_issued()
            self._has_changed()
        what = "issue" if changed.way is Way.ISSUE else "transfer"
        log.info(f"{what} {state}", strategy=changed.strategy, units=changed.quantity, transfer=changed.key)
        for listener in self._transfer_listeners:
            listener(changed)
        return changed

    async def _count_issued(self) -> None:
        left = await self._store.issued()
        self.to_bring = {(strategy, instrument_id): units for strategy, instrument_id, units in left}

    def _remember(self, order: Order, event: OrderEvent) -> None:
        if order.is_live:
            self._orders[order.client_order_id] = order
        else:
            self._orders.pop(order.client_order_id, None)
        self.not_sent.note_order(order)
        if isinstance(event, Filled) and (self._newest_fill_at or event.fill.executed_at) <= event.fill.executed_at:
            self._newest_fill_at = event.fill.executed_at
        self._has_changed()

    def _has_changed(self) -> None:
        self.version += 1
        self.changed.set()

    async def _store_order(self, order: Order, event: OrderEvent, at: datetime) -> bool:
        record = OrderRecord(at, order.client_order_id, type(event).__name__, order.state, _detail(event))
        if isinstance(event, Filled):
            return await self._store.add_fill(event.fill, order, record)
        await self._store.save_order(order, record)
        return True


def _tell(order: Order, event: OrderEvent) -> None:
    log.info(
        f"order {type(event).__name__.lower()}",
        strategy=order.strategy,
        side=str(order.side),
        units=f"{order.filled}/{order.quantity}",
        price=plain(order.price),
        state=str(order.state),
        order=order.client_order_id,
        detail=_detail(event),
    )


def _detail(event: OrderEvent) -> str:
    match event:
        case Filled(Fill() as fill):
            return f"{fill.quantity} at {fill.price} ({fill.trade_id})"
        case Amended(quantity, price):
            return f"{quantity} at {plain(price)}"
        case Accepted(order_id):
            return order_id
        case _:
            return str(getattr(event, "reason", ""))
