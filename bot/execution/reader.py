"""Reads from the exchange whatever concerns our orders, fills and transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, VenueOrder
from bot.domain.transfer import Transfer, VenueTransfer
from bot.errors import DaemonError, NotFound
from bot.execution.blotter import Blotter
from bot.execution.not_sent import LATE_WITHIN, RESEND_WITHIN
from bot.execution.reconcile import CLOCK_SLACK
from bot.execution.strangers import Strangers
from bot.execution.terms import is_doubtful
from bot.execution.trades import Trades
from bot.execution.ways import listed
from bot.ports import Clock, Exchange, Store

log = structlog.stdlib.get_logger("reconciler")

AUDIT_OVERLAP = timedelta(minutes=10)
"""How far before the newest known trade an audit reads: trades may show later than newer ones."""


@dataclass(slots=True)
class Sight:
    """Our orders and transfers as they stood before the reading began, and what the exchange shows.

    Attributes:
        orders: ours: the live ones, and others that show.
        transfers: ours, issues among them: the open ones, then those that were judged never sent not long ago.
        shown: orders as the exchange shows them, read before `fills`.
        fills: trades of ours that are not stored.
        foreign_fills: trades of others.
        history: transfers, but for those that are stored as other ones of ours.
        strangers: open orders that the journal does not have.
        reopened: orders that are closed in the journal since a while, and rest all the same, with the exchange's ids.
    """

    orders: list[Order]
    transfers: list[Transfer]
    shown: list[VenueOrder] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    foreign_fills: list[Fill] = field(default_factory=list)
    history: list[VenueTransfer] = field(default_factory=list)
    strangers: list[VenueOrder] = field(default_factory=list)
    reopened: list[tuple[Order, str]] = field(default_factory=list)


class Reader:
    """Reads lists in the order in which things happen: open orders, closed ones, trades, transfers.

    So no trade of an order that shows as closed is missing for being too new.
    """

    def __init__(
        self,
        exchange: Exchange,
        store: Store,
        blotter: Blotter,
        clock: Clock,
        *,
        trades: Trades,
        strangers: Strangers,
        settle_after: timedelta,
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._blotter = blotter
        self._clock = clock
        self._trades = trades
        self._strangers = strangers
        self._patience = max(settle_after, CLOCK_SLACK)

    async def read(self, *, deep: bool, at_start: bool = False) -> Sight:
        """What there is to see.

        Args:
            deep: whether to look for all that may have escaped: late orders also among those that are closed, older
                trades, orders that are not in the journal.
            at_start: whether an order that the exchange does not know means that the database is another account's.

        Raises:
            DaemonError: it does.
            ExchangeError: the exchange cannot be read.
        """
        within = LATE_WITHIN if deep else RESEND_WITHIN
        late = self._blotter.not_sent.orders(within=within)
        sight = Sight(
            [*self._blotter.orders, *(late if deep else ())],
            [*self._blotter.moves, *self._blotter.not_sent.transfers(within=within)],
        )
        if sight.orders or late or deep:
            sight.shown += await self._exchange.orders(open_only=True)
            await self._compare_open(sight, deep=deep)
            sight.shown += await self._not_open(sight, at_start=at_start)
        fills = await self._trades.new([*sight.orders, *late], AUDIT_OVERLAP if deep else CLOCK_SLACK)
        fills += await self._trades.missing(sight.orders, sight.shown, fills)
        await self._assign(sight, fills, deep=deep)
        sight.shown = [await self._checked(one, sight) for one in sight.shown]
        sight.history += await self._history(sight.transfers)
        return sight

    async def _compare_open(self, sight: Sight, *, deep: bool) -> None:
        """Sort out open orders that are none of our live ones."""
        order_ids = {order.order_id for order in sight.orders if order.order_id}
        client_ids = {order.client_order_id for order in sight.orders}
        others = [
            one
            for one in sight.shown
            if one.order_id not in order_ids
            and one.client_order_id not in client_ids
            and (deep or not self._strangers.is_foreign(one.order_id))
        ]
        for one, order in await self._with_journal(others):
            if order is None:
                self._strangers.leave_alone(one.order_id)
                sight.strangers.append(one)
            elif order.state is OrderState.NOT_SENT:
                sight.orders.append(order)
            elif deep and not order.is_live and await self._rests_again(one, order):
                sight.reopened.append((order, one.order_id))

    async def _with_journal(self, shown: Sequence[VenueOrder]) -> list[tuple[VenueOrder, Order | None]]:
        """Each of the orders with what the journal has of it."""
        if not shown:
            return []
        by_id = await self._store.orders_by_order_id([one.order_id for one in shown])
        by_client_id = await self._store.orders_by_client_id([s.client_order_id for s in shown if s.client_order_id])
        found = []
        for one in shown:
            order = by_id.get(one.order_id) or by_client_id.get(one.client_order_id or "")
            is_other = order is not None and order.order_id not in (None, one.order_id)
            found.append((one, None if is_other else order))
        return found

    async def _rests_again(self, shown: VenueOrder, order: Order) -> bool:
        """Whether it still rests, long after the journal took it for closed; a list may be a little behind."""
        if self._clock.now() - order.updated_at < self._patience:
            return False
        try:
            return not (await self._exchange.order(shown.order_id)).is_closed
        except NotFound:
            return False

    async def _not_open(self, sight: Sight, *, at_start: bool) -> list[VenueOrder]:
        """Those of our orders that the list of open ones does not have, each as the exchange shows it."""
        listed = {shown.order_id for shown in sight.shown}
        listed_clients = {shown.client_order_id for shown in sight.shown}
        found = []
        lost = []
        for order in sight.orders:
            if order.order_id is None:
                if order.client_order_id not in listed_clients:
                    lost.append(order)
            elif order.order_id not in listed:
                found += await self._one(order, order.order_id, at_start=at_start)
        if lost:
            since = min(order.created_at for order in lost) - CLOCK_SLACK
            wanted = {order.client_order_id for order in lost}
            found += [s for s in await self._exchange.orders(since=since) if s.client_order_id in wanted]
        return found

    async def _one(self, order: Order, order_id: str, *, at_start: bool) -> list[VenueOrder]:
        """The order as the exchange shows it; nothing when it does not show, as one that is very new may not yet."""
        try:
            return [await self._exchange.order(order_id)]
        except NotFound as error:
            if not at_start or self._clock.now() - order.updated_at < self._patience:
                log.warning("the exchange does not show an order that it accepted", order=order.client_order_id)
                return []
            raise DaemonError(
                f"order {order.client_order_id} is live in the database as {order_id}, of which the exchange knows "
                "nothing; is this database of another account or exchange? Use one database for each account."
            ) from error

    async def _assign(self, sight: Sight, fills: Sequence[Fill], *, deep: bool) -> None:
        """Find the orders of all fills; a fill whose order does not show yet is left for later."""
        looked_at = {order.client_order_id for order in sight.orders}
        known = {order.order_id for order in sight.orders}
        known |= {shown.order_id for shown in sight.shown if shown.client_order_id in looked_at}
        unknown = {fill.order_id for fill in fills if not self._strangers.is_foreign(fill.order_id)} - known
        if unknown:
            found = await self._store.orders_by_order_id(sorted(unknown))
            sight.orders += [order for order in found.values() if order.client_order_id not in looked_at]
            await self._find_owners(sight, sorted(unknown - found.keys()), looked_at, deep=deep)
        sight.fills += [fill for fill in fills if not self._strangers.is_foreign(fill.order_id)]
        sight.foreign_fills += [fill for fill in fills if self._strangers.is_foreign(fill.order_id)]

    async def _find_owners(self, sight: Sight, order_ids: Sequence[str], looked_at: set[str], *, deep: bool) -> None:
        """Ask whose orders these are: late ones of ours have our client order ids."""
        seen = {shown.order_id: shown for shown in sight.shown if shown.order_id in order_ids}
        unseen = [order_id for order_id in order_ids if order_id not in seen]
        asked = await self._strangers.look_up(unseen, deep=deep)
        sight.shown += asked
        for one, order in await self._with_journal([*seen.values(), *asked]):
            if order is None:
                self._strangers.leave_alone(one.order_id)
            elif order.client_order_id not in looked_at:
                sight.orders.append(order)

    async def _checked(self, shown: VenueOrder, sight: Sight) -> VenueOrder:
        """An order as it is shown when it is asked for itself, where it seems to have been amended."""
        fills = [fill for fill in sight.fills if fill.order_id == shown.order_id]
        for order in sight.orders:
            is_it = (
                order.order_id == shown.order_id if order.order_id else order.client_order_id == shown.client_order_id
            )
            if is_it and is_doubtful(order, shown, fills):
                return next(iter(await self._one(order, shown.order_id, at_start=False)), shown)
        return shown

    async def _history(self, transfers: Sequence[Transfer]) -> list[VenueTransfer]:
        if not transfers:
            return []
        shown: list[VenueTransfer] = []
        for way in dict.fromkeys(transfer.way for transfer in transfers):
            since = min(transfer.created_at for transfer in transfers if transfer.way is way) - CLOCK_SLACK
            shown += await listed(self._exchange, way, since)
        ours = {transfer.transfer_id for transfer in transfers}
        others = [one.transfer_id for one in shown if one.transfer_id not in ours]
        known = await self._store.known_transfers(others) if others else set()
        return [one for one in shown if one.transfer_id not in known]
