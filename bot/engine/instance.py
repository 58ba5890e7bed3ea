"""A strategy with everything that makes it one of the daemon's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from bot.domain.candle import Resolution
from bot.engine.schedule import Schedule
from bot.strategy.base import Strategy

HOOK_SECONDS = 30.0
"""What a hook may take where the settings say nothing."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A strategy with its name, its markets and its schedule.

    Attributes:
        name: its own; its orders, fills and state go by it.
        strategy: what it does.
        symbols: its markets, the first one being that of `ctx` itself.
        schedule: when it ticks; None: never.
        candles: the resolution of its candles.
        hook_seconds: the most that one call of a hook may take.
    """

    name: str
    strategy: Strategy
    symbols: tuple[str, ...]
    schedule: Schedule | None = None
    candles: Resolution = Resolution.M1
    hook_seconds: float = HOOK_SECONDS

    @property
    def resolutions(self) -> tuple[Resolution, ...]:
        """The candles that it sees, its own first; none where its class has no use for candles."""
        if not self.strategy.resolutions and not self.strategy.overrides("on_candle"):
            return ()
        named = (Resolution(one) for one in self.strategy.resolutions)
        return tuple(dict.fromkeys(chain((self.candles,), named)))
