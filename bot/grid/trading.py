"""The client of the exchange's Trading API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Self, TypeVar

from bot.domain.account import Cash, Units
from bot.domain.book import Book
from bot.domain.fill import Fill
from bot.domain.market import Market, Ticker
from bot.domain.order import NewOrder, VenueOrder
from bot.domain.transfer import VenueTransfer
from bot.grid import account_wire, market_wire, order_wire, routes
from bot.grid.caller import Caller
from bot.grid.envelope import Row, Rows, Value
from bot.grid.keys import SigningKey
from bot.grid.open_orders import OpenOrders
from bot.grid.payloads import order_payload, transfer_payload
from bot.grid.queries import FilterSpelling, list_query, whole_list
from bot.grid.routes import Layout, Route
from bot.ports import Clock, Transport

T = TypeVar("T")

MAX_DEPTH = 100
"""Levels of a book's side; the exchange shows no more."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class TradingClient:
    """The exchange, for one trading key. It implements `bot.ports.Exchange` over any transport.

    Nothing is ever sent twice, reads included: whoever reads on a schedule reads again anyway.

    Args:
        transport: carries the requests; the client closes it.
        key: signs them.
        clock: tells the time that they carry.
        layout: where the exchange is expected to have its routes, `documented` or `short`; a route that is not there
            is looked for in the other layout once.
        base_path: what comes before all routes.
        filters: how filters of lists are spelled.
    """

    def __init__(
        self,
        transport: Transport,
        key: SigningKey,
        clock: Clock,
        *,
        layout: str = Layout.DOCUMENTED,
        base_path: str = "/v1",
        filters: str = FilterSpelling.PLAIN,
    ) -> None:
        self._caller = Caller(transport, key, clock, layout=Layout(layout), base_path=base_path)
        self._clock = clock
        self._spelling = FilterSpelling(filters)
        self._open_orders = OpenOrders()

    @property
    def clock_offset_seconds(self) -> float:
        """How far the exchange's clock is ahead of ours; added to the time that requests carry."""
        return self._caller.clock_offset_seconds

    @clock_offset_seconds.setter
    def clock_offset_seconds(self, seconds: float) -> None:
        self._caller.clock_offset_seconds = seconds

    async def markets(self) -> list[Market]:
        """Every market."""
        return await self._all(routes.MARKETS, market_wire.MARKETS, market_wire.market_of)

    async def ticker(self, market_id: str) -> Ticker:
        """Best prices and last trade."""
        answer = await self._caller.call(routes.TICKER, market_id)
        now = self._clock.now()
        return answer.read(lambda body: market_wire.ticker_of(market_wire.TICKERS.one(body), market_id, now))

    async def book(self, market_id: str, depth: int = 20) -> Book:
        """The best `depth` levels of each side, at most 100."""
        depth = max(1, min(depth, MAX_DEPTH))
        answer = await self._caller.call(routes.ORDER_BOOK, market_id, query=(("depth", str(depth)),))
        return answer.read(lambda body: market_wire.book_of(market_wire.BOOKS.one(body), market_id, depth))

    async def place(self, order: NewOrder) -> VenueOrder:
        """Place an order; the answer holds at least its `order_id`. Sent once.

        Raises:
            RequestRefused: it was not applied; `InvalidRequest` may be raised before anything is sent.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        payload = order_payload(order)
        answer = await self._caller.call(routes.PLACE_ORDER, payload=payload, idempotency_key=order.client_order_id)
        return self._noted(answer.read(_order))

    async def cancel(self, order_id: str) -> None:
        """Ask for a cancel. Sent once.

        Raises:
            OrderAlreadyClosed: there is nothing left to cancel.
            RequestRefused: it was not applied.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        await self._caller.call(routes.CANCEL_ORDER, order_id)

    async def order(self, order_id: str) -> VenueOrder:
        """One of our orders. Raises `NotFound`."""
        answer = await self._caller.call(routes.ORDER, order_id)
        return self._noted(answer.read(_order))

    async def orders(
        self, *, market_id: str | None = None, open_only: bool = False, since: datetime | None = None
    ) -> list[VenueOrder]:
        """Our orders, oldest first; with `open_only` those that may still fill."""

        async def read(status: str | None) -> list[VenueOrder]:
            filters = {"market_id": market_id, "status": status}
            return await self._all(routes.ORDERS, order_wire.ORDERS, order_wire.order_of, filters, since)

        found = await (self._open_orders.listed(read) if open_only else read(None))
        wanted = [
            order
            for order in _once(found, lambda order: order.order_id)
            if market_id in (None, order.market_id) and _is_since(order.created_at, since)
        ]
        return sorted(wanted, key=lambda order: order.created_at or _LONG_AGO)

    async def fills(
        self, *, market_id: str | None = None, order_id: str | None = None, since: datetime | None = None
    ) -> list[Fill]:
        """Our trades, oldest first; `since` is inclusive."""
        filters = {"market_id": market_id, "order_id": order_id}
        found = await self._all(routes.TRADES, order_wire.TRADES, order_wire.fill_of, filters, since)
        wanted = [
            fill
            for fill in _once(found, lambda fill: fill.trade_id)
            if market_id in (None, fill.market_id)
            and order_id in (None, fill.order_id)
            and _is_since(fill.executed_at, since)
        ]
        return sorted(wanted, key=lambda fill: fill.executed_at)

    async def cash(self) -> Cash:
        """US dollars."""
        return account_wire.cash_of(await self._accounts(routes.CASH_ACCOUNTS))

    async def trading_units(self) -> dict[str, Units]:
        """Units that can be sold or moved, by instrument id."""
        return account_wire.trading_units_of(await self._accounts(routes.TRADING_ACCOUNTS))

    async def consumption_units(self) -> dict[str, Units]:
        """Units that inference can use, by instrument id; a unit that is partly used does not count."""
        return account_wire.consumption_units_of(await self._accounts(routes.CONSUMPTION_ACCOUNTS))
