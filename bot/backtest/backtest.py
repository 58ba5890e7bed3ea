"""A strategy, a history and what is assumed of the account: everything that a back-test is made of."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np
import structlog

from bot.backtest.coarser import coarser
from bot.backtest.context import BacktestContext
from bot.backtest.engine import Engine
from bot.backtest.fills import DEFAULT_RULES, FillRules
from bot.backtest.history import History
from bot.backtest.ledger import Ledger
from bot.backtest.result import FILL_COLUMNS, BacktestResult, Inference, filled_in
from bot.backtest.stock import LIFETIME, Demand, Stock
from bot.backtest.ticks import Ticks, Timing
from bot.backtest.venue import Venue
from bot.backtest.views import Views
from bot.domain.money import micros_of
from bot.errors import ConfigError, StrategyError
from bot.strategy.base import HOOKS, Strategy


@dataclass(frozen=True, slots=True)
class Backtest:
    """One strategy on the candles of one market.

        Backtest(SmaCross(size=10), History.read(path, market), cash=Decimal(1000)).run().final_equity

    Attributes:
        strategy: the very one that runs live.
        history: the candles.
        cash: USD that the account begins with.
        units: units in Trading that it begins with; they are no `holding` of the strategy.
        rules: how orders meet candles, and what they cost.
        schedule: when `on_tick` is called: the time between two calls, or a schedule.
        demand: what inference asks of Consumption, beginning with the history; None: nothing.
        lot_lifetime: how long units in Consumption can be used.
        transfer_delay: how long a transfer to Consumption takes.
        name: the strategy instance's name, in its orders and its log.
    """

    strategy: Strategy
    history: History
    _: KW_ONLY
    cash: Decimal = Decimal(10_000)
    units: int = 0
    rules: FillRules = DEFAULT_RULES
    schedule: Timing = None
    demand: Demand | None = None
    lot_lifetime: timedelta = LIFETIME
    transfer_delay: timedelta = timedelta(0)
    name: str = "backtest"

    def run(self) -> BacktestResult:
        """Run it. The same back-test gives the same result, always.

        Raises:
            ConfigError: the account or the schedule is impossible.
            StrategyError: a hook failed or waits for something, or the strategy needs what candles do not hold.
        """
        history, strategy = self.history, self.strategy
        self._check()
        start = int(history.time[0])
        hooks = frozenset(hook for hook in HOOKS if strategy.overrides(hook))
        ledger = Ledger(self._micros(), self.units, self.rules.fee)
        venue = Venue(ledger=ledger, rules=self.rules, tick=history.market.tick, hooks=hooks)
        stock = Stock(self.demand, start, self.lot_lifetime, self.transfer_delay)
        views = Views(history, self.name, venue, stock)
        beside = coarser(history, strategy.resolutions)
        candles = {str(one.resolution): one for one in (history.candles(), *(each.candles for each in beside))}
        log = structlog.stdlib.get_logger("backtest").bind(strategy=self.name)
        Engine(
            strategy,
            history,
            venue=venue,
            stock=stock,
            views=views,
            context=BacktestContext(history.market, candles, views, venue, log),
            coarser=beside,
            ticks=Ticks(self.schedule if "on_tick" in hooks else None, start),
            requotes=self.rules.requote,
        ).run()
        return self._result(venue, stock)

    def _check(self) -> None:
        if self.units < 0 or self.cash < 0:
            raise ConfigError(f"cash and units: a back-test begins with 0 or more, not {min(self.units, self.cash)}")
        if self.lot_lifetime <= timedelta(0) or self.transfer_delay < timedelta(0):
            raise ConfigError("lot_lifetime must be positive, and transfer_delay 0 or more")
        if self.strategy.depth:
            raise StrategyError(
                f"strategy {type(self.strategy).__name__} reads the order book (depth = {self.strategy.depth}), "
                "which candles do not hold; rehearse it instead"
            )
        if self.strategy.overrides("on_tick") and self.schedule is None:
            raise ConfigError(f"schedule: strategy {type(self.strategy).__name__} has an on_tick; say when it ticks")

    def _micros(self) -> int:
        try:
            return micros_of(self.cash)
        except ValueError as error:
            raise ConfigError(f"cash: {error}") from None

    def _result(self, venue: Venue, stock: Stock) -> BacktestResult:
        numbers = np.arange(len(self.history), dtype=np.int64)
        cash, position = (filled_in(venue.marks, numbers, column) for column in (1, 2))
        return BacktestResult(
            history=self.history,
            cash=cash,
            position=position,
            stock=filled_in(stock.marks, self.history.end, 1),
            equity=cash + position * self.history.close,
            orders=venue.orders,
            refused=venue.refused,
            inference=Inference(stock.asked, stock.served, stock.received, stock.expired, stock.stockouts),
            fill_rows=np.array(venue.fills, dtype=np.int64).reshape(-1, len(FILL_COLUMNS)),
        )
