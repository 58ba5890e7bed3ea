"""Single values as the exchange sends them, checked and made ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import TypeAlias, TypeVar

from bot.domain.order import Side

T = TypeVar("T")

Moment: TypeAlias = str | int | float | None
"""A moment on the wire: ISO 8601 (UTC where it names no zone), or Unix seconds or milliseconds."""

MAX_MAGNITUDE = 18
"""Numbers of more digits, before or after the decimal point, are nobody's price, balance or quantity."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 1e11
"""As seconds this would be the year 5138."""


class FieldError(ValueError):
    """A field of an answer is missing or makes no sense; the text names the field."""


def required(value: T | None, field: str) -> T:
    """A value that must be there.

    Raises:
        FieldError: it is not.
    """
    if value is None:
        raise FieldError(f"`{field}` is missing")
    return value


def amount(value: Decimal | None, field: str) -> Decimal:
    """A number that must be there, such as an amount of USD.

    Raises:
        FieldError: it is missing, not finite, or absurdly large or small.
    """
    number = required(value, field)
    if not number.is_finite() or abs(number.adjusted()) >= MAX_MAGNITUDE:
        raise FieldError(f"`{field}` is not a number that can be: {number}")
    return number


def amount_or_none(value: Decimal | None, field: str) -> Decimal | None:
    """A number where there may be none.

    Raises:
        FieldError: it is not finite, or absurdly large or small.
    """
    return None if value is None else amount(value, field)


def price(value: Decimal | None, field: str) -> Decimal:
    """A price, USD per unit.

    Raises:
        FieldError: it is missing or not positive.
    """
    number = amount(value, field)
    if number <= 0:
        raise FieldError(f"`{field}` must be positive, not {number}")
    return number


def price_or_none(value: Decimal | None, field: str) -> Decimal | None:
    """A price where there may be none, sent as null or as zero.

    Raises:
        FieldError: it is negative.
    """
    return None if value is None or value.is_zero() else price(value, field)


def units(value: Decimal | None, field: str) -> int:
    """A whole number of units, sent as 5, "5", 5.0 or "5.0".

    Raises:
        FieldError: it is missing, or not whole.
    """
    number = amount(value, field)
    whole = int(number)
    if whole != number:
        raise FieldError(f"`{field}` must be a whole number, not {number}")
    return whole


def some_units(value: Decimal | None, field: str) -> int:
    """A whole number of units, one at least.

    Raises:
        FieldError: it is missing, or no such number.
    """
    number = units(value, field)
    if number < 1:
        raise FieldError(f"`{field}` must be at least 1, not {number}")
    return number


def units_or_none(value: Decimal | None, field: str) -> int | None:
    """A whole number of units where there may be none.

    Raises:
        FieldError: it is not whole.
    """
    return None if value is None else units(value, field)


def whole_units(value: Decimal | None, field: str) -> int:
    """The whole units in a balance, of which one may be partly used.

    Raises:
        FieldError: it is missing.
    """
    return int(amount(value, field).to_integral_value(ROUND_FLOOR))


def whole_units_or_none(value: Decimal | None, field: str) -> int | None:
    """The whole units in a balance where there may be none.

    Raises:
        FieldError: it is not finite, or absurdly large or small.
    """
    return None if value is None else whole_units(value, field)


def side(value: str) -> Side:
    """Buy or sell.

    Raises:
        FieldError: neither.
    """
    try:
        return Side(value.lower())
    except ValueError:
        raise FieldError(f"`side` must be buy or sell, not {value!r}") from None


def side_or_none(value: str | None) -> Side | None:
    """Buy or sell where neither may be said.

    Raises:
        FieldError: it is something else.
    """
    return None if value is None else side(value)


def moment(value: Moment, field: str) -> datetime:
    """A moment, UTC.

    Raises:
        FieldError: it is missing, or no moment.
    """
    if value is None:
        raise FieldError(f"`{field}` is missing")
    try:
        return _parsed(value)
    except (ValueError, OverflowError):
        raise FieldError(f"`{field}` is not a moment: {value!r}") from None


def moment_or_none(value: Moment, field: str) -> datetime | None:
    """A moment where there may be none.

    Raises:
        FieldError: it is something else.
    """
    return None if value is None else moment(value, field)


def _parsed(value: str | int | float) -> datetime:
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return _parsed(float(value))
        if at.tzinfo is UTC:
            return at
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if abs(value) >= _MILLISECONDS_FROM:
        return _EPOCH + timedelta(milliseconds=value)
    return _EPOCH + timedelta(seconds=value)
