"""What outlives the bot: the exchange, the way there, and the bot's database; and what is true of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

from bot.app import run_bot
from bot.clock import SeededIds
from bot.domain.money import micros_of
from bot.domain.order import Side
from bot.grid.keys import SigningKey
from bot.grid.limiter import Limits
from bot.grid.trading import TradingClient
from bot.ports import Clock, Transport
from bot.rehearsal import invariants
from bot.rehearsal.edges import PoweredDatabase, PoweredDialer, PoweredTransport
from bot.rehearsal.facts import BY_HAND, books_of, truth_of
from bot.rehearsal.inference import Fickle
from bot.rehearsal.network import Network
from bot.rehearsal.plan import START
from bot.rehearsal.power import Power
from bot.rehearsal.stage import MEAN_PRICE, Stage
from bot.rehearsal.wants import bounds_of, caps_of, stocks_of
from bot.rehearsal.witness import Witness
from bot.sim.build import build_exchange
from bot.sim.faults.transport import FaultyTransport
from bot.sim.loopback import LoopbackTransport
from bot.sim.loopback_socket import LoopbackDialer
from bot.storage import SqlStore, StoreLease
from bot.storage.inline import InlineDatabase

KIND = "rehearsal"
"""What the runs are recorded as."""

TRANSFER_TIME = timedelta(minutes=2)
"""A transfer that has begun so shortly before the end may still be under way, or not have been looked at again."""


class World:
    """The world of one seed.

    Args:
        stage: what the seed has drawn.
        clock: tells virtual time.
        database: the bot's, empty.

    Attributes:
        sim: the exchange.
        truth: what really happened there.
        database: as given.
        network: the way there.
    """

    def __init__(self, stage: Stage, clock: Clock, database: InlineDatabase) -> None:
        seed = stage.scenario.seed
        self.sim = build_exchange(stage.scenario, start=START, ids=SeededIds(seed))
        self.truth = truth_of(self.sim)
        self.database = database
        transport: Transport = LoopbackTransport(self.sim.api, clock)
        if self.sim.faults is not None:
            transport = FaultyTransport(transport, self.sim.faults, clock)
        self.network = Network(transport, clock, Random(f"network {seed}"), stage.seconds)  # noqa: S311 - repeatable
        self._stage = stage
        self._clock = clock
        self._key = SigningKey.from_text(self.sim.credentials("").signing_key)
        self._ids = SeededIds(seed + 1)
        self._models = Fickle(self.sim, clock, Random(f"models {seed}"))  # noqa: S311 - repeatable, not secret
        self._lives = 0
        markets = {market.symbol: market for market in self.sim.venue.markets.values()}
        self._caps = caps_of(stage.settings, markets)
        self._stocks = stocks_of(stage.settings, markets)
        self._bounds = bounds_of(stage.settings, markets)
        if stage.foreign:
            first = next(iter(markets.values()))
            price = micros_of(MEAN_PRICE) // 20
            self.sim.venue.place(self.sim.account, first, Side.BUY, 1, price, client_order_id=BY_HAND)

    async def bot(self, power: Power, witness: Witness, stop: asyncio.Event, *, is_last: bool) -> None:
        """Let the bot live on this power until it is told to stop. Raises what it raises."""
        dialer = PoweredDialer(LoopbackDialer(self.sim.stream, self._clock), power)
        exchange = TradingClient(
            PoweredTransport(self.network, power, witness),
            self._key,
            self._clock,
            limits=Limits(**self._stage.settings.limits.model_dump()),
            dialer=dialer if self._stage.streams else None,
        )
        settings = self._stage.last_settings if is_last else self._stage.settings
        store = SqlStore(PoweredDatabase(self.database, power, witness))
        self._lives += 1
        holder, seconds = f"life {self._lives}", settings.engine.lease_seconds
        lease = StoreLease(store, self._clock, holder=holder, seconds=seconds, is_gone=lambda _: False)
        try:
            await run_bot(
                settings,
                kind=KIND,
                exchange=exchange,
                store=store,
                clock=self._clock,
                ids=self._ids,
                stop=stop,
                stream=exchange.market_stream,
                lease=lease if self._stage.leased else None,
                clock_offset=lambda: exchange.clock_offset_seconds,
                inference=self._models,
            )
        finally:
            await dialer.hang_up()

    def check(self) -> None:
        """See that what must hold at any moment does. Raises `Violated`."""
        self.sim.venue.advance(self._clock.now())
        invariants.at_any_moment(books_of(self.database.raw), self.truth, self._caps, self._stocks, self._bounds)

    def check_at_end(self) -> None:
        """See besides that all has settled, and that nothing rests after the stop. Raises `Violated`."""
        self.check()
        recent = self._clock.now() - TRANSFER_TIME
        invariants.once_settled(books_of(self.database.raw), self.truth, recent)
        invariants.nothing_rests(self.truth)

    def tasks(self) -> set[asyncio.Task[Any]]:
        """What is under way in it, whether the bot lives or not."""
        return set(self.network.under_way)
