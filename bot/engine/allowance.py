"""A budget that fills up again by itself."""

from __future__ import annotations

from bot.ports import Clock


class Allowance:
    """So many at once, and after that one every so many seconds.

    Args:
        burst: how many can be taken at once after a quiet time.
        every: seconds in which one more becomes available.
        clock: tells the time.
    """

    def __init__(self, burst: int, every: float, clock: Clock) -> None:
        self._burst = burst
        self._every = every
        self._clock = clock
        self._left = float(burst)
        self._counted_at = clock.now()

    def take(self) -> float:
        """Take one; answers how many seconds to wait for it, 0 where there is one."""
        now = self._clock.now()
        gained = (now - self._counted_at).total_seconds() / self._every
        self._left, self._counted_at = min(self._burst, self._left + gained) - 1, now
        return max(0.0, -self._left * self._every)
