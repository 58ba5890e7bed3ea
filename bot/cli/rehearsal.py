"""The whole bot in virtual time: real engine, real client, real database, and a simulated exchange in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from bot.app import run_bot
from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.money import TOKENS_PER_UNIT, usd_of
from bot.domain.order import Side
from bot.errors import first_cause
from bot.grid.keys import SigningKey
from bot.grid.trading import TradingClient
from bot.rehearsal.inference import inference_of
from bot.settings import Settings
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.loopback import LoopbackTransport
from bot.sim.loopback_socket import LoopbackDialer
from bot.storage import begin_anew

START = datetime(2026, 1, 5, tzinfo=UTC)
"""When rehearsals begin: a Monday, midnight."""

KIND = "demo"
"""What a rehearsal's run is recorded as."""

STEPS = 200
"""How often progress is reported."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a rehearsal. Tokens are counted singly, units in millions of tokens, prices in USD per unit.

    `seconds` are virtual: the same seed gives the same summary, however long it took. Mean prices are None when nothing
    traded.
    """

    tokens_asked: int
    tokens_served: int
    tokens_refused: int
    stockouts: int
    units_bought: int
    mean_price: float | None
    market_mean_price: float | None
    units_transferred: int
    units_expired: int
    fills_stored: int
    trades_on_exchange: int
    transfers_stored: int
    transfers_on_exchange: int
    seconds: int
    seed: int
    database_url: str

    @property
    def share_served(self) -> float:
        """Tokens served of those asked for, 0 to 1; 1 when none were asked for."""
        return self.tokens_served / self.tokens_asked if self.tokens_asked else 1.0

    @property
    def agrees(self) -> bool:
        """Whether the database holds as many fills and transfers as the exchange."""
        return (self.fills_stored, self.transfers_stored) == (self.trades_on_exchange, self.transfers_on_exchange)


def rehearse(settings: Settings, scenario: Scenario, *, hours: int, progress: Callable[[float], None]) -> Summary:
    """Run the strategies of the settings for so many virtual hours, and report progress from 0 to 1.

    The database is emptied first, unless it holds runs of another kind.

    Raises:
        GridbotError: the bot could not start or had to stop, or a file or the database is not usable.
    """
    return run_virtual(lambda clock: _rehearse(clock, settings, scenario, hours, progress), START)


async def _rehearse(
    clock: VirtualClock, settings: Settings, scenario: Scenario, hours: int, progress: Callable[[float], None]
) -> Summary:
    sim = build_exchange(scenario, start=START, ids=SeededIds(scenario.seed))
    key = SigningKey.from_text(sim.credentials("").signing_key)
    exchange = TradingClient(LoopbackTransport(sim.api, clock), key, clock, dialer=LoopbackDialer(sim.stream, clock))
    store = await begin_anew(settings.database.url.get_secret_value(), kind=KIND)
    stop = asyncio.Event()

    async def watch() -> None:
        for step in range(STEPS):
            await clock.sleep(hours * 3600 / STEPS)
            progress((step + 1) / STEPS)
        stop.set()

    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch())
            await run_bot(
                settings,
                kind=KIND,
                exchange=exchange,
                store=store,
                clock=clock,
                ids=SeededIds(scenario.seed + 1),
                stop=stop,
                stream=exchange.market_stream,
                inference=inference_of(sim, clock),
            )
            watching.cancel()
        counts = await store.counts()
    except ExceptionGroup as group:
        raise first_cause(group) from group
    finally:
        await exchange.close()
        await store.close()
    return _summary(sim, scenario, hours, counts, str(settings.database.url))


def _summary(sim: SimExchange, scenario: Scenario, hours: int, counts: dict[str, int], database_url: str) -> Summary:
    consumer = sim.consumer
    market = sim.venue.market_by_symbol(scenario.demand_symbol)
    history = sim.venue.history(sim.account)
    bought = [fill.trade for fill in history.fills if fill.order.side is Side.BUY]
    units = sum(trade.quantity for trade in bought)
    cost = usd_of(sum(trade.price * trade.quantity for trade in bought))
    return Summary(
        tokens_asked=consumer.tokens_asked if consumer else 0,
        tokens_served=consumer.tokens_served if consumer else 0,
        tokens_refused=consumer.tokens_refused if consumer else 0,
        stockouts=consumer.stockouts if consumer else 0,
        units_bought=units,
        mean_price=_rounded(cost / units if units else None),
        market_mean_price=_rounded(market.trades.mean_price),
        units_transferred=sum(transfer.quantity for transfer in history.transfers),
        units_expired=sum(lots.expired for lots in sim.account.lots.values()) // TOKENS_PER_UNIT,
        fills_stored=counts["fills"],
        trades_on_exchange=len(history.fills),
        transfers_stored=counts["transfers"],
        transfers_on_exchange=len(history.transfers),
        seconds=hours * 3600,
        seed=scenario.seed,
        database_url=database_url,
    )


def _rounded(price: Decimal | None) -> float | None:
    """A mean price for reading: a statistic, not money."""
    return None if price is None else round(float(price), 6)
