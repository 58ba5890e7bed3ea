"""Reads our trades from the exchange: those that are not in the journal yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.fill import Fill
from bot.domain.order import Order, VenueOrder
from bot.execution.reconcile import CLOCK_SLACK, units_unaccounted
from bot.ports import Exchange, Store


class Trades:
    """Reads each trade as seldom as it can.

    All trades up to the newest one that was dealt with are taken to be known, but for those of the last minute before
    it, which are read again every time: an exchange may show trades later than they happened, and out of order.
    """

    def __init__(self, exchange: Exchange, store: Store) -> None:
        self._exchange = exchange
        self._store = store
        self._done: dict[str, datetime] = {}
        self._newest: datetime | None = None

    async def load(self) -> None:
        """Begin with what the database has."""
        self._newest = await self._store.latest_fill_at()

    async def new(self, orders: Sequence[Order], overlap: timedelta = CLOCK_SLACK) -> list[Fill]:
        """Trades that are not stored, since a while before the newest known one, or else since the oldest order."""
        if self._newest is not None:
            since = self._newest
        elif orders:
            since = min(order.created_at for order in orders)
        else:
            return []
        return await self._unknown(await self._exchange.fills(since=since - overlap))

    async def missing(self, orders: Sequence[Order], shown: Sequence[VenueOrder], fills: Sequence[Fill]) -> list[Fill]:
        """Trades besides `fills` of those orders that show more filled than is known."""
        by_id = {order.order_id: order for order in orders if order.order_id}
        by_client_id = {order.client_order_id: order for order in orders}
        found: dict[str, Fill] = {}
        for one in shown:
            order = by_id.get(one.order_id) or by_client_id.get(one.client_order_id or "")
            if order is not None and units_unaccounted(order, one, fills):
                of_order = await self._unknown(await self._exchange.fills(order_id=one.order_id))
                found.update((fill.trade_id, fill) for fill in of_order)
        listed = {fill.trade_id for fill in fills}
        return [fill for fill in found.values() if fill.trade_id not in listed]

    def done(self, fill: Fill) -> None:
        """Do not tell of this trade again, as long as it can show again."""
        self._done[fill.trade_id] = fill.executed_at
        self.passed(fill)

    def passed(self, fill: Fill) -> None:
        """This trade is dealt with, though it is not in the journal."""
        if self._newest is None or fill.executed_at > self._newest:
            self._newest = fill.executed_at
            oldest = fill.executed_at - 2 * CLOCK_SLACK
            self._done = {trade_id: at for trade_id, at in self._done.items() if at >= oldest}

    async def _unknown(self, fills: Sequence[Fill]) -> list[Fill]:
        """Those of the fills that are not stored."""
        unseen = {fill.trade_id: fill for fill in fills if fill.trade_id not in self._done}
        if unseen:
            for trade_id in await self._store.known_trades(list(unseen)):
                self.done(unseen.pop(trade_id))
        return list(unseen.values())
