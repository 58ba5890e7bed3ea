"""Who holds what: balances of cash and units, and the accounts that hold them."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.sim.lots import Lots


class AccountMode(StrEnum):
    """Who places an account's orders: the exchange (Auto Mode), or its owner (Advanced Mode)."""

    EASY = "easy"
    ADVANCED = "advanced"


class Balance:
    """An amount of one asset, in micro-dollars or units; `total` is always `available` plus `locked`."""

    __slots__ = ("available", "locked")

    def __init__(self, available: int = 0) -> None:
        self.available = available
        self.locked = 0

    @property
    def total(self) -> int:
        """What is held, locked or not."""
        return self.available + self.locked


@dataclass(slots=True)
class Issued:
    """Units of one instrument that a supplier has issued."""

    total: int = 0
    transferred: int = 0

    @property
    def available(self) -> int:
        """Units that have not left for Trading yet."""
        return self.total - self.transferred


@dataclass(slots=True, eq=False)
class Account:
    """One participant of the exchange.

    Attributes:
        account_id: the exchange's id.
        user_id: the id of the person behind it.
        name: what its owner calls it; unique on the exchange.
        house: a background trader, which lives inside the exchange and sends no requests.
        auto_transfer: whether bought units leave for Consumption as soon as they fill.
        cash: micro-dollars.
        units: Trading units, by instrument id.
        lots: Consumption tokens, by instrument id.
        created_at: when it was opened.
        updated_at: when anything in it last changed.
        verify_keys: 32 bytes of each of its Ed25519 public keys, by fingerprint; without one it cannot sign.
        mode: in Auto Mode its owner's orders are refused.
        supplier: whether it may issue units.
        issued: what it has issued, by instrument id.
    """

    account_id: str
    user_id: str
    name: str
    house: bool
    auto_transfer: bool
    cash: Balance
    units: dict[str, Balance]
    created_at: datetime
    updated_at: datetime
    verify_keys: dict[str, bytes] = field(default_factory=dict)
    mode: AccountMode = AccountMode.ADVANCED
    supplier: bool = False
    lots: dict[str, Lots] = field(init=False)
    issued: dict[str, Issued] = field(init=False)

    def __post_init__(self) -> None:
        self.lots = {instrument_id: Lots() for instrument_id in self.units}
        self.issued = {instrument_id: Issued() for instrument_id in self.units}


def fingerprint_of(verify_key: bytes) -> str:
    """How requests name a key: unpadded base64 of the SHA-256 of its 32 public bytes."""
    return b64encode(hashlib.sha256(verify_key).digest()).decode().rstrip("=")
