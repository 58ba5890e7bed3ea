"""Suppliers' accounts and issues of units as the exchange sends them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from bot.domain.issuance import SupplyIssuance
from bot.grid.envelope import Rows
from bot.grid.fields import Moment, amount, moment_or_none, required, units, units_or_none
from bot.grid.results import IssuanceAccount, SupplySummary


class IssuanceAccountRow(Struct):
    """Issued units of one instrument."""

    account_id: str | None = None
    instrument_id: str | None = None
    instrument_symbol: str | None = None
    status: str | None = None
    total_balance: Decimal | None = None
    available_balance: Decimal | None = None
    created_at: Moment = None
    updated_at: Moment = None


class IssuanceRow(Struct):
    """An issue of units."""

    issuance_id: str | None = None
    instrument_id: str | None = None
    quantity: Decimal | None = None
    status: str | None = None
    created_at: Moment = None


class SummaryRow(Struct):
    """Issues of one instrument, summed up."""

    instrument_id: str | None = None
    total_issued: Decimal | None = None
    total_transferred: Decimal | None = None
    available: Decimal | None = None


ISSUANCE_ACCOUNTS = Rows(IssuanceAccountRow)
ISSUANCES = Rows(IssuanceRow)
SUMMARIES = Rows(SummaryRow)


def issuance_account_of(row: IssuanceAccountRow) -> IssuanceAccount:
    """A supplier's account of one instrument.

    Raises:
        FieldError: it lacks its id, its instrument or its balance, or a field makes no sense.
    """
    available = amount(row.available_balance, "available_balance")
    total = available if row.total_balance is None else row.total_balance
    return IssuanceAccount(
        account_id=required(row.account_id, "account_id"),
        instrument_id=required(row.instrument_id, "instrument_id"),
        total=units(total, "total_balance"),
        available=units(available, "available_balance"),
        instrument_symbol=row.instrument_symbol,
        status=row.status,
        created_at=moment_or_none(row.created_at, "created_at"),
        updated_at=moment_or_none(row.updated_at, "updated_at"),
    )


def issuance_of(row: IssuanceRow) -> SupplyIssuance:
    """An issue of units.

    Raises:
        FieldError: it has no id, or a field makes no sense.
    """
    return SupplyIssuance(
        issuance_id=required(row.issuance_id, "issuance_id"),
        instrument_id=row.instrument_id,
        quantity=units_or_none(row.quantity, "quantity"),
        status=row.status,
        created_at=moment_or_none(row.created_at, "created_at"),
    )


def summary_of(row: SummaryRow) -> SupplySummary:
    """Issues of one instrument, summed up.

    Raises:
        FieldError: it lacks its instrument, or a field makes no sense.
    """
    return SupplySummary(
        instrument_id=required(row.instrument_id, "instrument_id"),
        total_issued=units_or_none(row.total_issued, "total_issued"),
        total_transferred=units_or_none(row.total_transferred, "total_transferred"),
        available=units_or_none(row.available, "available"),
    )
