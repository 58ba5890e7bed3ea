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
from bot.engine.feed import Feed, Snapshot
from bot.engine.schedule import Schedule
from bot.errors import ExchangeError, StoreError, StrategyError
from bot.execution.desk import Desk
from bot.execution.planner import Plan, plan
from bot.ports import Clock, Store
from bot.risk.gate import Gate
from bot.strategy.base import Strategy
from bot.strategy.context import Context

log = structlog.stdlib.get_logger("runner")

FIRST_PAUSE = 1.0
"""Seconds after which a hook that waits for the exchange looks again; twice as long every time."""

LONGEST_PAUSE = 30.0
"""The most that such a pause grows to."""


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
    """Calls an instance's hooks one after the other, and carries out of what they want what the gate lets through.

    A hook that fails is logged with its traceback; what it wanted and how it changed its state is dropped, and the
    next call comes as if it had not been. A tick is skipped while the exchange cannot be read; every other hook waits,
    for it is called once and no more. A database that refuses stops the daemon, for without a journal nothing may be
    traded.
    """

    def __init__(self, instance: Instance, *, feed: Feed, desk: Desk, gate: Gate, store: Store, clock: Clock) -> None:
        self.instance = instance
        self._feed = feed
        self._desk = desk
        self._gate = gate
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
        if call.hook == "on_tick":
            self._tick_waits = False
        look = await self._look(call)
        if look is None:
            return
        seen, heard = look
        account = seen.account
        context = Context(
            now=account.at,
            cash=account.holdings.cash,
            markets=seen.markets,
            state=copy.deepcopy(self._state),
            log=self._log,
        )
        if await self._succeeds(call, context):
            orders = [order for order in account.orders if order.strategy == self.instance.name]
            await self._carry_out(plan(context.intents, orders), seen, heard)

    async def _carry_out(self, wanted: Plan, seen: Snapshot, heard: int) -> None:
        """Do what the gate lets through. Whoever halts trading in the database halts it from the next plan on."""
        if not wanted:
            return
        self._gate.set_latch(await self._store.latch())
        verdict = self._gate.review(wanted, self.instance.name, self._feed.facts(seen, heard))
        with self._gate.passing(verdict) as allowed:
            await self._desk.carry_out(allowed, self.instance.name)

    async def _look(self, call: _Call) -> tuple[Snapshot, int] | None:
        """A snapshot for the hook, and how many fills the gate had heard of before it.

        A tick is skipped when there is none; any other hook waits until there is.
        """
        pause = FIRST_PAUSE
        while True:
            heard = self._gate.heard
            try:
                return await self._feed.snapshot(self.instance.name, self.instance.symbols), heard
            except ExchangeError as error:
                if call.hook == "on_tick" or self._finishing:
                    self._log.warning("hook skipped: the exchange cannot be read", hook=call.hook, why=str(error))
                    return None
                self._log.warning("hook waits: the exchange cannot be read", hook=call.hook, why=str(error))
            await self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _succeeds(self, call: _Call, context: Context) -> bool:
        """Call the hook and store its state; False when it failed."""
        try:
            await getattr(self.instance.strategy, call.hook)(context, *call.arguments)
            await self._keep(context.state)
        except StoreError:
            raise
        except (Exception, asyncio.CancelledError) as error:  # a strategy may raise anything, and hurts no other
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            self._log.error("hook failed; what it wanted is dropped", hook=call.hook, exc_info=error)
            return False
        return True

    async def _keep(self, state: dict[str, Any]) -> None:
        if state == self._state:
            return
        try:
            same = json.loads(json.dumps(state, allow_nan=False)) == state
        except (TypeError, ValueError) as error:
            raise StrategyError(f"its state cannot be stored as JSON: {error}") from error
        if not same:
            raise StrategyError("its state would not come back from JSON as it is: no tuples, and only texts as keys")
        await self._store.save_state(self.instance.name, state, self._clock.now())
        self._state = state
