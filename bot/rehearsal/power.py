"""The power supply of one life of the bot, which fails at a moment that nobody can choose worse."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Clock

SPINNING = 10_000
"""So many passages at one moment are too many: whoever makes them waits for a time that does not come."""


class Crash(BaseException):
    """The process is gone. No code of the bot is to catch it, and none can do anything to the outside after it."""


@dataclass(frozen=True, slots=True)
class Strike:
    """When the power fails.

    Attributes:
        after: not before this moment.
        before: not from this moment on.
        passages: at which passage of an edge from then on, counted from 0.
        patience: how long it waits for a write request to come to its edge before passages count; zero: not at all.
    """

    after: datetime
    before: datetime
    passages: int
    patience: timedelta = timedelta(0)


class Power:
    """Carries one life of the bot.

    Every effect on the outside passes an edge before it comes about, and again before the bot learns of it. At the
    passage that the strike says, and at every later one, `Crash` is raised: what was done is done, the rest is not.

    Attributes:
        gone: set when the power has failed.
        spins: whether it was cut because the bot goes round and round while no time passes.
    """

    def __init__(self, clock: Clock, strike: Strike | None = None) -> None:
        self.gone = asyncio.Event()
        self.spins = False
        self._clock = clock
        self._strike = strike
        self._left = 0 if strike is None else strike.passages
        self._counts = False
        self._moment = clock.now()
        self._at_once = 0

    def passes(self, *, is_write: bool = False) -> None:
        """Let the bot pass an edge. Raises `Crash` if it has no power any more."""
        now = self._clock.now()
        self._at_once = self._at_once + 1 if now == self._moment else 0
        self._moment = now
        self.spins = self.spins or self._at_once > SPINNING
        if not self.gone.is_set() and (self.spins or self._strikes(now, is_write=is_write)):
            self.cut()
        if self.gone.is_set():
            raise Crash

    def cut(self) -> None:
        """Let the power fail now."""
        self.gone.set()

    def _strikes(self, now: datetime, *, is_write: bool) -> bool:
        strike = self._strike
        if strike is None or not strike.after <= now < strike.before:
            return False
        self._counts = self._counts or is_write or now >= strike.after + strike.patience
        if self._counts:
            self._left -= 1
        return self._left < 0
