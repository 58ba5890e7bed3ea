"""Column types that keep values exact, on SQLite and PostgreSQL alike.

SQLite has no decimal type and PostgreSQL's would accept any number of digits, so amounts are stored as whole
numbers of hundred-millionths in 64 bits on both. What does not fit is refused; nothing is ever rounded.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

DECIMALS = 8
"""Decimals that a stored amount can have."""

LARGEST = 2**63 - 1
"""The largest stored amount, in hundred-millionths: some 92 billion US dollars."""

_STEP = Decimal(1).scaleb(-DECIMALS)
_CENT = Decimal("0.01")
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation])


def to_scaled(amount: Decimal) -> int:
    """An amount as a whole number of hundred-millionths.

    Raises:
        ValueError: it is not a finite `Decimal`, has more than eight decimals, or does not fit in 64 bits.
    """
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise ValueError(f"{amount!r} is not an exact amount: a finite Decimal is needed")
    try:
        scaled = int(_EXACT.scaleb(_EXACT.quantize(amount, _STEP), DECIMALS))
    except Inexact:
        raise ValueError(f"{amount} cannot be stored exactly: it has more than {DECIMALS} decimals") from None
    except InvalidOperation:
        scaled = LARGEST + 1
    if abs(scaled) > LARGEST:
        raise ValueError(f"{amount} cannot be stored: the largest amount is {from_scaled(LARGEST)}")
    return scaled


def from_scaled(scaled: int) -> Decimal:
    """The amount of a whole number of hundred-millionths, without trailing zeros beyond the cents."""
    amount = _EXACT.scaleb(Decimal(scaled), -DECIMALS)
    return _EXACT.quantize(amount, _CENT) if scaled % 10 ** (DECIMALS - 2) == 0 else _EXACT.normalize(amount)


class Amount(TypeDecorator[Decimal]):
    """An exact decimal amount, in US dollars or units, with up to eight decimals."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The stored number. Raises `ValueError` for an amount that cannot be stored exactly."""
        return None if value is None else to_scaled(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """The amount that was stored."""
        return None if value is None else from_scaled(value)


class Moment(TypeDecorator[datetime]):
    """A moment to the microsecond; goes in with any time zone, comes back in UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment in UTC. Raises `ValueError` for one without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment in UTC; SQLite gives it without a time zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def by_value(kind: type[StrEnum]) -> sa.Enum:
    """A column of an enum's values, such as `not_sent`, kept as text so that adding one needs no migration."""
    return sa.Enum(kind, native_enum=False, length=16, values_callable=lambda members: [m.value for m in members])


def strict_json(value: Any) -> str:
    """JSON that reads back as the very same value.

    Raises:
        ValueError: it would not: NaN, tuples, keys that are not strings.
        TypeError: it holds what JSON has no form for, such as a `Decimal`.
    """
    text = json.dumps(value, allow_nan=False)
    if json.loads(text) != value:
        raise ValueError(f"{text} would not come back as it was: JSON has no tuples, and only strings as keys")
    return text
