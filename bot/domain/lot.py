"""Units that expire together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lot:
    """Units that entered Consumption together.

    Attributes:
        units: how many of them are left.
        expires_at: when what is left of them is lost, UTC; None while that is not known.
    """

    units: int
    expires_at: datetime | None
