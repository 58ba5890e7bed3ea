"""Market data, orders, balances and transfers, as the engine asks for them."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

from bot.domain.account import Cash, Units
from bot.domain.book import Book
from bot.domain.candle import Candle, Resolution
from bot.domain.fill import Fill
from bot.domain.issuance import SupplyIssuance
from bot.domain.market import Market, Ticker
from bot.domain.order import NewOrder, VenueOrder
from bot.domain.transfer import VenueTransfer


class Exchange(Protocol):
    """What the engine asks of an exchange. Errors are `bot.errors.ExchangeError` and its children.

    Lists are complete: the implementation follows the exchange's paging to its end.
    """

    async def markets(self) -> list[Market]:
        """Every market."""
        ...

    async def ticker(self, market_id: str) -> Ticker:
        """Best prices and last trade."""
        ...

    async def book(self, market_id: str, depth: int = 20) -> Book:
        """The best `depth` levels of each side, at most 100."""
        ...

    def candles(
        self, market_id: str, resolution: Resolution, *, start: datetime | None = None, end: datetime | None = None
    ) -> Awaitable[list[Candle]]:
        """Candles that begin from `start`, inclusive, to `end`, exclusive, oldest first.

        The newest may not be over yet; a span in which nothing was traded may have none.
        """
        ...

    async def place(self, order: NewOrder) -> VenueOrder:
        """Place an order; the answer holds at least its `order_id`. Sent once.

        Raises:
            RequestRefused: it was not applied.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        ...

    async def cancel(self, order_id: str) -> None:
        """Ask for a cancel. Sent once. An order that is closed already raises `OrderAlreadyClosed`."""
        ...

    async def order(self, order_id: str) -> VenueOrder:
        """One of our orders. Raises `NotFound`."""
        ...

    def orders(
        self, *, market_id: str | None = None, open_only: bool = False, since: datetime | None = None
    ) -> Awaitable[list[VenueOrder]]:
        """Our orders, oldest first; with `open_only` those that may still fill."""
        ...

    def fills(
        self, *, market_id: str | None = None, order_id: str | None = None, since: datetime | None = None
    ) -> Awaitable[list[Fill]]:
        """Our trades, oldest first; `since` is inclusive."""
        ...

    async def cash(self) -> Cash:
        """US dollars."""
        ...

    async def trading_units(self) -> dict[str, Units]:
        """Units that can be sold or moved, by instrument id."""
        ...

    async def consumption_units(self) -> dict[str, Units]:
        """Units that inference can use, by instrument id; a unit that is partly used does not count."""
        ...

    async def transfer_to_consumption(
        self, instrument_id: str, quantity: int, *, key: str | None = None
    ) -> VenueTransfer:
        """Move units from Trading to Consumption; done only when the history says so. Sent once.

        `key` is sent as the `Idempotency-Key`; the exchange may ignore it.

        Raises:
            RequestRefused: it was not applied.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        ...

    def transfers(
        self, *, instrument_id: str | None = None, since: datetime | None = None
    ) -> Awaitable[list[VenueTransfer]]:
        """Our transfers to Consumption, oldest first; `since` is inclusive."""
        ...

    async def issue_supply(self, instrument_id: str, quantity: int, *, key: str | None = None) -> SupplyIssuance:
        """For suppliers: issue units, which `issued_units` shows then. Otherwise like `transfer_to_consumption`."""
        ...

    def supply_issuances(self, *, since: datetime | None = None) -> Awaitable[list[SupplyIssuance]]:
        """What was issued, oldest first; `since` is inclusive."""
        ...

    async def issued_units(self) -> dict[str, Units]:
        """Units that were issued and not moved to Trading yet, by instrument id."""
        ...

    async def transfer_issued(self, instrument_id: str, quantity: int, *, key: str | None = None) -> VenueTransfer:
        """Move issued units to Trading. Otherwise like `transfer_to_consumption`."""
        ...

    def transfers_to_trading(self, *, since: datetime | None = None) -> Awaitable[list[VenueTransfer]]:
        """Our transfers of issued units to Trading, oldest first; `since` is inclusive."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
