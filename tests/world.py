"""A small world for tests of execution and engine: real client and store, simulated exchange, faults on request."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.clock import SeededIds
from bot.domain.market import Market
from bot.domain.money import micros_of
from bot.domain.order import Side
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.execution.reconciler import Reconciler
from bot.grid.keys import SigningKey
from bot.grid.limiter import Limits
from bot.grid.trading import TradingClient
from bot.ports import Clock, Request, Response, Transport
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.ledger import Account
from bot.sim.loopback import LoopbackTransport
from bot.sim.venue import Venue
from bot.storage import SqlStore

START = datetime(2026, 1, 5, tzinfo=UTC)
SETTLE = timedelta(seconds=10)


class HandClock:
    """A clock that moves when it is told to, or when somebody sleeps."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.move(seconds)
        await asyncio.sleep(0)


UNLIMITED = Limits(10**6, 10**6, 10**6)
"""For clients in worlds whose time stands still."""


def a_client(transport: Transport, key: SigningKey, clock: Clock) -> TradingClient:
    """A client that never waits: no limits, and every failure shows at once."""
    return TradingClient(transport, key, clock, limits=UNLIMITED, read_attempts=1)


class Crash(BaseException):
    """What stands for the end of the process."""


class Faulty:
    """A transport that fails on request: each fault is used once, by the first request that it fits."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._faults: list[tuple[str, str, BaseException | Response, bool]] = []
        self.sent: list[Request] = []
        self.before: Callable[[Request], Awaitable[None]] | None = None
        self.after: Callable[[Request], Awaitable[None]] | None = None

    def fail(self, method: str, path: str, outcome: BaseException | Response, *, applied: bool) -> None:
        """Let the next such request end like this, after the exchange applied it or without its ever knowing."""
        self._faults.append((method, path, outcome, applied))

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        if self.before is not None:
            await self.before(request)
        for fault in self._faults:
            method, path, outcome, applied = fault
            if request.method == method and path in request.path:
                self._faults.remove(fault)
                if applied:
                    await self._pass_on(request)
                if isinstance(outcome, BaseException):
                    raise outcome
                return outcome
        return await self._pass_on(request)

    async def _pass_on(self, request: Request) -> Response:
        answer = await self._inner.send(request)
        if self.after is not None:
            await self.after(request)
        return answer

    async def close(self) -> None:
        await self._inner.close()

    def count(self, method: str, path: str) -> int:
        """How many such requests were sent."""
        return sum(request.method == method and path in request.path for request in self.sent)


@dataclass
class World:
    """Everything that execution needs, wired."""

    clock: Clock
    venue: Venue
    account: Account
    transport: Faulty
    exchange: TradingClient
    store: SqlStore
    blotter: Blotter
    desk: Desk
    reconciler: Reconciler
    market: Market
    other: Account

    def restart(self) -> None:
        """Forget all that is in memory, as a crash does."""
        self.blotter = Blotter(self.store, self.clock)
        self.desk = Desk(self.exchange, self.blotter, self.clock, SeededIds(99))
        self.reconciler = Reconciler(self.exchange, self.store, self.blotter, self.clock, settle_after=SETTLE)

    def offer(self, units: int, price: str) -> None:
        """Somebody else offers units."""
        self._trade(Side.SELL, units, price)

    def bid(self, units: int, price: str) -> None:
        """Somebody else bids for units."""
        self._trade(Side.BUY, units, price)

    def _trade(self, side: Side, units: int, price: str) -> None:
        self.venue.advance(self.clock.now())
        market = self.venue.market_by_symbol("text-prime")
        self.venue.place(self.other, market, side, units, micros_of(Decimal(price)))


@asynccontextmanager
async def a_world(store: SqlStore, clock: Clock, config: VenueConfig | None = None) -> AsyncIterator[World]:
    """A world with one market, an account with 10,000 USD, and another trader; nobody does anything by himself."""
    venue = Venue(config or VenueConfig(symbols=("text-prime",)), start=clock.now(), ids=SeededIds(1))
    key = SigningKey.from_text(base64.b64encode(bytes(range(32))).decode())
    verify_key = base64.b64decode(key.public_key)
    account = venue.add_account("user", verify_key=verify_key, cash=Decimal(10_000), supplier=True)
    other = venue.add_account("other", cash=Decimal(1_000_000), units={"text-prime": 1_000_000})
    transport = Faulty(LoopbackTransport(ExchangeApi(venue), clock))
    exchange = a_client(transport, key, clock)
    blotter = Blotter(store, clock)
    world = World(
        clock=clock,
        venue=venue,
        account=account,
        transport=transport,
        exchange=exchange,
        store=store,
        blotter=blotter,
        desk=Desk(exchange, blotter, clock, SeededIds(2)),
        reconciler=Reconciler(exchange, store, blotter, clock, settle_after=SETTLE),
        market=(await exchange.markets())[0],
        other=other,
    )
    try:
        yield world
    finally:
        await exchange.close()
