"""How a gridbot is put together. Read this first.

    settings -> instances: strategies with their markets and schedules -+
    exchange: the Trading client over HTTP, or over a loopback in memory +-> Daemon.run(stop)
    store: SQLite or PostgreSQL                                          |
    clock, ids: the machine's, or virtual and seeded --------------------+

The three ways to run differ in what is passed in here and in nothing else: live, `run_live` reaches the exchange of the
settings; on paper, `run_paper` serves a simulated exchange over HTTP first and reaches that; a rehearsal
(`bot.cli.rehearsal`) calls `run_bot` with a simulated exchange in memory, in virtual time.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog
from pydantic import SecretStr

from bot.clock import RandomIds, SystemClock
from bot.engine.daemon import Daemon, OnStop, Pace
from bot.engine.runner import Instance
from bot.engine.schedule import Schedule
from bot.errors import ConfigError, ExchangeError
from bot.grid.trading import TradingClient
from bot.ports import Clock, Exchange, Ids, MarketStream, Run, Store
from bot.settings import EngineSettings, PaperSettings, ScheduleSettings, Settings
from bot.sim.build import Scenario, open_exchange
from bot.sim.config import VenueConfig
from bot.sim.credentials import Credentials
from bot.sim.keeper import FileKeeper
from bot.sim.presets import PRESETS, changed
from bot.sim.server import serve
from bot.sim.tempo import MarketClock
from bot.storage import open_store
from bot.strategy import registry

log = structlog.stdlib.get_logger("app")


async def run_bot(
    settings: Settings,
    *,
    kind: str,
    exchange: Exchange,
    store: Store,
    clock: Clock,
    ids: Ids,
    stop: asyncio.Event,
    stream: MarketStream | None = None,
) -> None:
    """Run the strategies of the settings until `stop` is set. `kind` is what the run is recorded as.

    Raises:
        GridbotError: it cannot start, or had to stop; see `Daemon.run`.
    """
    started_at = clock.now()
    daemon = Daemon(
        instances(settings, started_at),
        exchange=exchange,
        store=store,
        clock=clock,
        ids=ids,
        pace=pace(settings.engine),
        run=Run(ids.new("run"), kind, started_at, version=version("gridbot")),
        stream=stream,
    )
    await daemon.run(stop)


async def run_live(settings: Settings, stop: asyncio.Event) -> None:
    """Trade on the exchange of the settings until `stop` is set. Raises `GridbotError`."""
    await _run_over_http(settings, "run", stop, SystemClock())


async def run_paper(settings: Settings, stop: asyncio.Event) -> None:
    """Serve a simulated exchange on this machine and trade on it, in real time, until `stop` is set.

    The exchange's accounts, orders and trades are kept in `paper.state_file` over restarts. Raises `GridbotError`.
    """
    paper = settings.paper
    clock = SystemClock()
    keeper = FileKeeper(paper.state_file)
    scenario = paper_scenario(paper, _first_symbol(settings))
    exchange = await open_exchange(scenario, keeper, now=clock.now(), seed=paper.seed, ids=RandomIds())

    async def keep() -> None:
        await keeper.save(exchange.dump())

    await keep()
    async with serve(
        exchange.api,
        clock,
        host=paper.host,
        port=paper.port,
        on_change=keep,
        stream=exchange.stream,
        inference=exchange.inference,
    ) as server:
        log.info("simulated exchange", url=f"{server.url}/v1", kept_in=str(keeper))
        pointed = _pointed_at(exchange.credentials(f"{server.url}/v1"), settings)
        await _run_over_http(pointed, "paper", stop, MarketClock(clock, exchange.venue.tempo))
    await keep()


def paper_scenario(paper: PaperSettings, demand_symbol: str) -> Scenario:
    """What goes on in the simulated exchange of paper trading. Raises `ConfigError` for a wrong `paper.crowd`."""
    try:
        crowd = changed(PRESETS[paper.market], paper.crowd)
    except ConfigError as error:
        raise ConfigError(f"paper.crowd: {error}") from None
    return Scenario(
        venue=VenueConfig(auto_transfer=paper.auto_transfer, speed=paper.speed),
        mean_price=paper.mean_price,
        candles=paper.prices,
        crowd=crowd,
        cash=paper.cash,
        demand_symbol=demand_symbol,
        tokens_per_hour=paper.tokens_per_hour or None,
        trace=paper.demand,
        client=paper.client,
    )


def instances(settings: Settings, start: datetime) -> list[Instance]:
    """The strategy instances of the settings, with schedules that count from `start`.

    Raises:
        StrategyError: one cannot be found.
        ConfigError: there is none, or one's parameters are wrong.
    """
    if not settings.strategies:
        raise ConfigError("no strategy is configured; add one under 'strategies:', see config.example.yaml")
    return [
        Instance(
            name=one.name,
            strategy=registry.make(one.strategy, one.parameters),
            symbols=one.markets,
            schedule=_schedule(one.schedule, start),
        )
        for one in settings.strategies
    ]


def pace(engine: EngineSettings) -> Pace:
    """How often the daemon does what it does."""
    return Pace(
        poll=timedelta(seconds=engine.poll_seconds),
        poll_streaming=timedelta(seconds=engine.stream_poll_seconds),
        settle=timedelta(seconds=engine.settle_seconds),
        snapshot=timedelta(seconds=engine.snapshot_seconds),
        stop=timedelta(seconds=engine.stop_seconds),
        on_stop=OnStop(engine.on_stop),
    )


def _pointed_at(credentials: Credentials, settings: Settings) -> Settings:
    """The settings, but for a simulated exchange, and with limits a minute of its time."""
    exchange = {
        "base_url": credentials.base_url,
        "stream_url": credentials.ws_url,
        "signing_key": SecretStr(credentials.signing_key),
        "signing_key_file": None,
        "signing_key_keyring": None,
    }
    limits = settings.limits
    per_minute = {
        name: round(getattr(limits, name) * settings.paper.speed)
        for name in ("requests_per_minute", "orders_per_minute", "cancels_per_minute")
    }
    return settings.model_copy(
        update={
            "exchange": settings.exchange.model_copy(update=exchange),
            "limits": limits.model_copy(update=per_minute),
        }
    )


async def _run_over_http(settings: Settings, kind: str, stop: asyncio.Event, clock: Clock) -> None:
    exchange = TradingClient.from_settings(settings)
    try:
        store = await open_store(settings.database.url.get_secret_value(), create=True)
        try:
            await _see_that_it_is_of_this_kind(store, kind)
            await _learn_limits(exchange)
            await run_bot(
                settings,
                kind=kind,
                exchange=exchange,
                store=store,
                clock=clock,
                ids=RandomIds(),
                stop=stop,
                stream=exchange.market_stream,
            )
        finally:
            await store.close()
    finally:
        await exchange.close()


async def _learn_limits(exchange: TradingClient) -> None:
    """Ask for the account's own limits; without them the settings' hold, and what the answers teach."""
    try:
        await exchange.limits()
    except ExchangeError as error:
        log.info("the account's limits cannot be read; those of the settings hold", why=str(error))


async def _see_that_it_is_of_this_kind(store: Store, kind: str) -> None:
    """Paper and money are never mixed in one database."""
    others = [one for one in await store.run_kinds() if one != kind]
    if others:
        raise ConfigError(
            f"the database holds runs of `gridbot {others[0]}`; "
            f"give `gridbot {kind}` a database of its own (database.url)"
        )


def _first_symbol(settings: Settings) -> str:
    """The market whose units inference uses up on paper: the first that a strategy trades."""
    return next((symbol for one in settings.strategies for symbol in one.markets), "text-prime")


def _schedule(schedule: ScheduleSettings, start: datetime) -> Schedule:
    if schedule.cron is not None:
        return Schedule.cron(schedule.cron)
    assert schedule.every is not None
    return Schedule.every(schedule.every, start)
