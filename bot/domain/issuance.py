"""Issues of new units by suppliers, as the exchange shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.transfer import VenueTransfer, Way

_PENDING = frozenset({"pending", "processing"})
_FAILED = frozenset({"failed", "rejected", "cancelled", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyIssuance:
    """An issue of new units by a supplier; an answer that gives the id only leaves the rest None.

    Attributes:
        issuance_id: the exchange's id.
        instrument_id: what was issued.
        quantity: units.
        status: the exchange's word, of which it may have new ones.
        created_at: when.
    """

    issuance_id: str
    instrument_id: str | None = None
    quantity: int | None = None
    status: str | None = None
    created_at: datetime | None = None

    def as_transfer(self) -> VenueTransfer:
        """The issue as a step on the way to Trading; one that is listed is done, unless its status says otherwise."""
        word = (self.status or "").lower()
        status = "pending" if word in _PENDING else "failed" if word in _FAILED else "completed"
        return VenueTransfer(
            self.issuance_id, self.instrument_id, self.quantity, status, self.created_at, way=Way.ISSUE
        )
