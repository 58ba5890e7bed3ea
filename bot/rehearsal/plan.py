"""What is to be rehearsed, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.settings import Settings
from bot.sim.faults.plan import FaultPlan

START = datetime(2026, 1, 5, tzinfo=UTC)
"""When rehearsals begin: a Monday, midnight."""


@dataclass(frozen=True, slots=True)
class RehearsalPlan:
    """What is common to all seeds of a rehearsal.

    Attributes:
        hours: virtual hours that each seed runs.
        faults: what goes wrong; over well before the end, so that all can be settled by then.
        crash_rate: how often the bot dies in the mean, per virtual hour.
        settings: strategies and engine of the user; None: a mix of the rehearsal's own, drawn by the seed.
    """

    hours: float = 1.0
    faults: FaultPlan = field(default_factory=FaultPlan)
    crash_rate: float = 1.0
    settings: Settings | None = None

    @property
    def end(self) -> datetime:
        """When the bot is told to stop."""
        return START + timedelta(hours=self.hours)

    @property
    def quiet_from(self) -> datetime:
        """From when on nothing goes wrong any more: the last ten minutes, or the last third if that is less."""
        return self.end - min(timedelta(minutes=10), timedelta(hours=self.hours) / 3)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never be, and was.

    Attributes:
        invariant: the rule's name.
        at: when it was noticed, virtual time, UTC.
        detail: what was seen.
    """

    invariant: str
    at: datetime
    detail: str


class Violated(Exception):
    """A rule is broken; the arguments are its name and what was seen."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What came of one seed.

    Attributes:
        seed: which.
        orders: orders that the exchange took from the bot.
        fills: their trades.
        transfers: transfers to Consumption, the exchange's own included.
        faults_injected: how many faults there were, by kind.
        crashes: how often the bot died.
        stops: how often it was stopped and started again, in good order or at once.
        violation: the first broken rule; None: all were kept.
    """

    seed: int
    orders: int
    fills: int
    transfers: int
    faults_injected: Mapping[str, int]
    crashes: int
    stops: int
    violation: Violation | None
