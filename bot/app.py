"""How a gridbot is put together. Read this first.

    settings -> instances: strategies with their markets and schedules -+
    exchange: the Trading client over HTTP, or over a loopback in memory +-> Daemon.run(stop)
    store: SQLite or PostgreSQL                                          |
    clock, ids: the machine's, or virtual and seeded --------------------+

The three ways to run differ in what is passed in here and in nothing else: live, `run_live` reaches the exchange of the
settings; on paper, `run_paper` (`bot.paper`) serves a simulated exchange over HTTP first and reaches that; a rehearsal
(`bot.cli.rehearsal`) calls `run_bot` with a simulated exchange in memory, in virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version

import structlog

from bot.clock import RandomIds, SystemClock
from bot.engine.daemon import Daemon, Reload
from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.pace import OnDrift, OnStop, Pace
from bot.engine.reloader import Reloadable, Reloader
from bot.engine.schedule import Schedule
from bot.errors import ConfigError, ExchangeError
from bot.grid.strategy_inference import inference_of
from bot.grid.trading import TradingClient
from bot.ports import Clock, Exchange, Ids, Lease, MarketStream, Run, Store
from bot.ports.inference import Inference
from bot.risk.gate import Gate
from bot.risk.limits import Limits
from bot.settings import ScheduleSettings, Settings
from bot.storage import StoreLease, open_store, this_process
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
    lease: Lease | None = None,
    clock_offset: Callable[[], float | None] = lambda: None,
    guard: Guard | None = None,
    inference: Inference | None = None,
    reload: Reload | None = None,
) -> None:
    """Run the strategies of the settings until `stop` is set.

    Args:
        settings: which strategies, within which limits, and how often the engine looks.
        kind: what the run is recorded as.
        exchange: the account to trade on.
        store: the journal.
        clock: tells the time.
        ids: of orders and transfers.
        stop: ends the run.
        stream: tells of changes; None: the exchange is polled.
        lease: the right to trade; None: nobody else has the database.
        clock_offset: how far the exchange's clock is ahead of ours, seconds; None while that is not known.
        guard: bounds the time of hooks; None: one that lets them spin.
        inference: models for hooks to ask; None: there are none.
        reload: replaces strategies whose files change; None: they stay as they are.

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
        pace=pace(settings),
        run=Run(ids.new("run"), kind, started_at, version=version("gridbot")),
        gate=gate(settings, clock, clock_offset),
        stream=stream,
        lease=lease,
        adopt=settings.engine.adopt_foreign_orders,
        guard=guard,
        inference=inference,
        reload=reload,
    )
    await daemon.run(stop)


async def run_live(settings: Settings, stop: asyncio.Event, *, reload: bool = False) -> None:
    """Trade on the exchange of the settings until `stop` is set. Raises `GridbotError`."""
    await run_over_http(settings, "run", stop, SystemClock(), reload=reload)


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
            strategy=registry.make(one.strategy, one.parameters, settings.strategy_folders),
            symbols=one.markets,
            schedule=None if one.schedule is None else _schedule(one.schedule, start),
            candles=one.candles,
            hook_seconds=one.hook_seconds,
        )
        for one in settings.strategies
    ]


def reloader(settings: Settings, guard: Guard) -> Reloader:
    """What reloads the strategies of the settings, those whose files are known. Raises `StrategyError`."""
    folders = settings.strategy_folders
    reloadable = {}
    for one in settings.strategies:
        if (file := registry.located(one.strategy, folders)) is not None:
            has_schedule = one.schedule is not None
            make = partial(registry.make_fresh, one.strategy, one.parameters, folders, has_schedule=has_schedule)
            reloadable[one.name] = Reloadable(file.resolve(), make)
    return Reloader(reloadable, guard)


def pace(settings: Settings) -> Pace:
    """How often the daemon does what it does, and how it stops."""
    engine = settings.engine
    return Pace(
        poll=timedelta(seconds=engine.poll_seconds),
        poll_streaming=timedelta(seconds=engine.stream_poll_seconds),
        settle=timedelta(seconds=engine.settle_seconds),
        audit=timedelta(seconds=engine.reconcile_seconds),
        snapshot=timedelta(seconds=engine.snapshot_seconds),
        stop=timedelta(seconds=engine.stop_seconds),
        on_stop=OnStop(engine.on_stop),
        on_stop_of={one.name: OnStop(one.on_stop) for one in settings.strategies if one.on_stop is not None},
        on_drift=OnDrift(engine.on_drift),
        hook_failures=engine.hook_failures,
    )


def gate(settings: Settings, clock: Clock, clock_offset: Callable[[], float | None]) -> Gate:
    """What orders have to pass: the account's limits, and those of the single strategies."""
    by_strategy = {one.name: Limits(**one.risk.model_dump()) for one in settings.strategies}
    return Gate(Limits(**settings.risk.model_dump()), by_strategy, clock, clock_offset=clock_offset)


async def run_over_http(
    settings: Settings, kind: str, stop: asyncio.Event, clock: Clock, *, reload: bool = False
) -> None:
    """Run on the exchange and the database of the settings, as the only bot that does. Raises `GridbotError`."""
    guard = Guard(settings.engine.spin_seconds)
    exchange = TradingClient.from_settings(settings)
    try:
        store = await open_store(settings.database.url.get_secret_value(), create=True)
        try:
            await _see_that_it_is_of_this_kind(store, kind)
            await _learn_limits(exchange)
            lease = StoreLease(store, SystemClock(), holder=this_process(), seconds=settings.engine.lease_seconds)
            exchange.write_only_while(lambda: lease.is_held)
            async with inference_of(settings) as inference:
                await run_bot(
                    settings,
                    kind=kind,
                    exchange=exchange,
                    store=store,
                    clock=clock,
                    ids=RandomIds(),
                    stop=stop,
                    stream=exchange.market_stream,
                    lease=lease,
                    clock_offset=lambda: exchange.clock_offset_seconds,
                    guard=guard,
                    inference=inference,
                    reload=reloader(settings, guard).run if reload else None,
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


def _schedule(schedule: ScheduleSettings, start: datetime) -> Schedule:
    if schedule.cron is not None:
        return Schedule.cron(schedule.cron)
    assert schedule.every is not None
    return Schedule.every(schedule.every, start)
