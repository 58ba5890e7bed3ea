"""Whole bots on a simulated exchange in virtual time, with somebody who writes down what they have."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from bot.app import run_bot
from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.money import TOKENS_PER_UNIT
from bot.domain.order import Side
from bot.grid.keys import SigningKey
from bot.grid.trading import TradingClient
from bot.ports.inference import Inference
from bot.rehearsal.inference import inference_of
from bot.settings import Settings
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.demand import Demand, bundles
from bot.sim.loopback import LoopbackTransport
from bot.sim.loopback_socket import LoopbackDialer
from bot.sim.venue import Venue
from bot.storage import SqlStore, open_store
from docs.charting.seen import Sample, Seen

START = datetime(2026, 1, 5, tzinfo=UTC)

Standing: TypeAlias = Callable[[Inference], Inference]
"""What stands before the exchange's models."""


class AnyOf:
    """Inference that uses whichever of several instruments there is stock of, those named first before.

    Attributes:
        asked: tokens asked for so far.
        served: those of them that there was stock for.
    """

    def __init__(self, symbols: Sequence[str], demand: Demand, start: datetime) -> None:
        self.asked = self.served = 0
        self._symbols = symbols
        self._bundles = bundles(demand, random.Random("charts"), start)  # noqa: S311 - repeatable, not secret
        self._next = next(self._bundles)

    def act(self, venue: Venue, now: datetime) -> datetime:
        """Ask for what is due; answers when more is."""
        (account,) = (one for one in venue.accounts.values() if not one.house)
        while self._next[0] <= now:
            left = self._next[1]
            self.asked += left
            for symbol in self._symbols:
                left -= venue.consume(account, venue.market_by_symbol(symbol).instrument_id, left) if left else 0
            self.served += self._next[1] - left
            self._next = next(self._bundles)
        return self._next[0]


def rehearse(
    scenario: Scenario,
    strategies: Sequence[dict[str, Any]],
    *,
    hours: int,
    consumer: AnyOf | None = None,
    inference: Standing = lambda plain: plain,
) -> Seen:
    """Run strategies for so many virtual hours from `START`, and write down what is seen of the one that is named `it`.

    Args:
        scenario: what goes on in the exchange.
        strategies: settings of the instances.
        hours: virtual ones.
        consumer: who uses up units besides.
        inference: what stands before the exchange's models.
    """
    settings = Settings.model_validate({"strategies": list(strategies)})

    async def main(clock: VirtualClock) -> Seen:
        sim, seen = build_exchange(scenario, start=START, ids=SeededIds(scenario.seed)), Seen()
        if consumer is not None:
            sim.venue.add_agent(consumer, START)
        with tempfile.TemporaryDirectory() as folder:
            store = await open_store(f"sqlite:///{folder}/charts.db", create=True)
            try:
                stop = asyncio.Event()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_watch(seen, sim, clock, hours, consumer, stop))
                    await _run(settings, sim, store, clock, SeededIds(scenario.seed + 1), stop, inference)
                await _sum_up(seen, sim, store)
            finally:
                await store.close()
        return seen

    return run_virtual(main, START)


async def _run(
    settings: Settings,
    sim: SimExchange,
    store: SqlStore,
    clock: VirtualClock,
    ids: SeededIds,
    stop: asyncio.Event,
    inference: Standing,
) -> None:
    key = SigningKey.from_text(sim.credentials("").signing_key)
    dialer = LoopbackDialer(sim.stream, clock)
    exchange = TradingClient(LoopbackTransport(sim.api, clock), key, clock, dialer=dialer)
    try:
        await run_bot(
            settings,
            kind="demo",
            exchange=exchange,
            store=store,
            clock=clock,
            ids=ids,
            stop=stop,
            stream=exchange.market_stream,
            inference=inference(inference_of(sim, clock)),
        )
    finally:
        await exchange.close()


async def _sum_up(seen: Seen, sim: SimExchange, store: SqlStore) -> None:
    markets = sim.venue.markets
    stored = await store.fills_since(START)
    seen.fills = [(markets[fill.market_id].symbol, fill) for name, fill in stored if name == "it"]
    traded = {market.symbol: market.trades.mean_price for market in markets.values()}
    seen.means = {symbol: float(mean) for symbol, mean in traded.items() if mean is not None}
    seen.expired = sum(lots.expired for lots in sim.account.lots.values()) / TOKENS_PER_UNIT
    seen.state = await store.load_state("it")


async def _watch(
    seen: Seen, sim: SimExchange, clock: VirtualClock, hours: int, consumer: AnyOf | None, stop: asyncio.Event
) -> None:
    until = START + timedelta(hours=hours)
    seen.samples.append(_sample(sim, clock.now(), consumer))
    await clock.sleep(30)  # when the crowd, which acts at full minutes, is done
    while clock.now() < until:
        seen.samples.append(_sample(sim, clock.now(), consumer))
        await clock.sleep(60)
    stop.set()


def _sample(sim: SimExchange, now: datetime, consumer: AnyOf | None) -> Sample:
    account, markets = sim.account, sim.venue.markets.values()
    return Sample(
        now,
        bid=dict(_best(sim, Side.BUY)),
        ask=dict(_best(sim, Side.SELL)),
        cash=account.cash.total / 1e6,
        trading={market.symbol: account.units[market.instrument_id].total for market in markets},
        consumption={market.symbol: account.lots[market.instrument_id].units for market in markets},
        asked=consumer.asked if consumer else 0,
        served=consumer.served if consumer else 0,
    )


def _best(sim: SimExchange, side: Side) -> Iterator[tuple[str, float]]:
    for market in sim.venue.markets.values():
        best = market.book.side(side).best_price
        yield market.symbol, float("nan") if best is None else best / 1e6
