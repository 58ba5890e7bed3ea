"""Whether a fault strikes now."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Generic, TypeVar

from bot.sim.faults.kinds import Fault, Strike

F = TypeVar("F", bound=Fault)
S = TypeVar("S", bound=Strike)


class Window(Generic[F]):
    """When a fault may happen: a part of the time since `start`."""

    def __init__(self, fault: F, start: datetime) -> None:
        self.fault = fault
        self.begin = start + fault.begin
        self.end = None if fault.until is None else start + fault.until

    def holds(self, now: datetime) -> bool:
        """Whether it may happen now."""
        return self.begin <= now and (self.end is None or now < self.end)


class Dice(Window[S]):
    """Throws for one fault, by its own chance: what is drawn for other faults changes nothing here.

    Occasions are counted, and chance is drawn, within the fault's time only.
    """

    def __init__(self, fault: S, start: datetime, seed: str) -> None:
        super().__init__(fault, start)
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._occasions = 0

    def strikes(self, now: datetime) -> bool:
        """Whether the fault strikes at this occasion."""
        if not self.holds(now):
            return False
        self._occasions += 1
        if self.fault.at is not None:
            return self._occasions in self.fault.at
        return self._chance.random() < self.fault.probability

    def seconds(self, between: tuple[float, float]) -> float:
        """A number of seconds, drawn from a range."""
        return self._chance.uniform(*between)
