"""What we hold: units to trade, units to consume, and cash."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.money import ZERO


@dataclass(frozen=True, slots=True)
class Units:
    """A balance of one instrument, in whole units; `total` is `available` plus `locked`.

    In Trading, locked units back our resting sells. In Consumption nothing is locked.
    """

    instrument_id: str
    total: int = 0
    available: int = 0
    locked: int = 0


@dataclass(frozen=True, slots=True)
class Cash:
    """US dollars; `total` is `available` plus `locked`, and `locked` backs our resting buys."""

    total: Decimal = ZERO
    available: Decimal = ZERO
    locked: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything the account holds at one moment, by instrument id."""

    cash: Cash
    trading: dict[str, Units]
    consumption: dict[str, Units]
