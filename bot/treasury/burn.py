"""How fast Consumption is used up."""

from __future__ import annotations

from datetime import datetime, timedelta

HALF_LIFE = timedelta(minutes=30)
"""After this long an observation counts half."""

WARM_UP = timedelta(minutes=10)
"""Before so much has been observed, nothing is said of the rate."""


class BurnMeter:
    """Burn rate of one instrument, from the balances that are seen.

    The rate is the exponentially weighted mean of units used up per hour: each interval between two observations
    counts with its length, and half as much after every half-life. Of an interval in which units arrived it is not
    known how many were used, so it is left out. Units that expire count as used: they have to be replaced as well.
    """

    def __init__(self, half_life: timedelta = HALF_LIFE) -> None:
        self._half_life = half_life
        self._at: datetime | None = None
        self._units = 0
        self._used = 0.0
        self._hours = 0.0
        self._observed = timedelta(0)

    def observe(self, at: datetime, units: int) -> None:
        """Take note of a balance, in units. Observations that are not newer than the last are ignored."""
        if self._at is None:
            self._at, self._units = at, units
            return
        elapsed = at - self._at
        if elapsed <= timedelta(0):
            return
        decay = 0.5 ** (elapsed / self._half_life)
        self._used *= decay
        self._hours *= decay
        if units <= self._units:
            self._used += self._units - units
            self._hours += elapsed / timedelta(hours=1)
            self._observed += elapsed
        self._at, self._units = at, units

    @property
    def units_per_hour(self) -> float | None:
        """Units used up per hour; None before enough was observed to tell."""
        return self._used / self._hours if self._observed >= WARM_UP else None
