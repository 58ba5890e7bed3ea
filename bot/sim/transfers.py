"""The ways of units between one user's accounts: transfers, arrivals, expiry of lots, and scheduled sweeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bot.ports import Ids
from bot.sim.config import VenueConfig
from bot.sim.history import History, SimTransfer, Way
from bot.sim.ledger import Account
from bot.sim.refusals import insufficient, malformed
from bot.sim.timetable import Timetable


class TransferDesk:
    """Moves units between the accounts of one user.

    Units leave at once and arrive `transfer_seconds` later: in Trading as such, in Consumption as one lot, which
    expires `lot_hours` after its arrival. `touched` is told which account has changed, and when.
    """

    def __init__(
        self, config: VenueConfig, timetable: Timetable, ids: Ids, touched: Callable[[Account, datetime], None]
    ) -> None:
        self._timetable = timetable
        self._ids = ids
        self._touched = touched
        self._travel = timedelta(seconds=config.transfer_seconds)
        self._life = None if config.lot_hours is None else timedelta(hours=config.lot_hours)

    def start(
        self, account: Account, history: History, way: Way, instrument_id: str, quantity: int, now: datetime
    ) -> SimTransfer:
        """Send units on their way.

        Raises:
            Refusal: fewer units are available, or none were asked for.
        """
        if quantity < 1:
            raise malformed(f"quantity must be at least 1, not {quantity}")
        available = _available(account, way, instrument_id)
        if quantity > available:
            raise insufficient(f"{quantity} units wanted, {available} available")
        _take(account, way, instrument_id, quantity)
        transfer = SimTransfer(self._ids.new("transfer"), instrument_id, quantity, now, way=way)
        history.transfers.append(transfer)
        self._touched(account, now)
        if self._travel:
            self._timetable.add(now + self._travel, partial(self._arrive, account, transfer))
        else:
            self._arrive(account, transfer, now)
        return transfer

    def resume(self, account: Account, history: History) -> None:
        """Await the arrivals and expiries of an account that was not opened here but brought back."""
        for transfer in history.transfers:
            if transfer.arrived_at is None:
                self._timetable.add(transfer.created_at + self._travel, partial(self._arrive, account, transfer))
        for instrument_id, lots in account.lots.items():
            for lot in lots:
                if lot.expires_at is not None:
                    self._timetable.add(lot.expires_at, partial(self._expire, account, instrument_id))

    def _arrive(self, account: Account, transfer: SimTransfer, now: datetime) -> None:
        transfer.arrived_at = now
        if transfer.bouncing:
            _take_back(account, transfer)
        if not transfer.has_failed:
            self._hand_over(account, transfer, now)
        self._touched(account, now)

    def _hand_over(self, account: Account, transfer: SimTransfer, now: datetime) -> None:
        if transfer.way is Way.TO_CONSUMPTION:
            self._add_lot(account, transfer, now)
        else:
            account.units[transfer.instrument_id].available += transfer.quantity

    def _add_lot(self, account: Account, transfer: SimTransfer, now: datetime) -> None:
        expires_at = None if self._life is None else now + self._life
        account.lots[transfer.instrument_id].arrive(transfer.quantity, now, expires_at)
        if expires_at is not None:
            self._timetable.add(expires_at, partial(self._expire, account, transfer.instrument_id))

    def _expire(self, account: Account, instrument_id: str, now: datetime) -> None:
        if account.lots[instrument_id].expire(now):
            self._touched(account, now)


def _available(account: Account, way: Way, instrument_id: str) -> int:
    match way:
        case Way.TO_CONSUMPTION:
            return account.units[instrument_id].available
        case Way.TO_TRADING:
            return account.lots[instrument_id].units
        case Way.ISSUED_TO_TRADING:
            return account.issued[instrument_id].available


def _take(account: Account, way: Way, instrument_id: str, quantity: int) -> None:
    match way:
        case Way.TO_CONSUMPTION:
            account.units[instrument_id].available -= quantity
            account.lots[instrument_id].commit(quantity)
        case Way.TO_TRADING:
            account.lots[instrument_id].withdraw(quantity)
        case Way.ISSUED_TO_TRADING:
            account.issued[instrument_id].transferred += quantity


def _take_back(account: Account, transfer: SimTransfer) -> None:
    """Give Trading back what bounces; what is left of the transfer is what arrives."""
    account.units[transfer.instrument_id].available += transfer.bouncing
    account.lots[transfer.instrument_id].revoke(transfer.bouncing)
    if not transfer.has_failed:
        transfer.quantity -= transfer.bouncing
        transfer.bouncing = 0


def next_sweep(hours: tuple[int, ...], after: datetime) -> datetime:
    """The first full hour among `hours` (UTC) that is later than `after`."""
    hour = after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while hour.hour not in hours:
        hour += timedelta(hours=1)
    return hour
