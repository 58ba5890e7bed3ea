"""Balances and transfers as the exchange sends them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from bot.domain.account import Cash, Units
from bot.domain.money import ZERO
from bot.domain.transfer import VenueTransfer
from bot.grid.envelope import Rows
from bot.grid.fields import Moment, amount, moment_or_none, required, units, units_or_none, whole_units

_USD = "usd"
_CONSUMPTION = "consumption"
_PENDING = "pending"


class AccountRow(Struct):
    """A balance of cash, or of one instrument, in its newer shape or its older one."""

    instrument_id: str | None = None
    instrument_symbol: str | None = None
    currency: str | None = None
    total_balance: Decimal | None = None
    available_balance: Decimal | None = None
    locked_balance: Decimal | None = None
    total: Decimal | None = None
    available: Decimal | None = None
    reserved: Decimal | None = None

    @property
    def is_usd(self) -> bool:
        """Whether it is a balance of US dollars."""
        return (self.currency or self.instrument_symbol or "").lower() == _USD


class TransferRow(Struct):
    """A transfer between two of our accounts; the answer to a request for one holds its id and status only."""

    transfer_id: str | None = None
    instrument_id: str | None = None
    quantity: Decimal | None = None
    to_account_type: str | None = None
    status: str | None = None
    created_at: Moment = None
    transferred_at: Moment = None


ACCOUNTS = Rows(AccountRow)
TRANSFERS = Rows(TransferRow)


def cash_of(row: AccountRow) -> Cash | None:
    """A balance of US dollars; None when it is one of something else.

    Raises:
        FieldError: the balance makes no sense.
    """
    if not row.is_usd:
        return None
    total, available, locked = _balance(row)
    return Cash(total, available, locked)


def trading_units_of(row: AccountRow) -> Units | None:
    """A balance of units in Trading; None when it is one of US dollars.

    Raises:
        FieldError: the balance makes no sense.
    """
    if row.is_usd:
        return None
    total, available, locked = (units(part, "balance") for part in _balance(row))
    return Units(_instrument_id(row), total, available, locked)


def consumption_units_of(row: AccountRow) -> Units:
    """Whole units that inference can use; units that are still on their way do not count.

    Raises:
        FieldError: the balance makes no sense.
    """
    available = whole_units(_available(row), "available_balance")
    return Units(_instrument_id(row), available, available)


def transfer_of(row: TransferRow) -> VenueTransfer:
    """A transfer; it is under way as long as its status does not say otherwise.

    Raises:
        FieldError: it has no id, or a field makes no sense.
    """
    return VenueTransfer(
        transfer_id=required(row.transfer_id, "transfer_id"),
        instrument_id=row.instrument_id,
        quantity=units_or_none(row.quantity, "quantity"),
        status=row.status or _PENDING,
        created_at=moment_or_none(row.transferred_at if row.created_at is None else row.created_at, "created_at"),
    )


def transfer_to_consumption_of(row: TransferRow) -> VenueTransfer | None:
    """A transfer to Consumption; None when it goes elsewhere. Nearly all go there, so one that does not say does.

    Raises:
        FieldError: likewise.
    """
    goes_to = (row.to_account_type or _CONSUMPTION).lower()
    return transfer_of(row) if goes_to == _CONSUMPTION else None


def _instrument_id(row: AccountRow) -> str:
    """The older shape names the instrument as its currency."""
    return required(row.instrument_id or row.currency, "instrument_id")


def _balance(row: AccountRow) -> tuple[Decimal, Decimal, Decimal]:
    """Total, available and locked. The total that is sent matters only where what is locked is not."""
    available = _available(row)
    locked = row.reserved if row.locked_balance is None else row.locked_balance
    total = row.total if row.total_balance is None else row.total_balance
    if locked is not None:
        held = amount(locked, "locked_balance")
    else:
        held = ZERO if total is None else amount(total, "total_balance") - available
    return available + held, available, held


def _available(row: AccountRow) -> Decimal:
    return amount(row.available if row.available_balance is None else row.available_balance, "available_balance")
