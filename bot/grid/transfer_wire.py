"""Transfers of units between our accounts as the exchange sends them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from msgspec import Struct

from bot.domain.transfer import VenueTransfer, Way
from bot.grid.envelope import Rows
from bot.grid.fields import Moment, moment_or_none, required, units_or_none
from bot.grid.results import TransferRecord

_TRADING = "trading"
_CONSUMPTION = "consumption"
_ISSUANCE = "issuance"
_PENDING = "pending"


class TransferRow(Struct):
    """A transfer; the answer to a request for one holds its id and status only."""

    transfer_id: str | None = None
    instrument_id: str | None = None
    quantity: Decimal | None = None
    from_account_type: str | None = None
    sender_account_id: str | None = None
    to_account_type: str | None = None
    account_id: str | None = None
    status: str | None = None
    created_at: Moment = None
    transferred_at: Moment = None

    @property
    def goes_to_consumption(self) -> bool:
        """Nearly all go there from Trading, so one that does not say does."""
        if self.to_account_type is not None:
            return self.to_account_type.lower() == _CONSUMPTION
        return (self.from_account_type or _TRADING).lower() == _TRADING

    @property
    def goes_to_trading(self) -> bool:
        """Whether it brings issued units to Trading."""
        return (self.from_account_type or "").lower() == _ISSUANCE


TRANSFERS = Rows(TransferRow)


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
    """A transfer to Consumption; None when it goes elsewhere.

    Raises:
        FieldError: likewise.
    """
    return transfer_of(row) if row.goes_to_consumption else None


def transfer_to_trading_of(row: TransferRow) -> VenueTransfer | None:
    """A transfer of issued units to Trading; None when it is another one.

    Raises:
        FieldError: likewise.
    """
    return replace(transfer_of(row), way=Way.TO_TRADING) if row.goes_to_trading else None


def transfer_record_of(row: TransferRow) -> TransferRecord:
    """A transfer, whichever way it goes, with all that is told of it.

    Raises:
        FieldError: likewise.
    """
    return TransferRecord(
        transfer_id=required(row.transfer_id, "transfer_id"),
        status=row.status or _PENDING,
        instrument_id=row.instrument_id,
        quantity=units_or_none(row.quantity, "quantity"),
        from_account_type=row.from_account_type,
        sender_account_id=row.sender_account_id,
        to_account_type=row.to_account_type,
        account_id=row.account_id,
        created_at=moment_or_none(row.created_at, "created_at"),
        transferred_at=moment_or_none(row.transferred_at, "transferred_at"),
    )
