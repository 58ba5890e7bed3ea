"""How the exchange's own time follows the clock's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Clock

SLOWEST, FASTEST = 1.0, 1000.0
"""How many times as fast as the clock an exchange may be."""

_SHORTEST = timedelta.resolution


@dataclass(frozen=True, slots=True)
class Tempo:
    """A pair of moments that are the same one, by the clock and on the exchange, and how fast it goes on from there.

    What signs and counts requests keeps to the clock; what lives on the exchange, to the exchange's own time.

    Attributes:
        clock: a moment by the clock.
        market: what the exchange's own time was then; never earlier.
        speed: seconds that pass on the exchange in a second of the clock.
    """

    clock: datetime
    market: datetime
    speed: float = 1.0

    def at(self, now: datetime) -> datetime:
        """The exchange's own time at a moment by the clock."""
        return self.market + (now - self.clock) * self.speed

    def when(self, moment: datetime) -> datetime:
        """The first moment by the clock at which the exchange has come that far."""
        found = self.clock + (moment - self.market) / self.speed
        while self.at(found) < moment:
            found += _SHORTEST
        return found

    def changed(self, now: datetime, speed: float) -> Tempo:
        """The same, at another speed from a moment by the clock on."""
        return Tempo(now, self.at(now), speed)


class MarketClock:
    """The exchange's own time, for those who live in it: `sleep(60)` lasts a minute of it."""

    def __init__(self, clock: Clock, tempo: Tempo) -> None:
        self._clock = clock
        self._tempo = tempo

    def now(self) -> datetime:
        """The exchange's own present, UTC."""
        return self._tempo.at(self._clock.now())

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds of the exchange's own time."""
        await self._clock.sleep(seconds / self._tempo.speed)
