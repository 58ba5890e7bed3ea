"""Following the stream, and reading by request what it does not tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from bot.domain.fill import Fill
from bot.domain.order import VenueOrder
from bot.domain.stream import FillUpdate, OrderUpdate, StreamEvent, StreamUp, TickerUpdate
from bot.errors import ExchangeError, NotFound, RateLimited
from bot.grid.backoff import doubling
from bot.grid.stream.late import LateFills
from bot.grid.stream.mailbox import Mailbox
from bot.grid.stream.memory import Memory
from bot.ports import Clock, Exchange

log = structlog.stdlib.get_logger("stream")

T = TypeVar("T")

GATHER_SECONDS = 0.2
"""How long a fill is waited with for others: a burst of order events leads to one read."""

READ_EVERY = timedelta(seconds=2)
"""Lists of fills are read no more often than this; the exchange allows 100 requests a minute, for all that we do."""

RETRY_SECONDS = (1.0, 60.0)
"""The first and the longest wait after a read that failed."""


class CatchUp:
    """Posts what is new of our orders and fills, and whatever else the stream tells, to a mailbox.

    Args:
        exchange: is asked what the stream does not tell.
        clock: tells the time.
        memory: of what was told.
        market_ids: whose tickers are read when the stream is up.
        mailbox: takes the events.
    """

    def __init__(
        self, exchange: Exchange, clock: Clock, memory: Memory, market_ids: Sequence[str], mailbox: Mailbox
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._memory = memory
        self._market_ids = market_ids
        self._mailbox = mailbox
        self._late = LateFills()
        self._fills_wanted = asyncio.Event()
        self._reading_fills = asyncio.Lock()

    async def follow(self, events: AsyncIterator[StreamEvent]) -> None:
        """Pass on the stream's events, until it ends."""
        while True:
            await self._mailbox.room()
            try:
                event = await anext(events)
            except NotFound as error:
                self._mailbox.end(error)
                return
            await self._take(event)

    async def fetch_fills(self) -> None:
        """Read fills whenever orders have filled, for ever."""
        read_at: datetime | None = None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._late.seconds_left(self._clock.now())):
                    await self._fills_wanted.wait()
            if self._fills_wanted.is_set():
                await self._clock.sleep(self._gathering(read_at))
                read_at = self._clock.now()
                self._fills_wanted.clear()
                await self._read_fills()
            await self._ask_for_late_fills()

    async def _take(self, event: StreamEvent) -> None:
        if isinstance(event, OrderUpdate):
            self._memory.has_orders([event.order])
            self._tell_orders([event.order])
            if self._memory.wants_fills(event.order.order_id):
                self._fills_wanted.set()
            return
        self._mailbox.post(event)
        if isinstance(event, StreamUp):
            await self._read_all()

    async def _read_all(self) -> None:
        """Tell all that is new, whatever it was that the stream has missed."""
        recent = await self._read(lambda: self._exchange.orders(since=self._memory.orders_from))
        self._tell_orders(recent)
        self._memory.has_orders(recent)
        resting = await self._read(lambda: self._exchange.orders(open_only=True))
        self._tell_orders(resting)
        listed = {order.order_id for order in resting}
        for order_id in self._memory.open_ids():
            if order_id not in listed:
                await self._read_order(order_id)
        await self._read_fills()
        if self._memory.owing():
            self._fills_wanted.set()
        for market_id in self._market_ids:
            await self._read_ticker(market_id)

    async def _read_order(self, order_id: str) -> None:
        async def read() -> VenueOrder | None:
            try:
                return await self._exchange.order(order_id)
            except NotFound:
                return None

        order = await self._read(read)
        if order is not None:
            self._tell_orders([order])
        else:
            log.warning("the exchange no longer knows an order that was open", order_id=order_id)
            self._memory.unknown(order_id)

    async def _read_ticker(self, market_id: str) -> None:
        """Tried once: the stream will tell the next one."""
        try:
            self._mailbox.post(TickerUpdate(await self._exchange.ticker(market_id)))
        except ExchangeError as error:
            log.warning("a ticker could not be read", market_id=market_id, why=str(error))

    async def _read_fills(self) -> None:
        """One read at a time: else an older answer could hold what a newer one has let go of."""
        async with self._reading_fills:
            fills = await self._read(lambda: self._exchange.fills(since=self._memory.fills_from))
            self._tell_fills(fills)
            self._memory.has_fills(fills)
            self._memory.forget(self._clock.now())

    async def _ask_for_late_fills(self) -> None:
        """Ask for one order of those that are due: the turn of the others comes after more urgent reads."""
        now = self._clock.now()
        self._late.watch(self._memory.owing(), now)
        for order_id in self._late.hopeless(now):
            units = self._memory.write_off(order_id)
            log.error("the exchange shows no fills of what it says has filled", order_id=order_id, units=units)
        due = self._late.next(now)
        if due is not None:
            self._tell_fills(await self._read(partial(self._exchange.fills, order_id=due)))

    def _tell_orders(self, orders: Iterable[VenueOrder]) -> None:
        for told in orders:
            order = self._memory.order(told, self._clock.now())
            if order is not None:
                self._mailbox.post(OrderUpdate(order))

    def _tell_fills(self, fills: Iterable[Fill]) -> None:
        for fill in fills:
            if self._memory.fill(fill, self._clock.now()):
                self._mailbox.post(FillUpdate(fill))

    def _gathering(self, read_at: datetime | None) -> float:
        """How long to wait with a read, when the last one was then."""
        since = READ_EVERY if read_at is None else self._clock.now() - read_at
        return max(GATHER_SECONDS, (READ_EVERY - since).total_seconds())

    async def _read(self, read: Callable[[], Awaitable[T]]) -> T:
        """What the exchange answers, however long that takes."""
        waits = doubling(*RETRY_SECONDS)
        while True:
            try:
                return await read()
            except ExchangeError as error:
                wait = max(next(waits), error.retry_after if isinstance(error, RateLimited) else 0.0)
                log.warning("orders and fills could not be read", why=str(error), retry_seconds=wait)
                await self._clock.sleep(wait)
