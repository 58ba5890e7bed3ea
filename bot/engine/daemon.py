"""The daemon's life: take the lease, reconcile, run strategies, keep looking, stop cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import structlog

from bot.domain.market import Market
from bot.domain.transitions import IllegalTransition
from bot.engine.auditor import Auditor
from bot.engine.balances import BalanceKeeper
from bot.engine.floor import Floor
from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.killswitch import KillSwitch
from bot.engine.lag import Lag, LagMeter
from bot.engine.listener import Listener, Status
from bot.engine.lookout import Lookout
from bot.engine.pace import OnDrift, Pace
from bot.engine.runner import Runner
from bot.engine.winding import wind_down
from bot.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigError,
    DaemonError,
    ExchangeError,
    first_cause,
)
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.execution.reconciler import Reconciler
from bot.ports import Clock, Exchange, Ids, Lease, MarketStream, Run, Store
from bot.ports.inference import Inference
from bot.risk.gate import Gate

T = TypeVar("T")

log = structlog.stdlib.get_logger("daemon")

FIRST_PAUSE = 1.0
"""Seconds after which a start that failed is tried again; twice as long every time."""

LONGEST_PAUSE = 30.0
"""The most that such a pause grows to."""


Reload: TypeAlias = Callable[[Sequence[Runner]], Coroutine[Any, Any, None]]
"""Watches the files of strategies, and replaces those that change, until cancelled."""


class Daemon:
    """Runs strategy instances against one exchange account and one database.

    Strategies start only once the lease is ours, the exchange was read and the journal brought in line with it; until
    then the daemon stands by, or is halted and says why. What is unclear keeps its market closed until it is settled.
    Every task is supervised: one that fails stops the daemon, with its error. What a stopped or killed daemon left
    under way, the next one takes up.
    """

    def __init__(
        self,
        instances: Sequence[Instance],
        *,
        exchange: Exchange,
        store: Store,
        clock: Clock,
        ids: Ids,
        pace: Pace,
        run: Run,
        gate: Gate,
        stream: MarketStream | None = None,
        lease: Lease | None = None,
        adopt: str | None = None,
        guard: Guard | None = None,
        inference: Inference | None = None,
        reload: Reload | None = None,
    ) -> None:
        self._instances = instances
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._pace = pace
        self._run = run
        self._gate = gate
        self._stream = stream
        self._lease = lease
        self._listener: Listener | None = None
        self._started = False
        self._guard = guard or Guard()
        self._inference = inference
        self._reload = reload
        self._lag = LagMeter()
        self._blotter = Blotter(store, clock)
        self._desk = Desk(
            exchange,
            self._blotter,
            clock,
            ids,
            may_send=lambda: lease is None or lease.is_held,
            stopped=gate.stopped,
        )
        self._reconciler = Reconciler(exchange, store, self._blotter, clock, settle_after=pace.settle, adopt=adopt)
        self._switch = KillSwitch(gate, store, exchange, self._blotter, self._desk, clock)

    @property
    def status(self) -> Status | None:
        """Whether the stream is heard or the exchange is polled; None before the start."""
        return None if self._listener is None else self._listener.status

    @property
    def lag(self) -> Lag:
        """How late ticks and candles reached their hooks of late."""
        return self._lag.lag

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then stop cleanly.

        Raises:
            ConfigError: a strategy's market does not exist.
            DaemonError: something happened after which going on would be a guess; trading is latched as halted.
            AuthenticationFailed, AccessDenied: the exchange does not take the key.
            LeaseLost: another process has taken over.
            StoreError: the database refused.
        """
        try:
            with self._guard.installed():
                await self._run_until(stop)
        except ExceptionGroup as group:
            raise first_cause(group) from group

    async def _run_until(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self._hold_and_run(stop))
            stopping = tasks.create_task(stop.wait())
            await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not self._started:
                work.cancel()  # nothing is running yet, and whatever was repaired is stored
            stopping.cancel()

    async def _hold_and_run(self, stop: asyncio.Event) -> None:
        """Run while the lease is ours; without one, run."""
        if self._lease is None:
            await self._run_or_halt(stop)
            return
        try:
            await self._lease.acquire()
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._lease.keep())
                await self._run_or_halt(stop)
                keeping.cancel()
        finally:
            await self._lease.release()

    async def _run_or_halt(self, stop: asyncio.Event) -> None:
        try:
            await self._start_and_run(stop)
        except (IllegalTransition, ExceptionGroup) as error:
            cause = first_cause(error)
            if isinstance(cause, IllegalTransition):
                raise await self._halted(cause) from error
            raise

    async def _halted(self, error: IllegalTransition) -> DaemonError:
        """Latch HALTED, so that the next start does not trade on what cannot be true, and cancel what rests.

        That is done now, for the next start may fail in the same way before it obeys.
        """
        why = f"what is known cannot be true: {error}"
        await self._switch.halt("invariant", why, within=self._pace.stop.total_seconds())
        return DaemonError(f"stopped rather than guess, for {why}. See `gridbot status`; go on with `gridbot resume`")

    async def _start_and_run(self, stop: asyncio.Event) -> None:
        markets = await self._until_read(self._markets)
        await self._store.begin_run(self._run)
        await self._store.save_markets(list(markets.values()))
        floor = self._floor(markets)
        self._listener = floor.listener
        await self._until_read(self._reconciler.start)
        await self._until_fills_show()
        await floor.load()
        await self._until_read(floor.prepare)
        await self._switch.obey()
        self._started = True
        log.info("started", run=self._run.run_id, strategies=[instance.name for instance in self._instances])
        if await self._supervise(floor, list(markets.values()), stop):
            await self._store.end_run(self._run.run_id, self._clock.now())
        log.info("stopped", run=self._run.run_id)

    def _floor(self, markets: Mapping[str, Market]) -> Floor:
        return Floor(
            self._instances,
            markets,
            exchange=self._exchange,
            stream=self._stream,
            blotter=self._blotter,
            desk=self._desk,
            gate=self._gate,
            store=self._store,
            clock=self._clock,
            guard=self._guard,
            lag=self._lag,
            failures=self._pace.hook_failures,
            inference=self._inference,
        )

    async def _until_fills_show(self) -> None:
        """Wait until what was bought last shows where it went.

        Lists may lag behind for a moment, and units that the exchange moves on by itself show nowhere then. A bot that
        goes on notices by what it saw before; one that has just started saw nothing, and would buy them again.
        """
        newest = self._blotter.newest_fill_at
        if newest is not None and (pause := (newest + self._pace.settle - self._clock.now()).total_seconds()) > 0:
            log.info("waiting: the newest fill is only just done", seconds=round(pause, 1))
            await self._clock.sleep(min(pause, self._pace.settle.total_seconds()))

    async def _until_read(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what a start needs; halted, and tried again, for as long as it cannot be done."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await work()
            except (AuthenticationFailed, AccessDenied):
                raise
            except (ExchangeError, DaemonError) as error:
                log.warning("halted: nothing is traded before the exchange was read", why=str(error), again_in=pause)
                await self._switch.obey()
            await self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _supervise(self, floor: Floor, markets: Sequence[Market], stop: asyncio.Event) -> bool:
        """Run everything until the stop; whether all could be wound down in time."""
        balances = BalanceKeeper(floor.feed, self._store, self._pace, self._clock)
        lookout = Lookout(
            pace=self._pace,
            blotter=self._blotter,
            desk=self._desk,
            reconciler=self._reconciler,
            auditor=Auditor(
                self._exchange, self._store, self._clock, markets, halt_on_drift=self._pace.on_drift is OnDrift.HALT
            ),
            switch=self._switch,
            listener=floor.listener,
            clock=self._clock,
        )
        async with asyncio.TaskGroup() as tasks:
            runners = floor.runners
            running = [tasks.create_task(runner.run(), name=runner.instance.name) for runner in runners]
            tickers = [tasks.create_task(runner.tick()) for runner in runners]
            telling = self._lag.tell(self._clock, self._pace.snapshot)
            watching = (*floor.reading(), lookout.run(stop), balances.run(), telling)
            looking = [tasks.create_task(work) for work in watching]
            if self._reload is not None:
                looking.append(tasks.create_task(self._reload(runners)))
            await stop.wait()
            log.info("stopping", within_seconds=self._pace.stop.total_seconds())
            for ticker in tickers:
                ticker.cancel()
            clean = await wind_down(
                runners,
                running,
                blotter=self._blotter,
                desk=self._desk,
                pace=self._pace,
                save_balances=balances.save,
            )
            for task in (*running, *looking):
                task.cancel()
        return clean

    async def _markets(self) -> dict[str, Market]:
        markets = {market.symbol: market for market in await self._exchange.markets()}
        for instance in self._instances:
            for symbol in instance.symbols:
                if symbol not in markets:
                    raise ConfigError(
                        f"strategy '{instance.name}' trades '{symbol}', which is no market of this exchange; "
                        f"it has {', '.join(sorted(markets)) or 'none'}"
                    )
        return markets
