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

    No request is repeated after a failure, reads included: whoever reads on a schedule reads again anyway.

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
            if _may_be(order.market_id, market_id) and _is_since(order.created_at, since)
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
            if _may_be(fill.market_id, market_id)
            and _may_be(fill.order_id, order_id)
            and _is_since(fill.executed_at, since)
        ]
        return sorted(wanted, key=lambda fill: fill.executed_at)

    async def cash(self) -> Cash:
        """US dollars."""
        found = await self._all(routes.CASH_ACCOUNTS, account_wire.ACCOUNTS, account_wire.cash_of)
        return next((cash for cash in found if cash is not None), Cash())

    async def trading_units(self) -> dict[str, Units]:
        """Units that can be sold or moved, by instrument id."""
        found = await self._all(routes.TRADING_ACCOUNTS, account_wire.ACCOUNTS, account_wire.trading_units_of)
        return {units.instrument_id: units for units in found if units is not None}

    async def consumption_units(self) -> dict[str, Units]:
        """Units that inference can use, by instrument id; a unit that is partly used does not count."""
        found = await self._all(routes.CONSUMPTION_ACCOUNTS, account_wire.ACCOUNTS, account_wire.consumption_units_of)
        return {units.instrument_id: units for units in found}

    async def transfer_to_consumption(
        self, instrument_id: str, quantity: int, *, key: str | None = None
    ) -> VenueTransfer:
        """Move units from Trading to Consumption; done only when the history says so. Sent once.

        `key` is sent as the `Idempotency-Key`; the exchange may ignore it.

        Raises:
            RequestRefused: it was not applied; `InvalidRequest` may be raised before anything is sent.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        payload = transfer_payload(instrument_id, quantity)
        answer = await self._caller.call(routes.TRANSFER_TO_CONSUMPTION, payload=payload, idempotency_key=key)
        return answer.read(lambda body: account_wire.transfer_of(account_wire.TRANSFERS.one(body)))

    async def transfers(
        self, *, instrument_id: str | None = None, since: datetime | None = None
    ) -> list[VenueTransfer]:
        """Our transfers to Consumption, oldest first; `since` is inclusive."""
        found = await self._all(
            routes.TRANSFER_HISTORY,
            account_wire.TRANSFERS,
            account_wire.transfer_to_consumption_of,
            {"instrument_id": instrument_id},
            since,
        )
        wanted = [
            transfer
            for transfer in _once((one for one in found if one is not None), lambda transfer: transfer.transfer_id)
            if _may_be(transfer.instrument_id, instrument_id) and _is_since(transfer.created_at, since)
        ]
        return sorted(wanted, key=lambda transfer: transfer.created_at or _LONG_AGO)

    async def close(self) -> None:
        """Let go of connections."""
        await self._caller.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self.close()

    async def _all(
        self,
        route: Route,
        rows: Rows[Row],
        convert: Callable[[Row], Value],
        filters: Mapping[str, str | None] | None = None,
        since: datetime | None = None,
    ) -> list[Value]:
        query = list_query(self._spelling, filters or {}, since)
        return await whole_list(self._caller, route, rows, convert, query)

    def _noted(self, order: VenueOrder) -> VenueOrder:
        self._open_orders.learn(order)
        return order


def _order(body: bytes) -> VenueOrder:
    return order_wire.order_of(order_wire.ORDERS.one(body))


def _once(found: Iterable[T], key: Callable[[T], str]) -> Iterable[T]:
    """Each row once; of two with the same id the later one, which was read later."""
    return {key(one): one for one in found}.values()


def _may_be(value: str | None, wanted: str | None) -> bool:
    """What a row does not say was left to the exchange's own filter."""
    return wanted is None or value is None or value == wanted


def _is_since(at: datetime | None, since: datetime | None) -> bool:
    return since is None or at is None or at >= since
