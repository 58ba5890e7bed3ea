"""What is kept of a simulated exchange while it is not running, and how that looks in JSON.

House accounts, their orders and the public tape are not kept: the crowd is made anew.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from bot.domain.order import Side, TimeInForce
from bot.sim.history import SimIssuance, SimTransfer
from bot.sim.ledger import AccountMode
from bot.sim.lots import Lot
from bot.sim.moments import Moment
from bot.sim.orders import SimTrade

FORMAT: Final = "gridbot simulated exchange, 1"
"""Marks the files that this version reads and writes."""


class KeptBalance(msgspec.Struct, frozen=True):
    """A balance, in micro-dollars or units."""

    available: int
    locked: int


class KeptLots(msgspec.Struct, frozen=True):
    """Consumption stock of one instrument: its lots, oldest first, and what was ever counted."""

    lots: list[Lot]
    received: int
    used: int
    expired: int
    in_transit: int
    committed: int
    withdrawn: int = 0


class KeptOrder(msgspec.Struct, frozen=True):
    """An order, under the names that `SimOrder` has for its fields. What has a default is not in older files."""

    order_id: str
    client_order_id: str | None
    market_id: str
    side: Side
    quantity: int
    remaining: int
    price: int | None
    time_in_force: TimeInForce
    post_only: bool
    status: str
    closure_reason: str | None
    notional: int
    locked: int
    created_at: Moment
    updated_at: Moment
    closed_at: Moment | None
    reduce_only: bool = False
    stop_price: int | None = None
    triggered_at: Moment | None = None


class KeptFill(msgspec.Struct, frozen=True):
    """A trade, and which of its orders was the account's."""

    order_id: str
    trade: SimTrade


class KeptAccount(msgspec.Struct, frozen=True):
    """A user account and its history; balances are by instrument id. What has a default is not in older files.

    Those have one `verify_key`, which stands for a list of one.
    """

    account_id: str
    user_id: str
    name: str
    auto_transfer: bool
    created_at: Moment
    updated_at: Moment
    cash: KeptBalance
    units: dict[str, KeptBalance]
    lots: dict[str, KeptLots]
    orders: list[KeptOrder]
    fills: list[KeptFill]
    transfers: list[SimTransfer]
    mode: AccountMode = AccountMode.ADVANCED
    supplier: bool = False
    issuances: list[SimIssuance] = []
    verify_key: bytes | None = None
    verify_keys: list[bytes] = []


class KeptMarket(msgspec.Struct, frozen=True):
    """A market, and the users' orders on its book: best price first, at one price oldest first.

    `waiting` are their stop orders, the nearest stop price first; there are none in older files.
    """

    market_id: str
    instrument_id: str
    symbol: str
    created_at: Moment
    resting: list[str]
    waiting: list[str] = []


class KeptAnswer(msgspec.Struct, frozen=True):
    """What was answered at a moment to a write under an `Idempotency-Key`; `asked` tells that write from others."""

    account_id: str
    key: str
    at: Moment
    asked: bytes
    status: int
    body: bytes


class KeptVenue(msgspec.Struct, frozen=True):
    """An exchange as it was at one moment: `now` by its own time, `clock` by the clock (in older files the same)."""

    format: Literal["gridbot simulated exchange, 1"]
    now: Moment
    markets: list[KeptMarket]
    accounts: list[KeptAccount]
    clock: Moment | None = None
    answers: list[KeptAnswer] = []
    seed: Annotated[str, msgspec.Meta(pattern="^[0-9]+$")] | None = None
