"""The exchange's transfers, as the newest of its lists showed them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.transfer import VenueTransfer

FORGOTTEN_AFTER = timedelta(seconds=30)
"""How long a transfer may be missing in the lists before it is believed that it does not exist."""


class Shown:
    """Remembers transfers that were shown, for a list that lags behind does not show them yet.

    What is over does not begin again, and what was under way a moment ago has not gone nowhere.
    """

    def __init__(self) -> None:
        self._shown: dict[str, tuple[VenueTransfer, datetime]] = {}

    def merge(self, at: datetime, listed: Iterable[VenueTransfer]) -> list[VenueTransfer]:
        """What the exchange has shown until now (`at`, UTC), `listed` being its newest answer; oldest first."""
        for one in listed:
            known, _ = self._shown.get(one.transfer_id, (one, at))
            self._shown[one.transfer_id] = (one if known.status == "pending" else known, at)
        self._shown = {key: kept for key, kept in self._shown.items() if at - kept[1] <= FORGOTTEN_AFTER}
        return [one for one, _ in self._shown.values()]
