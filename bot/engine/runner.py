"""Runs one strategy instance: its hooks one at a time, each on a fresh snapshot."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.candle import Resolution
from bot.domain.incident import Incident
from bot.domain.order import Order, OrderState
from bot.domain.problem import Problem, ProblemKind
from bot.domain.transitions import Closed, Filled, OrderEvent, Refused
from bot.engine.calls import Call, Calls, Swap
from bot.engine.feed import Feed, Snapshot
from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.lag import LagMeter
from bot.engine.state import DurableState
from bot.errors import ExchangeError, StoreError
from bot.execution.desk import Desk
from bot.execution.planner import Plan, plan
from bot.ports import Clock, Store
from bot.ports.inference import Inference
from bot.risk.gate import Gate
from bot.strategy.base import Strategy
from bot.strategy.context import Context
from bot.strategy.loading import said

log = structlog.stdlib.get_logger("runner")

FIRST_PAUSE = 1.0
"""Seconds after which a hook that waits for the exchange looks again; twice as long every time."""

LONGEST_PAUSE = 30.0
"""The most that such a pause grows to."""

SKIPPED = frozenset({"on_tick", "on_candle", "on_book"})
"""Hooks that are skipped while the exchange cannot be read, for they are asked for again."""


class Runner:
    """Calls an instance's hooks one after the other, and carries out of what they want what the gate lets through.

    A hook that fails is logged with its traceback; what it wanted and how it changed its state is dropped, and the
    next call comes as if it had not been. After so many failures of one hook in a row the instance is paused: its
    orders are cancelled, and its hooks are not called any more before it is replaced or the daemon starts anew. Nothing
    of it touches another instance. A database that refuses stops the daemon, for without a journal nothing may be
    traded.

    Args:
        instance: what is run.
        feed: what hooks see.
        desk: does what they want.
        gate: says what of it may be done.
        store: keeps their state.
        clock: tells the time.
        guard: bounds the time of hooks.
        lag: is told how late hooks are called.
        failures: so many failed calls of one hook in a row pause the instance.
        inference: models for hooks to ask; None: there are none.
    """

    def __init__(
        self,
        instance: Instance,
        *,
        feed: Feed,
        desk: Desk,
        gate: Gate,
        store: Store,
        clock: Clock,
        guard: Guard,
        lag: LagMeter,
        failures: int,
        inference: Inference | None = None,
    ) -> None:
        self.instance = instance
        self._feed = feed
        self._desk = desk
        self._gate = gate
        self._store = store
        self._clock = clock
        self._guard = guard
        self._lag = lag
        self._most_failures = failures
        self._inference = inference
        self._calls = Calls()
        self._state = DurableState(instance.name, store, clock)
        self._failures: Counter[str] = Counter()
        self._paused = False
        self._answering = False
        self._finishing = False
        self._log = log.bind(strategy=instance.name)

    @property
    def is_paused(self) -> bool:
        """Whether it has failed too often, and is not called any more."""
        return self._paused

    async def run(self) -> None:
        """Call `on_start`, then whatever is asked for, until `finish`; then `on_stop`."""
        await self._state.load()
        await self.call(Call("on_start"))
        while (call := await self._calls.next()) is not None and not self._finishing:
            if isinstance(call, Swap):
                await self._become(call)
            else:
                await self.call(call)
        await self.call(Call("on_stop"))

    async def tick(self) -> None:
        """Ask for `on_tick` at every time of the schedule; one that still waits to be called is not asked for again."""
        while (due := self._next_tick()) is not None:
            await self._clock.sleep((due - self._clock.now()).total_seconds())
            self._calls.ask_once("on_tick", due)

    def hear(self, order: Order, event: OrderEvent) -> None:
        """Ask for the hook that an order event calls for, if the order is this instance's."""
        if order.strategy != self.instance.name:
            return
        if isinstance(event, Filled):
            self._ask("on_fill", event.fill)
        elif isinstance(event, Closed) and order.state in (OrderState.CANCELLED, OrderState.EXPIRED):
            self._ask("on_order", order)
        elif isinstance(event, Refused):
            self._report(Problem(ProblemKind.REFUSED, event.reason, order=order))

    def candle_closed(self, symbol: str, resolution: Resolution, _: datetime) -> None:
        """Ask for `on_candle`, if such a candle is what it waits for."""
        if symbol in self.instance.symbols and resolution == self.instance.candles:
            self._look_again("on_candle")

    def prices_changed(self, symbol: str) -> None:
        """Ask for `on_book`, if it trades that market."""
        if symbol in self.instance.symbols:
            self._look_again("on_book")

    async def replace(self, strategy: Strategy) -> None:
        """Go on as another strategy, under the same name, with the same orders and state.

        The one that runs has its `on_stop` called, the new one its `on_start`; a pause is over.
        """
        await self._calls.swap(strategy).wait()

    def finish(self) -> None:
        """Let `run` end after the hook that is being called; what waits is dropped, for `on_stop` sees it all."""
        self._finishing = True
        self._calls.finish()

    def _next_tick(self) -> datetime | None:
        schedule = self.instance.schedule
        return None if schedule is None else schedule.next_after(self._clock.now())

    def _ask(self, hook: str, *arguments: object) -> None:
        if self.instance.strategy.overrides(hook):
            self._calls.ask(hook, *arguments)

    def _look_again(self, hook: str) -> None:
        if self.instance.strategy.overrides(hook):
            self._calls.ask_once(hook, self._clock.now())

    def _report(self, problem: Problem) -> None:
        """Ask for `on_error`; what goes wrong with its own answer is logged and no more, or it would go on for ever."""
        if not self._answering:
            self._ask("on_error", problem)

    async def _become(self, swap: Swap) -> None:
        await self.call(Call("on_stop"))
        self.instance = replace(self.instance, strategy=swap.strategy)
        self._failures.clear()
        self._paused = False
        await self._until_prepared()
        await self.call(Call("on_start"))
        swap.done.set()

    async def call(self, call: Call) -> None:
        """Call a hook, if the strategy has it, and carry out what it wants; `run` does so for all that is asked for."""
        if self._paused or not self.instance.strategy.overrides(call.hook):
            return
        look = await self._look(call)
        if look is None:
            return
        if call.due is not None:
            self._lag.note((self._clock.now() - call.due).total_seconds())
        seen, heard = look
        context = Context(
            now=seen.account.at,
            cash=seen.account.holdings.cash,
            markets=seen.markets,
            state=self._state.copy(),
            log=self._log,
            inference=self._inference,
        )
        self._answering = call.hook == "on_error"
        try:
            if await self._succeeds(call, context):
                mine = [order for order in seen.account.orders if order.strategy == self.instance.name]
                await self._carry_out(plan(context.intents, mine), seen, heard)
        finally:
            self._answering = False

    async def _carry_out(self, wanted: Plan, seen: Snapshot, heard: int) -> None:
        """Do what the gate lets through. Whoever halts trading in the database halts it from the next plan on."""
        if not wanted:
            return
        self._gate.set_latch(await self._store.latch())
        verdict = self._gate.review(wanted, self.instance.name, self._feed.facts(seen, heard))
        for refusal in verdict.refused:
            self._report(Problem(ProblemKind.HELD_BACK, f"{refusal.limit}: {refusal.why}", intent=refusal.intent))
        with self._gate.passing(verdict) as allowed:
            await self._desk.carry_out(allowed, self.instance.name)

    async def _look(self, call: Call) -> tuple[Snapshot, int] | None:
        """A snapshot for the hook, and how many fills the gate had heard of before it.

        Hooks that are asked for again are skipped when there is none; any other waits until there is.
        """
        pause = FIRST_PAUSE
        while True:
            heard = self._gate.heard
            try:
                return await self._feed.snapshot(self.instance), heard
            except ExchangeError as error:
                if call.hook in SKIPPED or self._finishing:
                    self._log.warning("hook skipped: the exchange cannot be read", hook=call.hook, why=str(error))
                    return None
                self._log.warning("hook waits: the exchange cannot be read", hook=call.hook, why=str(error))
            await self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _succeeds(self, call: Call, context: Context) -> bool:
        """Call the hook and store its state; False when it failed."""
        coroutine = getattr(self.instance.strategy, call.hook)(context, *call.arguments)
        try:
            await self._guard.call(self.instance.name, call.hook, coroutine, self.instance.hook_seconds)
            await self._state.keep(context.state)
        except StoreError:
            raise
        except (Exception, asyncio.CancelledError) as error:  # it may raise anything
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            await self._failed(call, error)
            return False
        del self._failures[call.hook]
        return True

    async def _until_prepared(self) -> None:
        """Read what the strategy wants to see, however long the exchange cannot be read."""
        pause = FIRST_PAUSE
        while not self._finishing:
            try:
                return await self._feed.prepare(self.instance)
            except ExchangeError as error:
                self._log.warning("strategy waits: the exchange cannot be read", why=str(error), again_in=pause)
            await self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return None

    async def _failed(self, call: Call, error: BaseException) -> None:
        why = said(error)
        self._failures[call.hook] += 1
        in_a_row = self._failures[call.hook]
        self._log.error("hook failed; what it wanted is dropped", hook=call.hook, in_a_row=in_a_row, exc_info=error)
        if in_a_row >= self._most_failures:
            await self._pause(f"{call.hook} failed {in_a_row} times in a row, the last time with {why}")
        else:
            self._report(Problem(ProblemKind.HOOK_FAILED, why, hook=call.hook))

    async def _pause(self, why: str) -> None:
        """Call no more hooks, and take its orders off the book."""
        self._paused = True
        self._log.critical("strategy paused: start the bot anew, or reload it, once it is mended", why=why)
        await self._store.add_incident(
            Incident(self._clock.now(), "strategy_paused", f"strategy '{self.instance.name}': {why}")
        )
        await self._desk.cancel_all(strategies=(self.instance.name,))
