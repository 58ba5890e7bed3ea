"""What the bot's database and the exchange hold, side by side, in the exchange's own numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import NamedTuple

from bot.domain.money import MICROS_PER_USD
from bot.domain.transfer import Way
from bot.sim.build import SimExchange
from bot.sim.history import History, SimTransfer
from bot.sim.history import Way as SimWay
from bot.sim.ledger import Account
from bot.sim.orders import SimFill, SimOrder
from bot.storage.types import DECIMALS

BY_HAND = "by-hand"
"""What the client order ids begin with of orders that somebody else places with the bot's account."""

_WAYS = {SimWay.TO_CONSUMPTION: str(Way.TO_CONSUMPTION), SimWay.ISSUED_TO_TRADING: str(Way.TO_TRADING)}

_SCALE = 10**DECIMALS // MICROS_PER_USD
"""Stored amounts in a micro-dollar; the simulated exchange knows nothing finer."""


class OrderRow(NamedTuple):
    """An order in the journal; `notional` is micro-dollars."""

    client_order_id: str
    order_id: str | None
    strategy: str
    market_id: str
    side: str
    quantity: int
    state: str
    filled: int
    notional: int


class FillRow(NamedTuple):
    """A fill in the database; `price` is micro-dollars."""

    trade_id: str
    order_id: str
    client_order_id: str
    market_id: str
    side: str
    quantity: int
    price: int


class TransferRow(NamedTuple):
    """A transfer or an issue in the journal."""

    key: str
    transfer_id: str | None
    instrument_id: str
    quantity: int
    state: str
    way: str = Way.TO_CONSUMPTION


class Move(NamedTuple):
    """A transfer or an issue as it really is."""

    instrument_id: str
    quantity: int
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Books:
    """What the bot's database holds."""

    orders: Mapping[str, OrderRow]
    fills: Sequence[FillRow]
    transfers: Sequence[TransferRow]
    halts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened, as only the exchange itself knows.

    Attributes:
        account: the bot's.
        history: what the account did.
        instruments: by market id.
        first_cash: what the account began with, micro-dollars.
        first_units: Trading units that it began with, by instrument id.
        moves_units: whether the exchange starts transfers of the account's units itself.
    """

    account: Account
    history: History
    instruments: Mapping[str, str]
    first_cash: int
    first_units: Mapping[str, int]
    moves_units: bool

    @property
    def orders(self) -> list[SimOrder]:
        """The bot's orders, without those that were placed by hand."""
        return [order for order in self.history.orders if not is_by_hand(order)]

    @property
    def open_orders(self) -> list[SimOrder]:
        """Those of them that may still fill."""
        return [order for order in self.history.open.values() if not is_by_hand(order)]

    @property
    def fills(self) -> list[SimFill]:
        """The trades of the bot's orders."""
        return [fill for fill in self.history.fills if not is_by_hand(fill.order)]

    @property
    def fills_by_hand(self) -> list[SimFill]:
        """The trades of orders that somebody else placed."""
        return [fill for fill in self.history.fills if is_by_hand(fill.order)]

    @property
    def transfers(self) -> list[SimTransfer]:
        """Transfers to Consumption."""
        return [one for one in self.history.transfers if one.way is SimWay.TO_CONSUMPTION]

    @property
    def moves(self) -> dict[tuple[str, str], Move]:
        """What the bot can have asked for: transfers and issues, by way and id."""
        moves = {
            (_WAYS[one.way], one.transfer_id): Move(one.instrument_id, one.quantity, one.status, one.created_at)
            for one in self.history.transfers
            if one.way in _WAYS
        }
        for issued in self.history.issuances:
            move = Move(issued.instrument_id, issued.quantity, "completed", issued.created_at)
            moves[str(Way.ISSUE), issued.issuance_id] = move
        return moves

    @property
    def brought(self) -> Counter[str]:
        """Issued units that have arrived in Trading, by instrument id."""
        brought: Counter[str] = Counter()
        for one in self.history.transfers:
            if one.way is SimWay.ISSUED_TO_TRADING and one.arrived_at is not None:
                brought[one.instrument_id] += one.quantity
        return brought


def is_by_hand(order: SimOrder) -> bool:
    """Whether somebody else placed it."""
    return (order.client_order_id or "").startswith(BY_HAND)


def truth_of(sim: SimExchange) -> Truth:
    """What is looked at of an exchange that has just begun to live; it stays the truth while the exchange lives on."""
    config = sim.venue.config
    return Truth(
        account=sim.account,
        history=sim.venue.history(sim.account),
        instruments={market.market_id: market.instrument_id for market in sim.venue.markets.values()},
        first_cash=sim.account.cash.total,
        first_units={instrument_id: units.total for instrument_id, units in sim.account.units.items()},
        moves_units=config.auto_transfer or bool(config.sweep_hours),
    )


def books_of(database: Connection) -> Books:
    """What a database holds now."""
    orders = database.execute(
        "SELECT client_order_id, order_id, strategy, market_id, side, quantity, state, filled, filled_notional / ? "
        "FROM orders ORDER BY seq",
        (_SCALE,),
    )
    fills = database.execute(
        "SELECT trade_id, order_id, client_order_id, market_id, side, quantity, price / ? FROM fills ORDER BY seq",
        (_SCALE,),
    )
    transfers = database.execute(
        "SELECT key, transfer_id, instrument_id, quantity, state, way FROM transfers ORDER BY seq"
    )
    halts = database.execute("SELECT reason FROM latches WHERE state = 'halted' ORDER BY seq")
    return Books(
        orders={row[0]: OrderRow(*row) for row in orders},
        fills=[FillRow(*row) for row in fills],
        transfers=[TransferRow(*row) for row in transfers],
        halts=[reason for (reason,) in halts],
    )
