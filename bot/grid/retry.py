"""Which reads are tried again, and when. Writes never are."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from bot.errors import ExchangeUnavailable, NotSentError, RateLimited
from bot.grid.backoff import doubling, spread

T = TypeVar("T")

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 10.0

_FAULT = 500
"""A fault of the exchange, as opposed to being busy (502, 503, 504): it is given one more chance only."""


class Retry:
    """Tries reads again after failures that pass.

    These are: no connection, a broken one, no answer in time, and the statuses 408, 429, 500, 502, 503 and 504. The
    wait doubles from try to try, and is spread by chance. How long to wait after 429 is the limiter's affair: there is
    no other wait.

    Args:
        attempts: how often a read is tried, the first time included.
        chance: what the random part is drawn from.
    """

    def __init__(self, attempts: int, chance: random.Random) -> None:
        self._attempts = attempts
        self._chance = chance

    async def read(self, name: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of the first attempt that succeeds, or the error of the last; `name` is for the log."""
        context = stamina.retry_context(on=self._waits(), attempts=self._attempts, timeout=None)
        async for one in context.with_name(name, (), {}):
            with one:
                return await attempt()
        raise AssertionError("a retry ends with a result or an error")  # pragma: no cover

    def _waits(self) -> Callable[[Exception], bool | float]:
        """Told of each failure in turn: how many seconds to wait before the next attempt, or False for none."""
        waits, faults = doubling(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS), 0

        def after(error: Exception) -> bool | float:
            nonlocal faults
            if isinstance(error, RateLimited):
                return 0.0
            if not isinstance(error, ExchangeUnavailable | NotSentError):
                return False
            faults += error.status == _FAULT
            return faults <= 1 and spread(next(waits), self._chance)

        return after
