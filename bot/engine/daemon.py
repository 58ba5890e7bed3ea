"""The daemon's life: reconcile, run strategies, keep looking, stop cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

import structlog

from bot.domain.market import Market
from bot.domain.order import OrderState
from bot.domain.transitions import IllegalTransition
from bot.engine.allowance import Allowance
from bot.engine.feed import Account, Feed
from bot.engine.listener import Listener, Status
from bot.engine.runner import Instance, Runner
from bot.engine.waiting import happens
from bot.errors import DaemonError, ExchangeError, RateLimited, first_cause
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.execution.reconciler import Reconciler
from bot.ports import BalanceSnapshot, Clock, Exchange, Ids, MarketStream, Run, Store

log = structlog.stdlib.get_logger("daemon")

FIRST_LOOK = 0.25
"""Seconds between a change and the look at what came of it."""

LOOKS_AT_ONCE = 5
SECONDS_A_LOOK = 4.0
"""A look is three or four requests of the 100 a minute: however much changes, this leaves room for hooks and orders."""


class OnStop(StrEnum):
    """What becomes of resting orders on a clean stop."""

    CANCEL = "cancel"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the daemon does what it does, and how it stops.

    Attributes:
        poll: the longest time between two looks at live orders and open transfers; after a change it looks at once.
        poll_streaming: the same while the exchange's stream tells of changes.
        settle: the time between the looks that settle an unclear outcome.
        snapshot: how often balances are stored.
        stop: the most that a clean stop may take.
        on_stop: what becomes of resting orders on a clean stop.
    """

    poll: timedelta = timedelta(seconds=5)
    poll_streaming: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=10)
    snapshot: timedelta = timedelta(minutes=15)
    stop: timedelta = timedelta(seconds=4)
    on_stop: OnStop = OnStop.CANCEL


