"""What the core needs from the outside, as small protocols.

`grid` implements `Exchange` over any `Transport`; `sim` implements a `Transport` that calls the simulated exchange
in memory; `storage` implements `Store`; `clock` implements `Clock` and `Ids`. None of them knows another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from bot.domain.account import Cash, Units
from bot.domain.book import Book
from bot.domain.fill import Fill
from bot.domain.market import Market, Ticker
from bot.domain.order import NewOrder, Order, OrderState, VenueOrder
from bot.domain.stream import StreamEvent
from bot.domain.transfer import Transfer, VenueTransfer


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present moment, UTC, time zone aware."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds of this clock."""
        ...


class Ids(Protocol):
    """The only source of new ids."""

    def new(self, prefix: str) -> str:
        """A new id, unique for ever: the prefix, a dash, 32 hexadecimal digits."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it goes on the wire.

    Attributes:
        method: upper-case HTTP method.
        path: full, already percent-encoded URL path with its prefix (`/v1/...`), without the query.
        query: decoded names and values, in order; names may repeat.
        headers: as they are sent.
        body: the exact bytes; empty for none.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Transport(Protocol):
    """Carries one request to one exchange and brings its answer back. Sends once; never retries."""

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status.

        Raises:
            NotSentError: the request certainly never reached the exchange.
            ConnectionError: the connection broke after the request may have been read.
            TimeoutError: no answer in time.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; nothing can be sent afterwards."""
        ...


class Socket(Protocol):
    """An open connection that carries text frames both ways."""

    async def send(self, frame: str) -> None:
        """Send a frame. Raises `ConnectionError` when the connection is gone."""
        ...

    async def receive(self) -> str:
        """The next frame; waits for one as long as it takes. Raises `ConnectionError` when the connection is gone."""
        ...

    async def close(self) -> None:
        """Close the connection; a `receive` under way ends with `ConnectionError`."""
        ...


class Dialer(Protocol):
    """Opens connections to one exchange's stream."""

    async def connect(self) -> Socket:
        """A new connection.

        Raises:
            ConnectionError: it could not be opened; trying again later may help.
            TimeoutError: not in time.
            NotFound: the exchange serves no stream.
        """
        ...


class MarketStream(Protocol):
    """The exchange's stream, which opens again whenever it breaks."""

    def open(self, market_ids: Sequence[str] = ()) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """Events of our orders and of these markets while the block runs, for ever.

        `StreamUp` tells of every connection, `StreamDown` of every break. What happens while it is down is lost:
        whoever hears `StreamUp` reads by request what it needs to know.

        Raises (when entered or iterated):
            NotFound: the exchange serves no stream.
        """
        ...


@dataclass(frozen=True, slots=True)
class WebRequest:
    """An HTTP request to any host. `url` is absolute, percent-encoded, and goes out as it is."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class WebAnswer(Protocol):
    """An HTTP answer whose body may still be on its way. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece as it comes. Raises `ConnectionError` when it ends too early, or `TimeoutError`."""
        ...


class Web(Protocol):
    """Sends requests to any host, once each, following no redirect."""

    def open(self, request: WebRequest) -> AbstractAsyncContextManager[WebAnswer]:
        """The answer, whatever its status, while the block runs.

        Raises (when entered):
            NotSentError: the request certainly never reached the host.
            ConnectionError: the connection broke after the request may have been read.
            TimeoutError: no answer in time.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; nothing can be sent afterwards."""
        ...


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

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """One start of the daemon. `kind` is `run`, `paper` or `demo`; `ended_at` is None until it ends cleanly."""

    run_id: str
    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class BalanceSnapshot:
    """What was held of one asset at one moment.

    `account` is `cash`, `trading` or `consumption`; `asset` is `USD` or an instrument id. Cash is in USD, the rest
    in units.
    """

    at: datetime
    account: str
    asset: str
    total: Decimal
    available: Decimal
    locked: Decimal


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One line of an order's history: what happened, and the state that it led to."""

    at: datetime
    client_order_id: str
    event: str
    state: OrderState
    detail: str = ""


class Store(Protocol):
    """Durable memory. Every method is one transaction: when it returns, a crash cannot undo it.

    Raises `StoreError` when the database refuses.
    """

    async def begin_run(self, run: Run) -> None:
        """Record a start."""
        ...

    async def run_kinds(self) -> list[str]:
        """The kinds of the runs that are stored, sorted."""
        ...

    async def end_run(self, run_id: str, at: datetime) -> None:
        """Record a clean end."""
        ...

    async def save_markets(self, markets: Sequence[Market]) -> None:
        """Store markets as the exchange shows them now, so that ids can be told by their symbols."""
        ...

    async def markets(self) -> list[Market]:
        """Every market that was ever stored, sorted by symbol."""
        ...

    async def add_order(self, order: Order) -> None:
        """Journal a new order; to be called before its request goes out."""
        ...

    async def save_order(self, order: Order, record: OrderRecord) -> None:
        """Store an order's new state and the event that led to it."""
        ...

    async def add_fill(self, fill: Fill, order: Order, record: OrderRecord) -> bool:
        """Store a fill, the state of its order after it, and the event; False, and nothing stored, when it is known."""
        ...

    async def order(self, client_order_id: str) -> Order | None:
        """One order."""
        ...

    async def live_orders(self) -> list[Order]:
        """Orders that may still fill, oldest first."""
        ...

    async def orders_by_order_id(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the exchange's order ids that are ours."""
        ...

    async def orders_by_client_id(self, client_order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the client order ids that are ours."""
        ...

    async def known_trades(self, trade_ids: Sequence[str]) -> set[str]:
        """Those of the trade ids that are stored."""
        ...

    async def latest_fill_at(self) -> datetime | None:
        """When the newest stored fill traded."""
        ...

    async def add_transfer(self, transfer: Transfer) -> None:
        """Journal a new transfer; to be called before its request goes out."""
        ...

    async def save_transfer(self, transfer: Transfer) -> None:
        """Store a transfer's new state."""
        ...

    async def open_transfers(self) -> list[Transfer]:
        """Transfers that may still be under way, oldest first."""
        ...

    async def known_transfers(self, transfer_ids: Sequence[str]) -> set[str]:
        """Those of the exchange's transfer ids that are stored."""
        ...

    async def save_balances(self, snapshots: Sequence[BalanceSnapshot]) -> None:
        """Store balance snapshots."""
        ...

    async def load_state(self, strategy: str) -> dict[str, Any]:
        """A strategy instance's durable state; empty when it never stored one."""
        ...

    async def save_state(self, strategy: str, state: Mapping[str, Any], at: datetime) -> None:
        """Store a strategy instance's durable state; values must be JSON."""
        ...

    async def recent_orders(self, limit: int) -> list[Order]:
        """The newest orders, newest first."""
        ...

    async def order_history(self, client_order_id: str) -> list[OrderRecord]:
        """What happened to an order, in the order in which it happened."""
        ...

    async def recent_fills(self, limit: int, *, client_order_id: str | None = None) -> list[Fill]:
        """The newest fills, newest first, of one order or of all."""
        ...

    async def recent_transfers(self, limit: int) -> list[Transfer]:
        """The newest transfers, newest first."""
        ...

    async def latest_balances(self) -> list[BalanceSnapshot]:
        """The newest snapshot of every account and asset."""
        ...

    async def counts(self) -> dict[str, int]:
        """Rows stored: `orders`, `fills`, `transfers`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
