"""The Consumption stock of a back-test: lots that expire, and the demand that uses them up."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import Protocol

from bot.backtest.moments import SECOND, moment_of, nanos_of
from bot.domain.lot import Lot
from bot.domain.money import TOKENS_PER_UNIT
from bot.strategy.snapshot import Consumption
from bot.treasury.burn import BurnMeter

LIFETIME = timedelta(hours=4)
"""For how long units in Consumption can be used, by the exchange's documentation."""


class Demand(Protocol):
    """Tokens asked for, slot by slot; a demand trace is one."""

    @property
    def slot_seconds(self) -> int:
        """How long a slot is."""
        ...

    def tokens(self, slot: int) -> int:
        """Tokens asked for in the slot of this number, counted from zero."""
        ...


class Stock:
    """Units in Consumption, as tokens in lots: the oldest are used first, and what is left of a lot expires with it.

    A slot's tokens are asked for evenly over it; what there is no stock for is refused and lost.

    Args:
        demand: what inference asks for from `start` on; None for nothing.
        start: when slot 0 begins, nanoseconds since 1970.
        lifetime: how long a lot can be used.
        delay: how long a transfer from Trading takes.

    Attributes:
        tokens: held now.
        in_transfer: units on their way from Trading.
        received: tokens that ever arrived: `received = tokens + served + expired`.
        asked: tokens that inference asked for.
        served: those of them that there was stock for.
        expired: tokens that were lost unused.
        is_used: whether there is or ever was anything in it, or asked of it.
        marks: (moment, units) each time that was looked at, while it is used.
        stockouts: how often tokens were refused when those before had been served.
    """

    def __init__(self, demand: Demand | None, start: int, lifetime: timedelta, delay: timedelta) -> None:
        self.tokens = self.in_transfer = 0
        self.received = self.asked = self.served = self.expired = self.stockouts = 0
        self.is_used = demand is not None
        self.marks: list[tuple[int, int]] = []
        self._demand = demand
        self._slot_nanos = demand.slot_seconds * SECOND if demand else 0
        self._start = self._now = start
        self._asked_of_slot = 0
        self._lifetime, self._delay = nanos_of(lifetime), nanos_of(delay)
        self._arrivals: deque[tuple[int, int]] = deque()
        self._lots: deque[list[int]] = deque()
        self._is_out = False
        self._burn = BurnMeter()
        self._burn.observe(moment_of(start), 0)

    @property
    def units(self) -> int:
        """Whole units held; one that is partly used does not count."""
        return self.tokens // TOKENS_PER_UNIT

    def send(self, units: int) -> None:
        """Units leave Trading for here, now."""
        self.is_used = True
        self.in_transfer += units
        self._arrivals.append((self._now + self._delay, units))
        self._pass(self._now)
        self.marks.append((self._now, self.units))

    def advance(self, now: int) -> None:
        """Let time pass: what is asked for is used, lots expire, transfers arrive."""
        while (moment := self._next()) is not None and moment <= now:
            self._pass(moment)
        self._pass(now)
        self.marks.append((now, self.units))
        self._burn.observe(moment_of(now), self.units)

    def view(self) -> Consumption:
        """What a hook sees of it."""
        lots = tuple(
            Lot(tokens // TOKENS_PER_UNIT, moment_of(expires))
            for expires, tokens in self._lots
            if tokens >= TOKENS_PER_UNIT
        )
        return Consumption(self.units, self.in_transfer, self._burn.units_per_hour, lots)

    def _next(self) -> int | None:
        """When the next lot expires or arrives."""
        return min((queue[0][0] for queue in (self._lots, self._arrivals) if queue), default=None)

    def _pass(self, now: int) -> None:
        """Let time pass in which no lot expires or arrives, and then those that do so now."""
        self._use(self._due(now))
        self._now = now
        while self._lots and self._lots[0][0] <= now:
            lost = self._lots.popleft()[1]
            self.tokens -= lost
            self.expired += lost
        while self._arrivals and self._arrivals[0][0] <= now:
            units = self._arrivals.popleft()[1]
            self.in_transfer -= units
            self.tokens += units * TOKENS_PER_UNIT
            self.received += units * TOKENS_PER_UNIT
            self._lots.append([now + self._lifetime, units * TOKENS_PER_UNIT])

    def _due(self, now: int) -> int:
        """Tokens asked for since the last time that this was called."""
        if self._demand is None:
            return 0
        slot, last = (self._now - self._start) // self._slot_nanos, (now - self._start) // self._slot_nanos
        due = -self._asked_of_slot
        while slot < last:
            due += self._demand.tokens(slot)
            slot += 1
        passed = now - self._start - slot * self._slot_nanos
        self._asked_of_slot = self._demand.tokens(slot) * passed // self._slot_nanos
        return due + self._asked_of_slot

    def _use(self, tokens: int) -> None:
        if not tokens:
            return
        wanted = served = min(tokens, self.tokens)
        while wanted:
            lot = self._lots[0]
            taken = min(wanted, lot[1])
            lot[1] -= taken
            wanted -= taken
            if not lot[1]:
                self._lots.popleft()
        self.tokens -= served
        self.asked += tokens
        self.served += served
        if served < tokens and (served or not self._is_out):
            self.stockouts += 1
        self._is_out = served < tokens
