"""Whole bots on a simulated exchange in virtual time, with somebody who looks on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import run_bot
from bot.cli.rehearsal import START
from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.fill import Fill
from bot.domain.order import Order, Side
from bot.grid.keys import SigningKey
from bot.grid.trading import TradingClient
from bot.rehearsal.inference import inference_of
from bot.settings import Settings
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.loopback import LoopbackTransport
from bot.sim.loopback_socket import LoopbackDialer
from bot.sim.presets import CALM, CrowdConfig
from bot.storage import SqlStore, open_store

HOUR = timedelta(hours=1)

QUICK: CrowdConfig = replace(CALM, depth=6, interval_seconds=30)
"""A calm crowd that costs little time."""

SCENARIO = Scenario(venue=VenueConfig(symbols=("text-prime",)), crowd=QUICK, tokens_per_hour=None)
"""One market, and nobody who uses up what is bought."""


@dataclass
class Rehearsal:
    """What is seen of a bot and its exchange.

    Attributes:
        sim: the exchange.
        store: the bot's journal.
        clock: the time in both.
    """

    sim: SimExchange
    store: SqlStore
    clock: VirtualClock
    orders: Sequence[Order] = ()
    fills: Sequence[tuple[str, Fill]] = ()

    async def held(self) -> dict[str, int]:
        """Units bought less units sold, by strategy instance."""
        held: dict[str, int] = {}
        for strategy, fill in await self.store.fills_since(START):
            sign = 1 if fill.side is Side.BUY else -1
            held[strategy] = held.get(strategy, 0) + sign * fill.quantity
        return held

    def fills_of(self, strategy: str, side: Side | None = None) -> list[Fill]:
        return [fill for whose, fill in self.fills if whose == strategy and side in (None, fill.side)]


Look = Callable[[Rehearsal], Awaitable[None]]


async def nobody(_: Rehearsal) -> None:
    """Looks on, and sees nothing."""


def instance(strategy: str, name: str = "it", **parameters: Any) -> dict[str, Any]:
    return {
        "name": name,
        "strategy": strategy,
        "markets": ["text-prime"],
        "schedule": {"every": "60s"},
        "parameters": parameters,
    }


def rehearse(
    folder: Path,
    scenario: Scenario,
    *strategies: dict[str, Any],
    hours: Sequence[float],
    look: Look = nobody,
    every: timedelta = timedelta(seconds=20),
    begin: Callable[[SimExchange], None] = lambda _: None,
    **settings: Any,
) -> Rehearsal:
    """Run a bot for so many virtual hours, and again for each further number, on one exchange and one database."""
    made = Settings.model_validate({"strategies": list(strategies)} | settings)

    async def main(clock: VirtualClock) -> Rehearsal:
        store = await open_store(f"sqlite:///{folder}/test.db", create=True)
        try:
            sim = build_exchange(scenario, start=START, ids=SeededIds(scenario.seed))
            begin(sim)
            seen = Rehearsal(sim, store, clock)
            for number, length in enumerate(hours):
                await _run(seen, made, number, clock.now() + length * HOUR, look, every)
            seen.orders = await store.recent_orders(100_000)
            seen.fills = await store.fills_since(START)
            return seen
        finally:
            await store.close()

    return run_virtual(main, START)


async def _run(seen: Rehearsal, settings: Settings, number: int, until: Any, look: Look, every: timedelta) -> None:
    key = SigningKey.from_text(seen.sim.credentials("").signing_key)
    transport = LoopbackTransport(seen.sim.api, seen.clock)
    exchange = TradingClient(transport, key, seen.clock, dialer=LoopbackDialer(seen.sim.stream, seen.clock))
    stop = asyncio.Event()

    async def watch() -> None:
        while seen.clock.now() < until:
            await seen.clock.sleep(min(every, until - seen.clock.now()).total_seconds())
            await look(seen)
        stop.set()

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            await run_bot(
                settings,
                kind="test",
                exchange=exchange,
                store=seen.store,
                clock=seen.clock,
                ids=SeededIds(number + 1000),
                stop=stop,
                stream=exchange.market_stream,
                inference=inference_of(seen.sim, seen.clock),
            )
    finally:
        await exchange.close()
