"""Orders and fills of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar

from bot.domain.fill import Fill
from bot.domain.order import NewOrder, Side, TimeInForce, VenueOrder
from bot.grid import order_wire, routes
from bot.grid.base import TradingApi, is_within, may_be
from bot.grid.envelope import Query
from bot.grid.listing import Listing
from bot.grid.open_orders import OpenOrders
from bot.grid.order_wire import TradeRow
from bot.grid.payloads import changes_payload, order_payload
from bot.grid.results import OrderCount, TradeRecord

_Trade = TypeVar("_Trade", Fill, TradeRecord)

_SAME_STATUS = {"open": "active", "canceled": "cancelled"}
"""Words that the exchange has two of."""


class OrdersApi(TradingApi):
    """Places, changes and cancels orders, and tells what became of them.

    Writes are sent once, and every one of them raises:
        InvalidRequest: it cannot be right, and was not sent; or the exchange says so, and it was not applied.
        RequestRefused: any other refusal; it was not applied.
        NotSentError: it never left.
        OutcomeUnknown: it may have been applied; look at `orders` and `fills` before sending it again.

    Reads raise `ExchangeError`: `NotFound` of what the exchange does not have, `BadAnswer` of what cannot be
    understood.
    """

    _open_orders: OpenOrders

    async def place(self, order: NewOrder) -> VenueOrder:
        """Place an order; the answer holds at least its `order_id`. Sent once, its id as the `Idempotency-Key`.

        Route: `POST orders`.

        Raises:
            InsufficientFunds: not enough cash, or not enough units.
            DuplicateOrder: its client order id was used before.
            RequestRefused: it was not applied; `InvalidRequest` may be raised before anything is sent.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        placed = await self._write(
            routes.PLACE_ORDER,
            order_wire.ORDERS,
            order_wire.order_of,
            payload=order_payload(order),
            key=order.client_order_id,
        )
        return self._noted(placed)

    async def replace(
        self,
        order_id: str,
        *,
        price: Decimal | None = None,
        quantity: int | None = None,
        stop_price: Decimal | None = None,
        time_in_force: TimeInForce | None = None,
    ) -> VenueOrder:
        """Change an open order; what is None stays as it is. Sent once.

        The answer holds at least an `order_id`, and of the rest perhaps nothing: the change may still be on its way.
        An order that is changed may lose its place in the queue. Route: `PUT orders/{id}`.

        Args:
            order_id: which one.
            price: the new limit, USD per unit.
            quantity: units ordered, those included that are filled already.
            stop_price: what is to wake it, USD per unit.
            time_in_force: how long it is to rest.

        Raises:
            InvalidRequest: nothing is to be changed.
            RequestRefused: it was not applied.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """

        def changed(row: order_wire.OrderRow) -> VenueOrder:
            row.order_id = row.order_id or order_id
            return order_wire.order_of(row)

        payload = changes_payload(price, quantity, stop_price, time_in_force)
        return self._noted(
            await self._write(routes.REPLACE_ORDER, order_wire.ORDERS, changed, order_id, payload=payload)
        )

    async def cancel(self, order_id: str) -> None:
        """Ask for a cancel. Sent once. Route: `DELETE orders/{id}`.

        Raises:
            OrderAlreadyClosed: there is nothing left to cancel.
            RequestRefused: it was not applied.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        await self._caller.call(routes.CANCEL_ORDER, order_id)

    async def cancel_all(self, *, market_id: str | None = None) -> int | None:
        """Cancel all open orders of the account, or those on one market: ours, and those of anybody else who uses it.

        Sent once. Routes: `DELETE orders`, `DELETE markets/{id}/orders`.

        Returns:
            How many the exchange says that it has cancelled, which may be stale; None when it does not say.

        Raises:
            RequestRefused: it was not applied.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        if market_id is None:
            answer = await self._caller.call(routes.CANCEL_ORDERS)
        else:
            answer = await self._caller.call(routes.CANCEL_MARKET_ORDERS, market_id)
        return answer.read(order_wire.cancelled_of)

    async def order(self, order_id: str) -> VenueOrder:
        """One of our orders. Route: `GET orders/{id}`.

        Raises:
            NotFound: there is none with this id.
        """
        return self._noted(await self._read(routes.ORDER, order_wire.ORDERS, order_wire.order_of, order_id))

    def orders(
        self,
        *,
        market_id: str | None = None,
        instrument_id: str | None = None,
        side: Side | None = None,
        status: str | None = None,
        open_only: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Listing[VenueOrder]:
        """Our orders, oldest first. Route: `GET orders`.

        Args:
            market_id: those on one market.
            instrument_id: those of one instrument.
            side: buys or sells.
            status: those in one status, in the exchange's own word.
            open_only: those that may still fill. Iterated, these are all read before the first comes, since an order
                changes its status meanwhile. Only one in 20 such lists asks for every status, the others for the usual
                ones and those seen before: another program's order may be missing that long while it is `pending`.
            since: those placed then or later.
            until: those placed before.

        Raises:
            InvalidRequest: a moment names no time zone.
        """
        wanted = _Wanted(market_id, instrument_id, side, status, open_only, since, until)
        asked = partial(self._query, since, until, market_id=market_id, instrument_id=instrument_id, side=side)
        query = asked(status=status)
        one_by_one = open_only and status is None
        return Listing(
            lambda: self._open_pages(asked) if one_by_one else self._order_pages(query),
            key=lambda order: order.order_id,
            keep=wanted.may_be,
            at=lambda order: order.created_at,
        )

    async def order_count(self) -> OrderCount:
        """How many open orders there are; it may lag behind. Route: `GET orders/count`."""
        return await self._read(routes.ORDER_COUNT, order_wire.ORDER_COUNTS, order_wire.order_count_of)

    def fills(
        self,
        *,
        market_id: str | None = None,
        instrument_id: str | None = None,
        order_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Listing[Fill]:
        """Our trades, oldest first. Route: `GET trades`.

        Args:
            market_id: those on one market.
            instrument_id: those of one instrument.
            order_id: those of one order, by the exchange's id.
            since: those executed then or later.
            until: those executed before.

        Raises:
            InvalidRequest: a moment names no time zone.
        """
        return self._trades(order_wire.fill_of, market_id, instrument_id, order_id, since, until)

    def trade_history(
        self,
        *,
        market_id: str | None = None,
        instrument_id: str | None = None,
        order_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Listing[TradeRecord]:
        """The same trades as `fills`, with all that the exchange tells of them, such as whether they have settled.

        Route: `GET trades`. Arguments and errors are those of `fills`.
        """
        return self._trades(order_wire.trade_record_of, market_id, instrument_id, order_id, since, until)

    async def fill(self, trade_id: str) -> Fill:
        """One of our trades. Route: `GET trades/{id}`.

        Raises:
            NotFound: there is none with this id.
        """
        return await self._read(routes.TRADE, order_wire.TRADES, order_wire.fill_of, trade_id)

    def _trades(
        self,
        convert: Callable[[TradeRow], _Trade],
        market_id: str | None,
        instrument_id: str | None,
        order_id: str | None,
        since: datetime | None,
        until: datetime | None,
    ) -> Listing[_Trade]:
        return self._listing(
            routes.TRADES,
            order_wire.TRADES,
            lambda row: convert(row) if may_be(row.instrument_id, instrument_id) else None,
            key=lambda trade: trade.trade_id,
            query=self._query(since, until, market_id=market_id, instrument_id=instrument_id, order_id=order_id),
            keep=lambda trade: (
                may_be(trade.market_id, market_id)
                and may_be(trade.order_id, order_id)
                and is_within(trade.executed_at, since, until)
            ),
            at=lambda trade: trade.executed_at,
        )

    def _order_pages(self, query: Query) -> AsyncIterator[list[VenueOrder]]:
        return self._pages(routes.ORDERS, order_wire.ORDERS, order_wire.order_of, query)

    async def _open_pages(self, asked: Callable[..., Query]) -> AsyncIterator[list[VenueOrder]]:
        """All open orders as one page; `asked` makes the query of a status."""

        async def listed(status: str) -> list[VenueOrder]:
            return [order async for page in self._order_pages(asked(status=status)) for order in page]

        yield await self._open_orders.listed(listed)

    def _noted(self, order: VenueOrder) -> VenueOrder:
        self._open_orders.learn(order)
        return order


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which orders are asked for."""

    market_id: str | None
    instrument_id: str | None
    side: Side | None
    status: str | None
    open_only: bool
    since: datetime | None
    until: datetime | None

    def may_be(self, order: VenueOrder) -> bool:
        """Whether an order may be one of them."""
        return (
            may_be(order.market_id, self.market_id)
            and may_be(order.instrument_id, self.instrument_id)
            and may_be(order.side, self.side)
            and may_be(_word(order.status), _word(self.status))
            and not (self.open_only and order.is_closed)
            and is_within(order.created_at, self.since, self.until)
        )


def _word(status: str | None) -> str | None:
    return _SAME_STATUS.get(status, status) if status is not None else None
