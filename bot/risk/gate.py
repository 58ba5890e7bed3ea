"""The gate between what strategies want and the desk that does it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.fill import Fill
from bot.domain.intents import Issue, Place, Stock
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Order, Side
from bot.domain.transitions import Filled, OrderEvent
from bot.execution.planner import Plan, place_of
from bot.ports import Clock
from bot.risk.facts import Facts, Scope
from bot.risk.limits import RULES, Limits
from bot.risk.refusals import Refusal, RefusalLog
from bot.risk.spend import DAY, HOUR, Bought, Purchases, spent, units_after
from bot.risk.standing import refused_in

MINUTE = timedelta(minutes=1)

Move = TypeVar("Move", Stock, Issue)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a plan.

    Attributes:
        strategy: whose plan it is.
        plan: what of it may go: always all of its cancels.
        refused: what may not.
        at: when this was said, UTC.
    """

    strategy: str
    plan: Plan
    refused: tuple[Refusal, ...] = ()
    at: datetime = field(kw_only=True)


class Gate:
    """Lets through what the limits and the state of trading allow.

    Limits hold for the whole account and, beside those, for each strategy instance. A plan is reviewed order by order,
    and those that pass count for those that follow. What has passed counts until it is in the journal, so that two
    strategies at once do not use the same room.

    Args:
        limits: those of the whole account.
        by_strategy: those of strategy instances, by name; one that is not named has none of its own.
        clock: tells the time.
        clock_offset: how far the exchange's clock is ahead of ours, seconds; None while that is not known.
    """

    def __init__(
        self,
        limits: Limits,
        by_strategy: Mapping[str, Limits],
        clock: Clock,
        *,
        clock_offset: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._limits = limits
        self._by_strategy = by_strategy
        self._clock = clock
        self._clock_offset = clock_offset
        self._latch: Latch | None = None
        self._purchases = Purchases()
        self._passed: deque[tuple[datetime, str]] = deque()
        self._under_way: dict[str, Verdict] = {}
        self._log = RefusalLog(clock)

    @property
    def state(self) -> TradingState:
        """What the latch says."""
        return TradingState.ACTIVE if self._latch is None else self._latch.state

    @property
    def why(self) -> str:
        """Why trading is in this state, in words; empty while it is active."""
        if self._latch is None or self.state is TradingState.ACTIVE:
            return ""
        return f"{self._latch.reason} (by {self._latch.by}); `gridbot resume REASON` lets it go on"

    @property
    def heard(self) -> int:
        """How many fills were heard of; to be noted before holdings are read, for `Facts.heard`."""
        return self._purchases.heard

    def set_latch(self, latch: Latch | None) -> None:
        """Take in what the database says; None where it says nothing."""
        self._latch = latch

    def load(self, fills: Iterable[tuple[str, Fill]]) -> None:
        """Take in the fills of the last day, each after the name of its strategy instance."""
        for strategy, fill in fills:
            self._purchases.add(strategy, fill)

    def hear(self, order: Order, event: OrderEvent) -> None:
        """Take in an order event; the blotter's listener."""
        if isinstance(event, Filled):
            self._purchases.add(order.strategy, event.fill)

    def review(self, plan: Plan, strategy: str, facts: Facts) -> Verdict:
        """What of a strategy instance's plan may go. Every refusal is logged."""
        now = self._clock.now()
        purchases = self._purchases.lately(now)
        account = self._scope(facts, strategy, purchases, now)
        own = self._scope(facts, strategy, purchases, now, only=strategy)
        refused: list[Refusal] = []
        transfers = self._let_through(plan.transfers, account, refused)
        orders = []
        for place in plan.orders:
            if refusal := self._refusal(place, account, own):
                refused.append(refusal)
            else:
                orders.append(place)
                account, own = account.after(place), own.after(place)
        issues = self._let_through(plan.issues, account, refused)
        for refusal in refused:
            self._log.tell(strategy, refusal, _symbol(refusal.intent, facts))
        return Verdict(strategy, Plan(plan.cancels, transfers, tuple(orders), issues), tuple(refused), at=now)

    def stopped(self, intent: Place | Stock | Issue) -> str:
        """Why what has passed may not go any more, for the state of trading has changed since; empty where it may."""
        state = self.state
        adds = isinstance(intent, Issue) or (isinstance(intent, Place) and intent.side is Side.BUY)
        if state is TradingState.HALTED or (state is TradingState.REDUCING and adds):
            return f"trading is {state}: {self.why}"
        return ""

    @contextmanager
    def passing(self, verdict: Verdict) -> Iterator[Plan]:
        """The plan that may go, to be carried out in the block. Its orders count until they are in the journal."""
        self._passed.extend((verdict.at, verdict.strategy) for _ in verdict.plan.orders)
        self._under_way[verdict.strategy] = verdict
        try:
            yield verdict.plan
        finally:
            del self._under_way[verdict.strategy]

    def _let_through(self, moves: Iterable[Move], scope: Scope, refused: list[Refusal]) -> tuple[Move, ...]:
        """Those that the state of trading lets through; the others are added to what is refused."""
        passed = []
        for move in moves:
            if why := refused_in(self.state, move, scope):
                refused.append(self._stopped(move, why))
            else:
                passed.append(move)
        return tuple(passed)

    def _refusal(self, place: Place, account: Scope, own: Scope) -> Refusal | None:
        if why := refused_in(self.state, place, account):
            return self._stopped(place, why)
        of_strategy = self._by_strategy.get(own.strategy, Limits())
        for whose, limits, scope in (
            (f" of strategy '{own.strategy}'", of_strategy, own),
            ("", self._limits, account),
        ):
            for name, rule in RULES.items():
                if why := rule(place, scope, limits):
                    return Refusal(place, f"risk.{name}{whose}", why)
        return None

    def _stopped(self, intent: Place | Stock | Issue, why: str) -> Refusal:
        return Refusal(intent, str(self.state), f"trading is {self.state}, {why}: {self.why}")

    def _scope(
        self, facts: Facts, strategy: str, purchases: list[Bought], now: datetime, *, only: str | None = None
    ) -> Scope:
        while self._passed and self._passed[0][0] <= now - MINUTE:
            self._passed.popleft()
        return Scope(
            now=now,
            markets=facts.markets,
            held_at=facts.held_at,
            strategy=strategy,
            orders=tuple(order for order in facts.orders if only in (None, order.strategy)),
            coming=tuple(one for one in self._coming(facts.orders) if only in (None, one[0])),
            bought=units_after(purchases, facts.heard),
            passed=sum(only in (None, whose) for _, whose in self._passed),
            spent_hour=spent(purchases, now - HOUR, only),
            spent_day=spent(purchases, now - DAY, only),
            clock_offset=self._clock_offset(),
        )

    def _coming(self, orders: Iterable[Order]) -> Iterator[tuple[str, Place]]:
        """The orders of plans under way that are not in the journal yet; one that is closed again counts as well."""
        for strategy, verdict in self._under_way.items():
            journaled = Counter(
                place_of(order) for order in orders if order.strategy == strategy and order.created_at >= verdict.at
            )
            for place, count in (Counter(verdict.plan.orders) - journaled).items():
                yield from [(strategy, place)] * count


def _symbol(intent: Place | Stock | Issue, facts: Facts) -> str:
    """What people call the market or instrument of an intent."""
    wanted = intent.market_id if isinstance(intent, Place) else intent.instrument_id
    for market in (one.market for one in facts.markets.values()):
        if wanted in (market.market_id, market.instrument_id):
            return market.symbol
    return wanted
