"""The daemon's life: reconcile, run strategies, keep looking, stop cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import structlog

from bot.domain.market import Market
from bot.domain.transitions import IllegalTransition
from bot.engine.feed import Account, Feed
from bot.engine.runner import Instance, Runner
from bot.errors import DaemonError, ExchangeError
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.execution.reconciler import Reconciler
from bot.ports import BalanceSnapshot, Clock, Exchange, Ids, Run, Store

log = structlog.stdlib.get_logger("daemon")

FIRST_LOOK = 0.25
"""Seconds between a change and the look at what came of it."""


class OnStop(StrEnum):
    """What becomes of resting orders on a clean stop."""

    CANCEL = "cancel"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the daemon does what it does, and how it stops.

    Attributes:
        poll: the longest time between two looks at live orders and open transfers; after a change it looks at once.
        settle: the time between the looks that settle an unclear outcome.
        snapshot: how often balances are stored.
        stop: the most that a clean stop may take.
        on_stop: what becomes of resting orders on a clean stop.
    """

    poll: timedelta = timedelta(seconds=5)
    settle: timedelta = timedelta(seconds=10)
    snapshot: timedelta = timedelta(minutes=15)
    stop: timedelta = timedelta(seconds=4)
    on_stop: OnStop = OnStop.CANCEL


class Daemon:
    """Runs strategy instances against one exchange account and one database.

    Strategies start only once the journal agrees with the exchange. Every task is supervised: one that fails stops the
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
    ) -> None:
        self._instances = instances
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._pace = pace
        self._run = run
        self._blotter = Blotter(store, clock)
        self._desk = Desk(exchange, self._blotter, clock, ids)
        self._reconciler = Reconciler(exchange, store, self._blotter, clock, settle_after=pace.settle)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then stop cleanly.

        Raises:
            DaemonError: a strategy's market does not exist, or something happened after which going on would be a
                guess.
            ExchangeError: the exchange could not be read at the start.
            StoreError: the database refused.
        """
        markets = await self._markets()
        feed = Feed(self._exchange, self._blotter, self._clock, markets)
        runners = [
            Runner(instance, feed=feed, desk=self._desk, store=self._store, clock=self._clock)
            for instance in self._instances
        ]
        await self._store.begin_run(self._run)
        await self._store.save_markets(list(markets.values()))
        await self._reconciler.start()
        for runner in runners:
            self._blotter.listen(runner.hear)
        log.info("started", run=self._run.run_id, strategies=[instance.name for instance in self._instances])
        try:
            await self._supervise(feed, runners, stop)
        except ExceptionGroup as group:
            raise _cause(group) from group
        await self._store.end_run(self._run.run_id, self._clock.now())
        log.info("stopped", run=self._run.run_id)

    async def _supervise(self, feed: Feed, runners: Sequence[Runner], stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(runner.run(), name=runner.instance.name) for runner in runners]
            background: list[Coroutine[Any, Any, None]] = [
                self._keep_looking(),
                self._keep_balances(feed),
                *(runner.tick() for runner in runners),
            ]
            others = [tasks.create_task(work) for work in background]
            await stop.wait()
            log.info("stopping", within_seconds=self._pace.stop.total_seconds())
            try:
                async with asyncio.timeout(self._pace.stop.total_seconds()):
                    await self._wind_down(runners, running, others[2:])
                    await self._save_balances(await feed.account())
            except (TimeoutError, ExchangeError) as error:
                log.warning("stopped before all was done; the next start takes it up", why=str(error) or "out of time")
            for task in (*running, *others):
                task.cancel()

    async def _wind_down(
        self, runners: Sequence[Runner], running: Sequence[asyncio.Task[None]], tickers: Sequence[asyncio.Task[None]]
    ) -> None:
        for ticker in tickers:
            ticker.cancel()
        for runner in runners:
            runner.finish()
        if running:
            await asyncio.wait(running)
        if self._pace.on_stop is OnStop.CANCEL:
            for order in self._blotter.orders:
                await self._desk.cancel(order.client_order_id)
            while self._blotter.orders:
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

    async def _keep_looking(self) -> None:
        longest = self._pace.poll.total_seconds()
        pause = FIRST_LOOK
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._blotter.changed.wait()
                await self._clock.sleep(FIRST_LOOK)
                pause = FIRST_LOOK
            except TimeoutError:
                pause = min(2 * pause, longest)
            self._blotter.changed.clear()
            try:
                await self._reconciler.look()
            except ExchangeError as error:
                log.warning("the exchange cannot be read; looking again", why=str(error), after_seconds=pause)

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


def _cause(group: ExceptionGroup[Exception]) -> Exception:
    """The error that stopped the daemon, as its caller should see it."""
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, IllegalTransition):
        return DaemonError(f"stopped rather than guess, for what is known cannot be true: {error}")
    return error
