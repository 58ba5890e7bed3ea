"""Accounts, balances and positions as the exchange sends them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from bot.domain.account import Cash, Units
from bot.domain.money import ZERO
from bot.grid.envelope import Rows
from bot.grid.fields import (
    FieldError,
    Moment,
    amount,
    amount_or_none,
    moment_or_none,
    price_or_none,
    required,
    units,
    whole_units,
    whole_units_or_none,
)
from bot.grid.results import ConsumptionAccount, CurrencyAccount, Position, TradingAccount

_USD = "usd"


class AccountRow(Struct):
    """Cash, or units of one instrument in Trading, in its newer shape or its older one."""

    account_id: str | None = None
    user_id: str | None = None
    market_id: str | None = None
    instrument_id: str | None = None
    instrument_symbol: str | None = None
    currency: str | None = None
    total_balance: Decimal | None = None
    available_balance: Decimal | None = None
    locked_balance: Decimal | None = None
    total: Decimal | None = None
    available: Decimal | None = None
    reserved: Decimal | None = None
    status: str | None = None
    updated_at: Moment = None

    @property
    def is_usd(self) -> bool:
        """Whether it is a balance of US dollars."""
        return (self.currency or self.instrument_symbol or "").lower() == _USD


class ConsumptionRow(Struct):
    """Units of one instrument in Consumption."""

    account_id: str | None = None
    user_id: str | None = None
    instrument_id: str | None = None
    status: str | None = None
    available_balance: Decimal | None = None
    committed_balance: Decimal | None = None
    total_balance: Decimal | None = None
    total_deposits: Decimal | None = None
    total_withdrawals: Decimal | None = None
    total_commitments: Decimal | None = None
    total_transfers_in: Decimal | None = None
    total_transfers_out: Decimal | None = None
    created_at: Moment = None
    updated_at: Moment = None


class PositionRow(Struct):
    """What is held of one instrument, and what it cost."""

    instrument_id: str | None = None
    status: str | None = None
    quantity: Decimal | None = None
    average_cost: Decimal | None = None
    total_cost: Decimal | None = None
    current_market_value: Decimal | None = None
    last_trade_price: Decimal | None = None
    opened_at: Moment = None
    closed_at: Moment = None


ACCOUNTS = Rows(AccountRow)
CONSUMPTION_ACCOUNTS = Rows(ConsumptionRow)
POSITIONS = Rows(PositionRow)


def cash_of(row: AccountRow) -> Cash | None:
    """A balance of US dollars; None when it is one of something else.

    Raises:
        FieldError: the balance makes no sense.
    """
    if not row.is_usd:
        return None
    total, available, locked = _balance(row)
    return Cash(total, available, locked)


def currency_account_of(row: AccountRow) -> CurrencyAccount:
    """An account of money.

    Raises:
        FieldError: it lacks its id or its currency, or a field makes no sense.
    """
    total, available, locked = _balance(row)
    return CurrencyAccount(
        account_id=required(row.account_id, "account_id"),
        currency=required(row.currency or row.instrument_symbol, "currency").lower(),
        total=total,
        available=available,
        locked=locked,
        user_id=row.user_id,
        status=row.status,
        updated_at=moment_or_none(row.updated_at, "updated_at"),
    )


def trading_units_of(row: AccountRow) -> Units | None:
    """A balance of units in Trading; None when it is one of US dollars.

    Raises:
        FieldError: the balance makes no sense.
    """
    if row.is_usd:
        return None
    total, available, locked = (units(part, "balance") for part in _balance(row))
    return Units(required(row.instrument_id or row.currency, "instrument_id"), total, available, locked)


def trading_account_of(row: AccountRow) -> TradingAccount | None:
    """An account of units in Trading; None when it is one of US dollars.

    Raises:
        FieldError: it lacks its id or its instrument, or a field makes no sense.
    """
    balance = trading_units_of(row)
    if balance is None:
        return None
    return TradingAccount(
        account_id=required(row.account_id, "account_id"),
        instrument_id=balance.instrument_id,
        total=balance.total,
        available=balance.available,
        locked=balance.locked,
        user_id=row.user_id,
        market_id=row.market_id,
        instrument_symbol=row.instrument_symbol,
        status=row.status,
        updated_at=moment_or_none(row.updated_at, "updated_at"),
    )


def one_trading_account_of(row: AccountRow) -> TradingAccount:
    """The account of units in Trading that was asked for.

    Raises:
        FieldError: it is one of US dollars; besides, as for `trading_account_of`.
    """
    account = trading_account_of(row)
    if account is None:
        raise FieldError("the account holds US dollars, not units; ask for it as a currency account")
    return account


def consumption_units_of(row: ConsumptionRow) -> Units:
    """Whole units that inference can use; units that are still on their way do not count.

    Raises:
        FieldError: the balance makes no sense.
    """
    available = whole_units(row.available_balance, "available_balance")
    return Units(required(row.instrument_id, "instrument_id"), available, available)


def consumption_account_of(row: ConsumptionRow) -> ConsumptionAccount:
    """An account of units in Consumption.

    Raises:
        FieldError: it lacks its id, its instrument or its balance, or a field makes no sense.
    """
    return ConsumptionAccount(
        account_id=required(row.account_id, "account_id"),
        instrument_id=required(row.instrument_id, "instrument_id"),
        available=whole_units(row.available_balance, "available_balance"),
        committed=whole_units_or_none(row.committed_balance, "committed_balance"),
        total=whole_units_or_none(row.total_balance, "total_balance"),
        user_id=row.user_id,
        status=row.status,
        total_deposits=whole_units_or_none(row.total_deposits, "total_deposits"),
        total_withdrawals=whole_units_or_none(row.total_withdrawals, "total_withdrawals"),
        total_commitments=whole_units_or_none(row.total_commitments, "total_commitments"),
        total_transfers_in=whole_units_or_none(row.total_transfers_in, "total_transfers_in"),
        total_transfers_out=whole_units_or_none(row.total_transfers_out, "total_transfers_out"),
        created_at=moment_or_none(row.created_at, "created_at"),
        updated_at=moment_or_none(row.updated_at, "updated_at"),
    )


def position_of(row: PositionRow) -> Position:
    """A position.

    Raises:
        FieldError: it lacks its instrument or its quantity, or a field makes no sense.
    """
    return Position(
        instrument_id=required(row.instrument_id, "instrument_id"),
        quantity=units(row.quantity, "quantity"),
        status=row.status,
        average_cost=amount_or_none(row.average_cost, "average_cost"),
        total_cost=amount_or_none(row.total_cost, "total_cost"),
        current_market_value=amount_or_none(row.current_market_value, "current_market_value"),
        last_trade_price=price_or_none(row.last_trade_price, "last_trade_price"),
        opened_at=moment_or_none(row.opened_at, "opened_at"),
        closed_at=moment_or_none(row.closed_at, "closed_at"),
    )


def _balance(row: AccountRow) -> tuple[Decimal, Decimal, Decimal]:
    """Total, available and locked. The total that is sent matters only where what is locked is not."""
    available = amount(row.available if row.available_balance is None else row.available_balance, "available_balance")
    locked = row.reserved if row.locked_balance is None else row.locked_balance
    total = row.total if row.total_balance is None else row.total_balance
    if locked is not None:
        held = amount(locked, "locked_balance")
    else:
        held = ZERO if total is None else amount(total, "total_balance") - available
    return available + held, available, held
