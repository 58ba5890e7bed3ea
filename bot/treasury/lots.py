"""Which units of the Consumption stock expire when, as far as balances tell."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from bot.domain.lot import Lot

OVERDUE_FOR = timedelta(minutes=1)
"""How long after its time a lot may still be in the balance: clocks differ, and balances are read now and then."""


class LotBook:
    """Lots of one instrument, estimated from the balances that are seen; the exchange does not tell them.

    A rise is a lot that was received then. A fall is units used, or lost, of the oldest lots first. The first balance
    is of unknown age, and older than all that follows. A lot that is long overdue is gone: units that are held in its
    place came unseen, and count as received now. Balances are whole units: one that is partly used is in no lot.

    Args:
        lifetime: time from the arrival of units in Consumption to their expiry.
    """

    def __init__(self, lifetime: timedelta) -> None:
        self._lifetime = lifetime
        self._lots: deque[Lot] = deque()
        self._first_at: datetime | None = None
        self._last_at: datetime | None = None

    @property
    def lots(self) -> tuple[Lot, ...]:
        """The lots, oldest first, which expire first; their units add up to the last balance."""
        return tuple(self._lots)

    def observe(self, at: datetime, units: int) -> None:
        """Take note of a balance, in units. Observations that are older than the last are ignored."""
        if self._last_at is not None and at < self._last_at:
            return
        expires_at = None if self._first_at is None else at + self._lifetime
        self._first_at, self._last_at = self._first_at or at, at
        self._drop_overdue(at, self._first_at)
        risen = units - sum(lot.units for lot in self._lots)
        if risen > 0:
            self._lots.append(Lot(risen, expires_at))
        else:
            self._use(-risen)

    def _drop_overdue(self, at: datetime, first_at: datetime) -> None:
        while self._lots and (self._lots[0].expires_at or first_at + self._lifetime) + OVERDUE_FOR <= at:
            self._lots.popleft()

    def _use(self, units: int) -> None:
        while units:
            oldest = self._lots.popleft()
            if oldest.units > units:
                self._lots.appendleft(Lot(oldest.units - units, oldest.expires_at))
            units -= min(units, oldest.units)
