"""The user, the account's limits and the exchange's health as the exchange sends them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Raw, Struct

from bot.grid.envelope import Rows
from bot.grid.fields import Moment, amount_or_none, moment_or_none, required, units_or_none
from bot.grid.results import AccountLimits, Health, HealthCheck, LimitHeaders, OrderRateLimit, User

_NULL = b"null"
_NOTHING = Raw(_NULL)


class UserRow(Struct):
    """Whose the key is."""

    user_id: str | None = None
    email: str | None = None
    account_mode: str | None = None


class OrderRateLimitRow(Struct):
    """A limit of orders."""

    scope: str | None = None
    max_orders_per_second: Decimal | None = None
    max_orders_per_minute: Decimal | None = None
    burst_capacity: Decimal | None = None
    window_seconds: Decimal | None = None


class LimitHeadersRow(Struct):
    """Names of headers."""

    limit: Raw = _NOTHING
    remaining: Raw = _NOTHING
    retry_after: Raw = _NOTHING


class LimitsRow(Struct):
    """Limits of an account: of orders one, or a list of several."""

    order_rate_limits: OrderRateLimitRow | list[OrderRateLimitRow] | None = None
    response_headers: LimitHeadersRow | None = None


class HealthCheckRow(Struct):
    """One thing that was looked at."""

    name: Raw = _NOTHING
    status: Raw = _NOTHING
    code: Raw = _NOTHING
    detail: Raw = _NOTHING


class HealthRow(Struct):
    """How the exchange is."""

    status: str | None = None
    service: str | None = None
    server_time: Moment = None
    checks: list[HealthCheckRow] | None = None
    summary: Raw = _NOTHING


USERS = Rows(UserRow)
LIMITS = Rows(LimitsRow)
HEALTH = Rows(HealthRow)


def user_of(row: UserRow) -> User:
    """The user.

    Raises:
        FieldError: it has no id.
    """
    return User(user_id=required(row.user_id, "user_id"), email=row.email, account_mode=row.account_mode)


def limits_of(row: LimitsRow) -> AccountLimits:
    """The limits of an account.

    Raises:
        FieldError: a number makes no sense.
    """
    told = row.order_rate_limits
    rates = told if isinstance(told, list) else [told] if told is not None else []
    headers = row.response_headers or LimitHeadersRow()
    return AccountLimits(
        order_rate_limits=tuple(_rate_of(rate) for rate in rates),
        response_headers=LimitHeaders(
            limit=_text(headers.limit), remaining=_text(headers.remaining), retry_after=_text(headers.retry_after)
        ),
    )


def health_of(row: HealthRow) -> Health:
    """How the exchange is.

    Raises:
        FieldError: it has no status, a check has no name, or its time makes no sense.
    """
    return Health(
        status=required(row.status, "status"),
        service=row.service,
        server_time=moment_or_none(row.server_time, "server_time"),
        checks=tuple(_check_of(check) for check in row.checks or ()),
        summary=_text(row.summary),
    )


def _rate_of(row: OrderRateLimitRow) -> OrderRateLimit:
    return OrderRateLimit(
        scope=row.scope,
        max_orders_per_second=amount_or_none(row.max_orders_per_second, "max_orders_per_second"),
        max_orders_per_minute=units_or_none(row.max_orders_per_minute, "max_orders_per_minute"),
        burst_capacity=units_or_none(row.burst_capacity, "burst_capacity"),
        window_seconds=units_or_none(row.window_seconds, "window_seconds"),
    )


def _check_of(row: HealthCheckRow) -> HealthCheck:
    return HealthCheck(
        name=required(_text(row.name), "name"),
        status=_text(row.status),
        code=_text(row.code),
        detail=_text(row.detail),
    )


def _text(told: Raw) -> str | None:
    """Words as they are, anything else as JSON."""
    text = bytes(told)
    if text == _NULL:
        return None
    return msgspec.json.decode(text, type=str) if text.startswith(b'"') else text.decode()
