"""Whether the bot may trade: a switch that stays as it was put until somebody puts it otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TradingState(StrEnum):
    """What may be sent to the exchange.

    ACTIVE: whatever the limits allow.
    REDUCING: cancels, and sells of what is held; nothing that spends cash. Units may still be moved to Consumption.
    HALTED: cancels only.
    """

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Latch:
    """The state that somebody has put trading in.

    Attributes:
        state: what may be sent.
        reason: why, in words; never empty once somebody has put it.
        by: who did: a person's name, or the part of the bot.
        at: when, UTC.
    """

    state: TradingState
    reason: str
    by: str
    at: datetime
