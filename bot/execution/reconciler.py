"""Keeps our journal in line with the exchange: at start, and while anything is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, VenueOrder
from bot.domain.transfer import Transfer, TransferState, VenueTransfer
from bot.domain.transitions import CancelRefused, Filled, Unclear
from bot.errors import DaemonError, NotFound
from bot.execution.blotter import Blotter
from bot.execution.reconcile import CLOCK_SLACK, Venue, diff, units_unaccounted
from bot.ports import Clock, Exchange, Store

log = structlog.stdlib.get_logger("reconciler")

LOOKS_TO_SETTLE = 2
"""How often something must be looked for in vain, a settle delay apart, before it counts as never sent."""


@dataclass(slots=True)
class _Search:
    """How often something was looked for in vain, and when last."""

    last: datetime
    looks: int = 0


class Reconciler:
    """Reads what the exchange shows of our orders, fills and transfers, and applies what is missing here.

    Orders that are not ours are left alone.
    """

    def __init__(
        self, exchange: Exchange, store: Store, blotter: Blotter, clock: Clock, *, settle_after: timedelta
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._blotter = blotter
        self._clock = clock
        self._settle_after = settle_after
        self._searches: dict[str, _Search] = {}
        self._done: dict[str, datetime] = {}
        self._newest_fill: datetime | None = None
        self._quiet_from = clock.now()

    async def start(self) -> None:
        """Bring the journal up to date after whatever happened while nobody looked.

        Raises:
            DaemonError: the journal has an order of which the exchange knows nothing.
            ExchangeError: the exchange cannot be read.
        """
        await self._blotter.load()
        await self._mark_unknown()
        self._newest_fill = await self._store.latest_fill_at()
        open_orders = await self._exchange.orders(open_only=True)
        await self._repair(open_orders, at_start=True)
        ours = {order.order_id for order in self._blotter.orders}
        if foreign := [shown for shown in open_orders if shown.order_id not in ours]:
            log.info("orders that are not ours are left alone", orders=len(foreign))

    async def _mark_unknown(self) -> None:
        """What was being sent when the last run ended may or may not have arrived."""
        why = "the last run ended before an answer came"
        for order in self._blotter.orders:
            if order.state is OrderState.SUBMITTING:
                await self._blotter.change_order(order, Unclear(why))
        for transfer in self._blotter.transfers:
            if transfer.state is TransferState.SUBMITTING:
                await self._blotter.change_transfer(transfer, TransferState.UNKNOWN, reason=why)

    async def look(self) -> None:
        """Bring live orders and open transfers up to date; asks nothing when all has been quiet for a while."""
        orders, now = self._blotter.orders, self._clock.now()
        if orders or self._blotter.transfers:
            self._quiet_from = now + CLOCK_SLACK  # a fill may show after its order has closed
        elif now >= self._quiet_from:
            return
        await self._repair(await self._exchange.orders(open_only=True) if orders else [])

    async def _repair(self, open_orders: Sequence[VenueOrder], *, at_start: bool = False) -> None:
        orders = [*self._blotter.orders, *await self._thought_lost(open_orders)]
        transfers = self._blotter.transfers
        shown = [*open_orders, *await self._closed_meanwhile(orders, open_orders, at_start=at_start)]
        fills = await self._new_fills(orders)
        fills += await self._fills_not_listed(orders, shown, fills)
        orders += await self._closed_but_filled(orders, fills)
        venue = Venue(shown, fills, await self._shown_transfers(transfers))
        repairs = diff(orders, transfers, venue, self._settled(orders, transfers))
        for order, event in repairs.orders:
            only_in = (OrderState.CANCELLING,) if isinstance(event, CancelRefused) else None
            await self._blotter.change_order(order, event, only_in=only_in)
            if isinstance(event, Filled):
                self._remember(event.fill)
        for repair in repairs.transfers:
            await self._blotter.change_transfer(repair.transfer, repair.state, transfer_id=repair.transfer_id)

    async def _thought_lost(self, open_orders: Sequence[VenueOrder]) -> list[Order]:
        """Orders that were judged never sent, and show after all."""
        live = {order.client_order_id for order in self._blotter.orders}
        ids = [s.client_order_id for s in open_orders if s.client_order_id and s.client_order_id not in live]
        found = await self._store.orders_by_client_id(ids) if ids else {}
        lost = [order for order in found.values() if order.state is OrderState.NOT_SENT]
        for order in lost:
            log.error("an order that was judged never sent rests on the book; taken up", order=order.client_order_id)
        return lost

    async def _closed_meanwhile(
        self, orders: Sequence[Order], open_orders: Sequence[VenueOrder], *, at_start: bool
    ) -> list[VenueOrder]:
        """Those of our orders that the list of open ones does not have, each as the exchange shows it."""
        listed = {shown.order_id for shown in open_orders}
        listed_clients = {shown.client_order_id for shown in open_orders}
        found = []
        lost = []
        for order in orders:
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
            if not at_start or self._clock.now() - order.updated_at < self._settle_after:
                log.warning("the exchange does not show an order that it accepted", order=order.client_order_id)
                return []
            raise DaemonError(
                f"order {order.client_order_id} is live in the database as {order_id}, of which the exchange knows "
                "nothing; is this database of another account or exchange? Use one database for each account."
            ) from error

    async def _new_fills(self, orders: Sequence[Order]) -> list[Fill]:
        if self._newest_fill is not None:
            since = self._newest_fill
        elif orders:
            since = min(order.created_at for order in orders)
        else:
            return []
        return await self._unknown(await self._exchange.fills(since=since - CLOCK_SLACK))

    async def _fills_not_listed(
        self, orders: Sequence[Order], shown: Sequence[VenueOrder], fills: Sequence[Fill]
    ) -> list[Fill]:
        """Fills too old for the list of new ones, of orders that show more filled than is known."""
        by_id = {order.order_id: order for order in orders if order.order_id}
        by_client_id = {order.client_order_id: order for order in orders}
        listed = {fill.trade_id for fill in fills}
        found: list[Fill] = []
        for one in shown:
            order = by_id.get(one.order_id) or by_client_id.get(one.client_order_id or "")
            if order is not None and units_unaccounted(order, one, fills):
                found += await self._unknown(await self._exchange.fills(order_id=one.order_id))
        return [fill for fill in found if fill.trade_id not in listed]

    async def _unknown(self, fills: Sequence[Fill]) -> list[Fill]:
        """Those of the fills that are not stored."""
        unseen = {fill.trade_id: fill for fill in fills if fill.trade_id not in self._done}
        if unseen:
            for trade_id in await self._store.known_trades(list(unseen)):
                self._remember(unseen.pop(trade_id))
        return list(unseen.values())

    async def _closed_but_filled(self, orders: Sequence[Order], fills: Sequence[Fill]) -> list[Order]:
        """Orders of ours that are closed in the journal, yet have fills that are not stored."""
        known = {order.order_id for order in orders}
        ids = sorted({fill.order_id for fill in fills if fill.order_id not in known})
        found = await self._store.orders_by_order_id(ids) if ids else {}
        looked_at = {order.client_order_id for order in orders}  # one may have got its id since it was looked at
        return [order for order in found.values() if order.client_order_id not in looked_at]

    async def _shown_transfers(self, transfers: Sequence[Transfer]) -> list[VenueTransfer]:
        if not transfers:
            return []
        since = min(transfer.created_at for transfer in transfers) - CLOCK_SLACK
        shown = await self._exchange.transfers(since=since)
        ours = {transfer.transfer_id for transfer in transfers}
        others = [one.transfer_id for one in shown if one.transfer_id not in ours]
        known = await self._store.known_transfers(others) if others else set()
        return [one for one in shown if one.transfer_id not in known]

    def _settled(self, orders: Sequence[Order], transfers: Sequence[Transfer]) -> set[str]:
        """Count this look for everything that is unclear; the keys that have been looked for often enough."""
        now = self._clock.now()
        unclear = (OrderState.UNKNOWN, OrderState.CANCELLING)
        keys = {order.client_order_id for order in orders if order.state in unclear}
        keys |= {transfer.key for transfer in transfers if transfer.state is TransferState.UNKNOWN}
        self._searches = {key: self._searches.get(key) or _Search(now) for key in keys}
        for search in self._searches.values():
            if now - search.last >= self._settle_after:
                search.looks += 1
                search.last = now
        return {key for key, search in self._searches.items() if search.looks >= LOOKS_TO_SETTLE}

    def _remember(self, fill: Fill) -> None:
        """Do not take up this fill again, as long as it can show again."""
        self._done[fill.trade_id] = fill.executed_at
        if self._newest_fill is None or fill.executed_at > self._newest_fill:
            self._newest_fill = fill.executed_at
            oldest = fill.executed_at - 2 * CLOCK_SLACK
            self._done = {trade_id: at for trade_id, at in self._done.items() if at >= oldest}
