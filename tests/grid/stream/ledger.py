"""An exchange that knows orders and fills as a test puts them, and a stream that tells what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import cast

from bot.domain.fill import Fill
from bot.domain.market import Ticker
from bot.domain.order import VenueOrder
from bot.domain.stream import StreamEvent
from bot.errors import NotFound
from bot.ports import Clock, Exchange


@dataclass
class Ledger:
    """Answers reads; `asked` takes them down. A fill is shown from the moment in `hidden_until` on."""

    clock: Clock
    known: dict[str, VenueOrder] = field(default_factory=dict)
    traded: list[Fill] = field(default_factory=list)
    hidden_until: dict[str, datetime] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def exchange(self) -> Exchange:
        """As much of one as is asked of it here."""
        return cast("Exchange", self)

    def put(self, order: VenueOrder) -> VenueOrder:
        self.known[order.order_id] = order
        return order

    async def orders(
        self, *, market_id: str | None = None, open_only: bool = False, since: datetime | None = None
    ) -> list[VenueOrder]:
        self._ask("open orders" if open_only else "orders")
        return [
            order
            for order in self.known.values()
            if not (open_only and order.is_closed)
            and (since is None or order.created_at is None or order.created_at >= since)
        ]

    async def order(self, order_id: str) -> VenueOrder:
        self._ask(f"order {order_id}")
        if order_id not in self.known:
            raise NotFound("order not found")
        return self.known[order_id]

    async def fills(
        self, *, market_id: str | None = None, order_id: str | None = None, since: datetime | None = None
    ) -> list[Fill]:
        self._ask("fills" if order_id is None else f"fills of {order_id}")
        return [
            fill
            for fill in self.traded
            if order_id in (None, fill.order_id)
            and (since is None or fill.executed_at >= since)
            and self.hidden_until.get(fill.trade_id, fill.executed_at) <= self.clock.now()
        ]

    async def ticker(self, market_id: str) -> Ticker:
        self._ask(f"ticker {market_id}")
        return Ticker(market_id, self.clock.now(), last_price=Decimal(2))

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failures:
            raise self.failures.pop(0)


class Told:
    """A stream that tells what a test says. It implements `bot.ports.MarketStream`."""

    def __init__(self, *events: StreamEvent | Exception) -> None:
        self.events: asyncio.Queue[StreamEvent | Exception] = asyncio.Queue()
        self.market_ids: Sequence[str] = ()
        self.is_open = False
        self.say(*events)

    def say(self, *events: StreamEvent | Exception) -> None:
        for event in events:
            self.events.put_nowait(event)

    @asynccontextmanager
    async def open(self, market_ids: Sequence[str] = ()) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        self.market_ids, self.is_open = market_ids, True
        try:
            yield self
        finally:
            self.is_open = False

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        event = await self.events.get()
        if isinstance(event, Exception):
            raise event
        return event