class Daemon:
    """Runs strategy instances against one exchange account and one database.

    Strategies start only once the exchange was read and the journal brought in line with it; what is unclear then keeps
    its market closed until it is settled. Every task is supervised: one that fails stops the
    daemon, with its error. What a stopped or killed daemon left under way, the next one takes up.
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
        stream: MarketStream | None = None,
    ) -> None:
        self._instances = instances
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._pace = pace
        self._run = run
        self._stream = stream
        self._listener: Listener | None = None
        self._started = False
        self._blotter = Blotter(store, clock)
        self._desk = Desk(exchange, self._blotter, clock, ids)
        self._reconciler = Reconciler(exchange, store, self._blotter, clock, settle_after=pace.settle)

    @property
    def status(self) -> Status | None:
        """Whether the stream is heard or the exchange is polled; None before the start."""
        return None if self._listener is None else self._listener.status

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then stop cleanly.

        Raises:
            DaemonError: a strategy's market does not exist, or something happened after which going on would be a
                guess.
            ExchangeError: the exchange could not be read at the start.
            StoreError: the database refused.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                work = tasks.create_task(self._start_and_run(stop))
                stopping = tasks.create_task(stop.wait())
                await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
                if not self._started:
                    work.cancel()  # nothing is running yet, and whatever was repaired is stored
                stopping.cancel()
        except ExceptionGroup as group:
            error = first_cause(group)
            if isinstance(error, IllegalTransition):
                error = DaemonError(f"stopped rather than guess, for what is known cannot be true: {error}")
            raise error from group

    async def _start_and_run(self, stop: asyncio.Event) -> None:
        markets = await self._markets()
        feed = Feed(self._exchange, self._blotter, self._clock, markets)
        traded = sorted({symbol for instance in self._instances for symbol in instance.symbols})
        market_ids = [markets[symbol].market_id for symbol in traded]
        self._listener = listener = Listener(self._stream, market_ids, feed, self._blotter, self._clock)
        runners = [
            Runner(instance, feed=feed, desk=self._desk, store=self._store, clock=self._clock)
            for instance in self._instances
        ]
        await self._store.begin_run(self._run)
        await self._store.save_markets(list(markets.values()))
        for runner in runners:
            self._blotter.listen(runner.hear)
        await self._reconciler.start()
        self._started = True
        log.info("started", run=self._run.run_id, strategies=[instance.name for instance in self._instances])
        if await self._supervise(feed, runners, listener, stop):
            await self._store.end_run(self._run.run_id, self._clock.now())
        log.info("stopped", run=self._run.run_id)

    async def _supervise(self, feed: Feed, runners: Sequence[Runner], listener: Listener, stop: asyncio.Event) -> bool:
        """Run everything until the stop; whether all could be wound down in time."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(runner.run(), name=runner.instance.name) for runner in runners]
            tickers = [tasks.create_task(runner.tick()) for runner in runners]
            looking = [
                tasks.create_task(listener.run()),
                tasks.create_task(self._keep_looking(listener, stop)),
                tasks.create_task(self._keep_balances(feed)),
            ]
            await stop.wait()
            log.info("stopping", within_seconds=self._pace.stop.total_seconds())
            for ticker in tickers:
                ticker.cancel()
            clean = await self._wind_down(feed, runners, running)
            for task in (*running, *looking):
                task.cancel()
        return clean

    async def _wind_down(self, feed: Feed, runners: Sequence[Runner], running: Sequence[asyncio.Task[None]]) -> bool:
        budget = self._pace.stop.total_seconds()
        for runner in runners:
            runner.finish()
        if running:
            _, late = await asyncio.wait(running, timeout=budget / 2)
            for task in late:
                log.warning("strategy stopped in the middle of a hook", strategy=task.get_name())
                task.cancel()
        cancelled = False
        try:
            async with asyncio.timeout(budget / 2):
                if self._pace.on_stop is OnStop.CANCEL:
                    await self._cancel_all()
                cancelled = True
                await self._save_balances(await feed.account())
        except (TimeoutError, ExchangeError) as error:
            why = str(error) or "out of time"
            if cancelled:
                log.info("balances not stored at the stop", why=why)
            else:
                log.warning("stopped before all was done; the next start takes it up", why=why)
        return cancelled

    async def _cancel_all(self) -> None:
        """Cancel until nothing of ours rests, also what was unclear and turns up meanwhile."""
        while self._blotter.orders:
            for order in self._blotter.orders:
                if order.state is OrderState.OPEN:
                    await self._desk.cancel(order.client_order_id)
            await self._clock.sleep(FIRST_LOOK)

    async def _markets(self) -> dict[str, Market]:
        markets = {market.symbol: market for market in await self._exchange.markets()}
        for instance in self._instances:
            for symbol in instance.symbols:
                if symbol not in markets:
                    raise DaemonError(
                        f"strategy '{instance.name}' trades '{symbol}', which is no market of this exchange; "
                        f"it has {', '.join(sorted(markets)) or 'none'}"
                    )
        return markets

    async def _keep_looking(self, listener: Listener, stop: asyncio.Event) -> None:
        pause, looks = FIRST_LOOK, Allowance(LOOKS_AT_ONCE, SECONDS_A_LOOK, self._clock)
        changed = self._blotter.changed
        while True:
            if await happens(changed, within=pause, clock=self._clock):
                await self._clock.sleep(FIRST_LOOK)
                pause = FIRST_LOOK
            else:
                pause = min(4 * pause, self._longest_pause(listener).total_seconds())
            await happens(stop, within=looks.take(), clock=self._clock)  # a stop is not kept waiting
            changed.clear()
            try:
                await self._reconciler.look()
            except ExchangeError as error:
                log.warning("the exchange cannot be read; looking again", why=str(error))
                if isinstance(error, RateLimited):
                    await self._clock.sleep(error.retry_after)

    def _longest_pause(self, listener: Listener) -> timedelta:
        """The stream tells what becomes of resting orders; of transfers and of what is unclear it tells nothing."""
        told = not self._blotter.transfers and all(order.state is OrderState.OPEN for order in self._blotter.orders)
        return self._pace.poll_streaming if listener.streams and told else self._pace.poll

    async def _keep_balances(self, feed: Feed) -> None:
        while True:
            try:
                await self._save_balances(await feed.account())
            except ExchangeError as error:
                log.warning("balances not stored: the exchange cannot be read", why=str(error))
            await self._clock.sleep(self._pace.snapshot.total_seconds())

    async def _save_balances(self, account: Account) -> None:
        holdings, at = account.holdings, account.at
        cash = holdings.cash
        rows = [BalanceSnapshot(at, "cash", "USD", cash.total, cash.available, cash.locked)]
        for name, balances in (("trading", holdings.trading), ("consumption", holdings.consumption)):
            rows += [
                BalanceSnapshot(at, name, asset, Decimal(u.total), Decimal(u.available), Decimal(u.locked))
                for asset, u in balances.items()
            ]
        await self._store.save_balances(rows)
