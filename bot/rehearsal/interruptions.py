"""How and when lives of the bot end before their time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from bot.rehearsal.power import Strike

DOWNTIME_SECONDS = (0.1, 120.0)
"""The least and the most between two lives, seconds; short ones are as likely as long ones."""

PASSAGES = 20
"""A power cut comes at one of so many passages of an edge from its time on, or the next."""

PATIENCE = timedelta(minutes=3)
"""How long every other power cut waits for a write request: most passages are of reads, and few of those matter."""


class Ending(StrEnum):
    """How a life ends: the power fails, somebody stops the bot in good order, or at once."""

    CRASH = "crash"
    STOP = "stop"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Interruption:
    """The end of a life.

    Attributes:
        ending: how it comes.
        at: when, at the earliest.
        strike: how the power fails, where it does.
    """

    ending: Ending
    at: datetime
    strike: Strike | None = None


class Interruptions:
    """Draws when lives end.

    Args:
        chance: draws.
        rate: how often the bot dies in the mean, per hour; it is stopped half as often, in one way or the other.
        until: from when on it lives undisturbed.
    """

    def __init__(self, chance: Random, rate: float, until: datetime) -> None:
        self._chance = chance
        self._rate = rate
        self._until = until

    def next(self, now: datetime) -> Interruption | None:
        """How the life that begins now ends; None: it does not."""
        if not self._rate:
            return None
        at = now + timedelta(hours=self._chance.expovariate(1.5 * self._rate))
        ending = self._chance.choice((*[Ending.CRASH] * 4, Ending.STOP, Ending.CANCEL))
        patience = self._chance.choice((timedelta(0), PATIENCE))
        strike = Strike(at, self._until, self._chance.randint(0, PASSAGES), patience)
        if at >= self._until:
            return None
        return Interruption(ending, at, strike if ending is Ending.CRASH else None)

    def downtime(self) -> float:
        """Seconds until the next life."""
        least, most = DOWNTIME_SECONDS
        return least * math.exp(self._chance.random() * math.log(most / least))
