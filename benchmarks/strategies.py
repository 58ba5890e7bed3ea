"""Many strategies at once: how late their hooks are called, and what a call costs the engine.

    python benchmarks/strategies.py [INSTANCES] [SECONDS]

Two measurements, one after the other, on one core (the process binds itself to it); run it on an idle machine.

1. In real time, the daemon on a living simulated exchange in memory (nine markets, their crowds and the stream in the
   same process, a database on disk): INSTANCES instances spread over the markets tick every second, look at prices,
   position and candles, and now and then quote. Printed are how late hooks were called, and the CPU time of
   everything, exchange included.
2. A hook that does nothing, called over and over while prices and holdings are fresh: the time of a call beyond the
   hook's own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import structlog

from bot import Context, Strategy
from bot.clock import RandomIds, SeededIds, SystemClock
from bot.engine.calls import Call
from bot.engine.daemon import Daemon
from bot.engine.feed import Feed
from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.lag import LagMeter
from bot.engine.pace import Pace
from bot.engine.runner import Runner
from bot.engine.schedule import Schedule
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.grid.keys import SigningKey
from bot.grid.limiter import Limits as RequestLimits
from bot.grid.trading import TradingClient
from bot.ports import Run
from bot.risk.gate import Gate
from bot.risk.limits import Limits
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import SYMBOLS, VenueConfig
from bot.sim.loopback import LoopbackTransport
from bot.sim.loopback_socket import LoopbackDialer
from bot.storage import SqlStore, open_store

REQUESTS = RequestLimits(100, 50, 100)
"""What the exchange allows a minute."""

CALLS = 5_000
ROUNDS = 5


class Looker(Strategy):
    """Looks at everything at every tick, and moves its quote every quarter of an hour, each at a time of its own."""

    ticks: ClassVar[asyncio.Event]

    number: int

    async def on_tick(self, ctx: Context) -> None:
        Looker.ticks.set()
        second = int(ctx.now.timestamp()) + self.number * 7
        if second % 900 == 0 and ctx.ticker.bid is not None and ctx.cash.available > 10:
            ctx.quote(bids=[(ctx.price(ctx.ticker.bid * Decimal("0.9")), 1)])

    async def on_candle(self, ctx: Context) -> None:
        if len(ctx.candles):
            ctx.candles.close.mean()


class Idle(Strategy):
    """Does nothing."""

    async def on_tick(self, ctx: Context) -> None:
        pass


@asynccontextmanager
async def an_exchange(clock: SystemClock) -> AsyncIterator[tuple[SimExchange, TradingClient, SqlStore]]:
    exchange = build_exchange(Scenario(venue=VenueConfig(), seed=1), start=clock.now(), ids=SeededIds(1))
    key = SigningKey.from_text(exchange.credentials("").signing_key)
    dialer = LoopbackDialer(exchange.stream, clock)
    client = TradingClient(LoopbackTransport(exchange.api, clock), key, clock, limits=REQUESTS, dialer=dialer)
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite:///{folder}/bench.db", create=True)
        try:
            yield exchange, client, store
        finally:
            await client.close()
            await store.close()


async def keep_up(instances: int, seconds: float) -> None:
    clock = SystemClock()
    Looker.ticks = asyncio.Event()
    async with an_exchange(clock) as (exchange, client, store):
        daemon = Daemon(
            [
                Instance(
                    f"looker-{number}",
                    Looker(number=number),
                    (SYMBOLS[number % len(SYMBOLS)],),
                    Schedule.every(timedelta(seconds=1), clock.now()),
                )
                for number in range(instances)
            ],
            exchange=client,
            store=store,
            clock=clock,
            ids=RandomIds(),
            pace=Pace(),
            run=Run("bench", "paper", clock.now()),
            gate=Gate(Limits(), {}, clock),
            stream=client.market_stream,
            guard=Guard(5.0),
        )
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(daemon.run(stop))
            living = tasks.create_task(_live(exchange, clock))
            await Looker.ticks.wait()  # the start, with its reading of candles, is not what is measured
            before, began, calls = time.process_time(), time.perf_counter(), daemon.lag.calls
            await asyncio.sleep(seconds)
            cpu = (time.process_time() - before) / (time.perf_counter() - began)
            lag = daemon.lag
            stop.set()
            await running
            living.cancel()
    print(
        f"{instances} instances, {len(SYMBOLS)} markets, a tick a second each, {seconds:g} s: {lag.calls - calls} calls"
    )
    print(f"  late by, ms: median {1e3 * lag.median:.1f}, p99 {1e3 * lag.p99:.1f}, worst {1e3 * lag.worst:.1f}")
    print(f"  CPU: {cpu:.0%} of one core, the exchange and its crowds included")


async def _live(exchange: SimExchange, clock: SystemClock) -> None:
    while True:
        exchange.venue.advance(clock.now())
        await asyncio.sleep(1)


async def cost_of_a_call() -> None:
    clock = StandingClock()
    async with an_exchange(clock) as (_, client, store):
        blotter = Blotter(store, clock)
        markets = {market.symbol: market for market in await client.markets()}
        runner = Runner(
            Instance("idle", Idle(), ("text-prime",)),
            feed=Feed(client, blotter, clock, markets),
            desk=Desk(client, blotter, clock, RandomIds()),
            gate=Gate(Limits(), {}, clock),
            store=store,
            clock=clock,
            guard=Guard(5.0),
            lag=LagMeter(),
            failures=10,
        )
        rounds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for _ in range(CALLS):
                await runner.call(Call("on_tick"))
            rounds.append((time.perf_counter() - began) / CALLS)
    print(f"a call of a hook that does nothing: median {1e6 * statistics.median(rounds):.1f} us of {ROUNDS} rounds")


class StandingClock(SystemClock):
    """A clock that stands still, so that what was read stays fresh."""

    def __init__(self) -> None:
        self._now = super().now()

    def now(self) -> datetime:
        return self._now


def main() -> None:
    instances = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    asyncio.run(keep_up(instances, seconds))
    asyncio.run(cost_of_a_call())


if __name__ == "__main__":
    main()
