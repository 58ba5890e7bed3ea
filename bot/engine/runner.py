"""Runs one strategy instance: its hooks one at a time, each on a fresh snapshot."""

from __future__ import annotations

import asyncio
import copy
import json
from dataclasses import dataclass
from typing import Any

import structlog

from bot.domain.order import Order, OrderState
from bot.domain.transitions import Closed, Filled, OrderEvent
from bot.engine.feed import Feed
from bot.engine.schedule import Schedule
from bot.errors import ExchangeError, StoreError, StrategyError
from bot.execution.desk import Desk
from bot.execution.planner import plan
from bot.ports import Clock, Store
from bot.strategy.base import Strategy
from bot.strategy.context import Context

log = structlog.stdlib.get_logger("runner")


@dataclass(frozen=True, slots=True)
class Instance:
    """A strategy with its name, its markets and its schedule."""

    name: str
    strategy: Strategy
    symbols: tuple[str, ...]
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class _Call:
    hook: str
    arguments: tuple[Any, ...] = ()


class Runner:
    """Calls an instance's hooks one after the other and carries out what they want.

    A hook that fails is logged with its traceback; what it wanted and how it changed its state is dropped, and the
    next call comes as if it had not been. An exchange that cannot be read skips the call. A database that refuses
    stops the daemon, for without a journal nothing may be traded.
    """

    def __init__(self, instance: Instance, *, feed: Feed, desk: Desk, store: Store, clock: Clock) -> None:
        self.instance = instance
        self._feed = feed
        self._desk = desk
        self._store = store
        self._clock = clock
        self._calls: asyncio.Queue[_Call | None] = asyncio.Queue()
        self._tick_waits = False
        self._finishing = False
        self._state: dict[str, Any] = {}
        self._log = log.bind(strategy=instance.name)

    async def run(self) -> None:
        """Call `on_start`, then whatever is asked for, until `finish`; then `on_stop`."""
        self._state = await self._store.load_state(self.instance.name)
        await self._invoke(_Call("on_start"))
        while (call := await self._calls.get()) is not None and not self._finishing:
            await self._invoke(call)
        await self._invoke(_Call("on_stop"))

    async def tick(self) -> None:
        """Ask for `on_tick` at every time of the schedule; one that still waits to be called is not asked for again."""
        while (due := self.instance.schedule.next_after(self._clock.now())) is not None:
            await self._clock.sleep((due - self._clock.now()).total_seconds())
            if not self._tick_waits:
                self._tick_waits = True
                self._calls.put_nowait(_Call("on_tick"))

    def hear(self, order: Order, event: OrderEvent) -> None:
        """Ask for the hook that an order event calls for, if the order is this instance's."""
        if order.strategy != self.instance.name:
            return
        if isinstance(event, Filled):
            self._calls.put_nowait(_Call("on_fill", (event.fill,)))
        elif isinstance(event, Closed) and order.state in (OrderState.CANCELLED, OrderState.EXPIRED):
            self._calls.put_nowait(_Call("on_order", (order,)))

    def finish(self) -> None:
        """Let `run` end after the hook that is being called; what waits is dropped, for `on_stop` sees it all."""
        self._finishing = True
        self._calls.put_nowait(None)

    async def _invoke(self, call: _Call) -> None:
        name = self.instance.name
        if call.hook == "on_tick":
            self._tick_waits = False
        try:
            account, markets = await self._feed.snapshot(name, self.instance.symbols)
        except ExchangeError as error:
            self._log.warning("hook skipped: the exchange cannot be read", hook=call.hook, why=str(error))
            return
        context = Context(
            now=account.at,
            cash=account.holdings.cash,
            markets=markets,
            state=copy.deepcopy(self._state),
            log=self._log,
        )
        try:
            await getattr(self.instance.strategy, call.hook)(context, *call.arguments)
            await self._keep(context.state)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a strategy may raise anything, and must not hurt the others
            self._log.error("hook failed; what it wanted is dropped", hook=call.hook, exc_info=error)
            return
        orders = [order for order in account.orders if order.strategy == name]
        await self._desk.carry_out(plan(context.intents, orders), name)

    async def _keep(self, state: dict[str, Any]) -> None:
        if state == self._state:
            return
        try:
            json.dumps(state, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StrategyError(f"its state cannot be stored as JSON: {error}") from error
        await self._store.save_state(self.instance.name, state, self._clock.now())
        self._state = state
