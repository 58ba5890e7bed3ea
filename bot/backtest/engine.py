"""Drives a strategy through a history: the same hooks and the same planner as live, and no event loop.

The engine is itself one coroutine that awaits the hooks, and is driven by one `send(None)`: a hook that does not wait
for anything runs through, and one that does comes out as a value that nobody can wait for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from bot.backtest.coarser import Coarser
from bot.backtest.context import BacktestContext
from bot.backtest.history import History
from bot.backtest.orders import Resting
from bot.backtest.stock import Stock
from bot.backtest.ticks import NEVER, Ticks
from bot.backtest.venue import Venue
from bot.backtest.views import Views
from bot.domain.intents import Cancel, Intent
from bot.domain.intents import Stock as MoveToStock
from bot.domain.money import micros_of
from bot.domain.order import Side
from bot.domain.problem import Problem, ProblemKind
from bot.errors import StrategyError
from bot.execution.planner import plan
from bot.strategy.base import Strategy

MOST_CALLS = 1000
"""Hooks that may be told of what came of one hook; more is a strategy that answers itself for ever."""

_AT_ONCE = 1 << 16
"""Candles whose prices are turned into Python's numbers at once; for all of them they would fill the memory."""

Row: TypeAlias = tuple[int, int, int, int]
"""Number, open, high and low of a candle."""


class Engine:
    """One run of one strategy.

    Per candle: resting orders meet it; time passes for the stock; `on_fill` and `on_error` tell what came of it; then
    come `on_candle`, `on_book` when the close differs from the last one, and `on_tick` when one has come due. What a
    hook states is planned and carried out at once, and `on_order` and `on_error` tell what came of that. `on_start`
    comes when the first candle has closed, for before it there are no prices, and `on_stop` at the end.
    """

    def __init__(
        self,
        strategy: Strategy,
        history: History,
        *,
        venue: Venue,
        stock: Stock,
        views: Views,
        context: BacktestContext,
        coarser: Sequence[Coarser],
        ticks: Ticks,
        requotes: bool,
    ) -> None:
        self._strategy = strategy
        self._history = history
        self._venue = venue
        self._stock = stock
        self._views = views
        self._context = context
        self._coarser = coarser
        self._ticks = ticks
        self._requotes = requotes
        self._stated = context.stated()
        self._has_book = strategy.overrides("on_book")
        self._hook = "on_candle"

    def run(self) -> None:
        """Run through the history.

        Raises:
            StrategyError: a hook failed, or waits for something.
        """
        running = self._run()
        try:
            running.send(None)
        except StopIteration:
            return
        except Exception as error:
            why = str(error) if isinstance(error, StrategyError) else f"{type(error).__name__}: {error}"
            raise StrategyError(f"{self._where()} failed: {why}") from error
        running.close()
        raise StrategyError(
            f"{self._where()} waits for something. A back-test has no event loop, so hooks must not await what "
            "takes time: leave it out where ctx.inference is None, or rehearse the strategy instead"
        )

    def _where(self) -> str:
        return f"strategy {type(self._strategy).__name__}: {self._hook} at {self._views.now():%F %T}"

    async def _run(self) -> None:
        context, venue, stock, coarser = self._context, self._venue, self._stock, self._coarser
        on_candle = self._strategy.on_candle
        made, stated, events, cursor = context.made, self._stated, venue.events, context.candles.cursor
        has_others = self._has_book or self._ticks.due < NEVER
        for index, open_, high, low in chain.from_iterable(self._rows()):
            venue.index = index
            cursor.shown = index + 1
            if made:
                context.forget()
            if low <= venue.highest_bid or high >= venue.lowest_ask:
                venue.meet(open_, high, low, self._history.volume[index])
                context.holding = venue.ledger.holding
            if coarser or stock.is_used:
                self._pass(index)
            if events or not index:
                await self._tell()
                await self._start(index)
            await on_candle(context)
            quick = context.quick
            if quick is not None and not stated and venue.quote(*quick):
                context.quick = None
            elif quick is not None or stated:
                self._carry_out()
            if events:
                await self._tell()
            if has_others:
                await self._call_others(index)
        await self._call("on_stop")

    def _pass(self, index: int) -> None:
        for one in self._coarser:
            one.show(index)
        if self._stock.is_used:
            self._stock.advance(int(self._history.end[index]))

    async def _start(self, index: int) -> None:
        if not index:
            await self._call("on_start")

    async def _call_others(self, index: int) -> None:
        close, end = self._history.close, self._history.end[index]
        if self._has_book and (not index or close[index] != close[index - 1]):
            await self._call("on_book")
        if self._ticks.due <= end:
            self._ticks.wait(int(end))
            await self._call("on_tick")

    async def _call(self, hook: str, *told: object) -> None:
        """Call a hook if the strategy has it, carry out what it states, and tell what came of that."""
        if self._strategy.overrides(hook):
            await self._call_once(hook, *told)
            await self._tell()

    async def _tell(self) -> None:
        events = self._venue.events
        for _ in range(MOST_CALLS):
            if not events:
                return
            hook, what, why = events.popleft()
            await self._call_once(hook, self._told(hook, what, why))
        self._hook = events[0][0]
        raise StrategyError(f"the strategy has answered its own orders {MOST_CALLS} times at one candle")

    async def _call_once(self, hook: str, *told: object) -> None:
        self._hook = hook
        self._context.forget()
        await getattr(self._strategy, hook)(self._context, *told)
        self._carry_out()
        self._hook = "on_candle"

    def _told(self, hook: str, what: Resting | Intent | int, why: str) -> object:
        if isinstance(what, int):
            return self._views.fill(what)
        order = self._views.order(what) if isinstance(what, Resting) else None
        if hook == "on_order":
            return order
        return Problem(ProblemKind.REFUSED, why, order=order, intent=None if isinstance(what, Resting) else what)

    def _carry_out(self) -> None:
        """Do what the last hook stated."""
        context, venue = self._context, self._venue
        if intents := context.stated():
            self._do(intents)
            intents.clear()
            context.holding = venue.ledger.holding

    def _do(self, intents: Sequence[Intent]) -> None:
        venue = self._venue
        resting = {order.client_order_id: order for order in (*venue.bids, *venue.asks)}
        wanted = plan(intents, self._views.orders())
        for client_order_id in wanted.cancels:
            venue.cancel(resting[client_order_id])
        if wanted.cancels and self._requotes:
            wanted = plan([one for one in intents if not isinstance(one, Cancel)], self._views.orders())
        for transfer in wanted.transfers:
            self._move(transfer)
        for issue in wanted.issues:
            venue.issue(issue.quantity)
        for place in wanted.orders:
            venue.place(place.side is Side.BUY, micros_of(place.price), place.quantity, place.post_only)

    def _move(self, transfer: MoveToStock) -> None:
        if why := self._venue.ledger.move_out(transfer.quantity):
            self._venue.refuse(transfer, why)
            return
        self._venue.mark()
        self._stock.advance(int(self._history.end[self._venue.index]))
        self._stock.send(transfer.quantity)

    def _rows(self) -> Iterator[Iterable[Row]]:
        history = self._history
        for start in range(0, len(history), _AT_ONCE):
            stop = min(start + _AT_ONCE, len(history))
            columns = (column[start:stop].tolist() for column in (history.open, history.high, history.low))
            yield zip(range(start, stop), *columns, strict=True)
