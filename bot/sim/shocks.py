"""Supply shocks: when a market's background traders have nothing to sell."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from bot.sim.presets import CrowdConfig

_DAY_SECONDS = 86_400


class Shocks:
    """Tells whether supply is gone: at moments that were set, at random ones, and when told so.

    Args:
        config: how often, and for how long.
        seed: what the random moments are drawn from.
        start: from when on.
    """

    def __init__(self, config: CrowdConfig, seed: str, start: datetime) -> None:
        self._random = random.Random(f"shocks {seed}")  # noqa: S311 - repeatable, not secret
        self._ends_at = start
        self.change(config, start)

    def change(self, config: CrowdConfig, now: datetime) -> None:
        """Go on by another configuration, whose moments count from now; a shock that is under way goes on."""
        self._length = timedelta(hours=config.shock_hours)
        self._rate = config.shocks_per_day / _DAY_SECONDS
        self._set = sorted(now + timedelta(hours=hours) for hours in config.shock_at)
        self._random_at = self._after(now)

    def begin(self, now: datetime, length: timedelta | None = None) -> None:
        """Let supply vanish at a moment, for so long; None: as long as usual. No length brings it back."""
        length = self._length if length is None else length
        self._ends_at = max(self._ends_at, now + length) if length else now

    def under_way(self, now: datetime) -> bool:
        """Whether supply is gone; moments are asked for in rising order."""
        while self._set and self._set[0] <= now:
            self.begin(self._set.pop(0))
        while self._random_at is not None and self._random_at <= now:
            self.begin(self._random_at)
            self._random_at = self._after(self._random_at)
        return now < self._ends_at

    def _after(self, moment: datetime) -> datetime | None:
        return moment + timedelta(seconds=self._random.expovariate(self._rate)) if self._rate else None
