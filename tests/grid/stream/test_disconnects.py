"""Whatever happens to the connection, the consumer hears of every fill once and of every order's end once."""

from __future__ import annotations

import asyncio
import random
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.fill import Fill
from bot.domain.money import micros_of
from bot.domain.order import Side, VenueOrder
from bot.domain.stream import FillUpdate, OrderUpdate, StreamDown, StreamEvent, StreamUp
from bot.grid.limiter import Limits
from bot.grid.stream import GaplessStream, Stream
from bot.grid.trading import TradingClient
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.ledger import Account
from bot.sim.loopback import LoopbackTransport
from bot.sim.loopback_socket import LoopbackDialer
from bot.sim.stream import StreamHub
from bot.sim.venue import Venue
from tests.grid.scripted import KEY, NOW
from tests.grid.stream.cutting import CuttingDialer, FlakyTransport

SYMBOL = "text-prime"
OFTEN = Limits(requests_per_minute=1_000_000)


@dataclass
class Witness:
    """Takes down what it hears, and insists that nothing goes back or comes twice."""

    fills: dict[str, Fill] = field(default_factory=dict)
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    heard: Counter[type] = field(default_factory=Counter)

    async def listen(self, events: AsyncIterator[StreamEvent]) -> None:
        async for event in events:
            self.heard[type(event)] += 1
            if isinstance(event, FillUpdate):
                assert event.fill.trade_id not in self.fills
                self.fills[event.fill.trade_id] = event.fill
            elif isinstance(event, OrderUpdate):
                self._hear(event.order)

    def _hear(self, order: VenueOrder) -> None:
        before = self.orders.get(order.order_id)
        if before is not None:
            assert not before.is_closed, "an order closes once"
            assert (order.filled or 0) >= (before.filled or 0)
            assert before.updated_at is not None
            assert order.updated_at is not None
            assert order.updated_at >= before.updated_at
            assert order != before
        self.orders[order.order_id] = order


@dataclass
class Traders:
    """We and somebody else, trading at random; some of it in bursts."""

    venue: Venue
    clock: VirtualClock
    chance: random.Random
    mine: Account
    theirs: Account

    async def trade(self) -> None:
        while True:
            await self.clock.sleep(self.chance.expovariate(1 / 12))
            for _ in range(self.chance.choice((1, 1, 1, 2, 15))):
                self._act()

    def _act(self) -> None:
        self.venue.advance(self.clock.now())
        price = micros_of(Decimal(self.chance.randrange(98, 103)) / 100)
        resting = list(self.venue.history(self.mine).open)
        deed = self.chance.random()
        if resting and deed < 0.25:
            self.venue.cancel(self.mine, self.chance.choice(resting))
        elif resting and deed < 0.35:
            self.venue.replace(self.mine, self.chance.choice(resting), price=price)
        else:
            account, side = self.chance.choice(((self.mine, Side.BUY), (self.theirs, Side.SELL)))
            market = self.venue.market_by_symbol(SYMBOL)
            self.venue.place(account, market, side, self.chance.randrange(1, 6), price)


@pytest.mark.parametrize(("seed", "limits"), [(1, OFTEN), (2, Limits())], ids=["unlimited", "within the limits"])
def test_nothing_is_lost_or_told_twice_over_hundreds_of_disconnects(seed: int, limits: Limits) -> None:
    async def main(clock: VirtualClock) -> None:
        venue = Venue(VenueConfig(symbols=(SYMBOL,), rate_limits=None), start=NOW, ids=SeededIds(seed))
        mine = venue.add_account("mine", verify_key=b64decode(KEY.public_key), cash=Decimal(10**6))
        theirs = venue.add_account("theirs", units={SYMBOL: 10**6})
        chance = random.Random(seed)
        dialer = CuttingDialer(LoopbackDialer(StreamHub(venue), clock), clock, chance)
        witness = Witness()
        transport = FlakyTransport(LoopbackTransport(ExchangeApi(venue), clock), clock, chance)
        async with TradingClient(transport, KEY, clock, limits=limits) as client:
            stream = GaplessStream(Stream(dialer, KEY, clock, chance=chance), client, clock)
            market_id = venue.market_by_symbol(SYMBOL).market_id
            async with asyncio.TaskGroup() as tasks, stream.open([market_id]) as events:
                listening = tasks.create_task(witness.listen(events))
                trading = tasks.create_task(Traders(venue, clock, chance, mine, theirs).trade())
                while dialer.cuts < 250:
                    await clock.sleep(10)
                trading.cancel()
                dialer.cutting = False
                await clock.sleep(300)
                listening.cancel()

        history = venue.history(mine)
        assert set(witness.fills) == {fill.trade.trade_id for fill in history.fills}
        assert set(witness.orders) == {order.order_id for order in history.orders}
        for order in history.orders:
            told = witness.orders[order.order_id]
            assert told.price is not None
            assert (told.is_closed, told.filled, micros_of(told.price)) == (
                not order.is_open,
                order.filled,
                order.price,
            )
        assert min(len(witness.fills), len(witness.orders)) > 500
        assert witness.heard[StreamUp] > 100
        assert witness.heard[StreamDown] >= 250

    run_virtual(main, NOW)
