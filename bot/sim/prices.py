"""Reference prices: what a unit is worth to the crowd at each moment, in micro-dollars."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from bot.candle_file import Candle
from bot.domain.money import ZERO, micros_of

WALK_STEP = timedelta(seconds=10)
"""How often a random walk moves."""

_ROOT_OF_STEPS_A_DAY = math.sqrt(timedelta(days=1) / WALK_STEP)


class PricePath(Protocol):
    """A price over time."""

    def at(self, now: datetime) -> int:
        """The price at a moment, micro-dollars per unit, at least 1; moments are asked for in rising order."""
        ...


@dataclass(frozen=True, slots=True)
class WalkConfig:
    """How a random walk moves.

    Attributes:
        mean: the price that it starts from and is drawn back to, USD per unit.
        daily_volatility: standard deviation of a day's log return, were it not drawn back.
        half_life: in what time half of a deviation from the mean is gone.
    """

    mean: Decimal
    daily_volatility: float = 0.06
    half_life: timedelta = timedelta(hours=8)


class RandomWalk:
    """A mean-reverting random walk of the log price (an Ornstein-Uhlenbeck process), moving every `WALK_STEP`.

    Its steps are counted from `start`, so the price at a moment depends on the seed alone and not on how often it was
    asked for.

    Attributes:
        volatility: standard deviation of a day's log return, were it not drawn back; it may change as time passes.
    """

    def __init__(self, config: WalkConfig, seed: int | str, start: datetime) -> None:
        self._mean = micros_of(config.mean)
        self._kept = 0.5 ** (WALK_STEP / config.half_life)
        self.volatility = config.daily_volatility
        self._random = random.Random(f"walk {seed}")  # noqa: S311 - repeatable, not secret
        self._start = start
        self._step = 0
        self._deviation = 0.0

    def at(self, now: datetime) -> int:
        """The price at a moment, micro-dollars per unit."""
        step = (now - self._start) // WALK_STEP
        noise = self.volatility / _ROOT_OF_STEPS_A_DAY
        while self._step < step:
            self._deviation = self._deviation * self._kept + self._random.gauss(0, noise)
            self._step += 1
        return max(1, round(self._mean * math.exp(self._deviation)))


class Replay:
    """Candles played again from `start`, scaled to a mean price, and anew each time that they end.

    Each candle is walked through open, low, high, close (open, high, low, close when it fell) in straight lines, so
    that every price that was reached is reached again. Gaps between candles are closed up: this market has no
    week-ends. Over the whole span the price's mean is `mean`, USD per unit, to within a micro-dollar.
    """

    def __init__(self, candles: Sequence[Candle], mean: Decimal, start: datetime) -> None:
        prices = [price for candle in candles for price in _walk(candle)]
        scale = micros_of(mean) * len(prices) / sum(prices, start=ZERO)
        self._points = [max(1, round(price * scale)) for price in prices]
        self._interval = _length(candles) / 4
        self._start = start

    def at(self, now: datetime) -> int:
        """The price at a moment, micro-dollars per unit."""
        point, passed = divmod(now - self._start, self._interval)
        here = self._points[point % len(self._points)]
        there = self._points[(point + 1) % len(self._points)]
        return here + round((there - here) * (passed / self._interval))


def _walk(candle: Candle) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    if candle.close < candle.open:
        return candle.open, candle.high, candle.low, candle.close
    return candle.open, candle.low, candle.high, candle.close


def _length(candles: Sequence[Candle]) -> timedelta:
    """How long a candle is: the shortest time between two of them; a minute when there is but one."""
    return min((b.at - a.at for a, b in pairwise(candles)), default=timedelta(minutes=1))
