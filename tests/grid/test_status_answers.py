"""The user, limits and health, in every form in which the exchange may send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.clock import VirtualClock, run_virtual
from bot.errors import BadAnswer
from bot.grid.results import AccountLimits, Health, HealthCheck, LimitHeaders, OrderRateLimit, User
from bot.grid.trading import TradingClient
from tests.grid.calls import NEW_ORDER
from tests.grid.scripted import KEY, ScriptedTransport, answered, client_of, wrapped

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def test_the_user_is_read_wrapped_or_not() -> None:
    row = {"user_id": "u1", "email": "a@example.org", "account_mode": "easy"}
    client, transport = client_of(wrapped(row), answered({"user_id": "u1", "email": None}))
    assert await client.me() == User(user_id="u1", email="a@example.org", account_mode="easy")
    assert await client.me() == User(user_id="u1")
    assert transport.paths == ["GET /v1/trading/me"] * 2


RATE = {
    "scope": "user",
    "max_orders_per_second": "5",
    "max_orders_per_minute": 50,
    "burst_capacity": 10.0,
    "window_seconds": None,
}
USER_RATE = OrderRateLimit(scope="user", max_orders_per_second=Decimal(5), max_orders_per_minute=50, burst_capacity=10)
HEADERS = {"limit": "x-ratelimit-limit", "remaining": 7, "retry_after": None}


@pytest.mark.parametrize(
    ("row", "limits"),
    [
        (
            {"order_rate_limits": RATE, "response_headers": HEADERS},
            AccountLimits(
                order_rate_limits=(USER_RATE,),
                response_headers=LimitHeaders(limit="x-ratelimit-limit", remaining="7"),
            ),
        ),
        (
            {"order_rate_limits": [RATE, {"scope": "market"}], "response_headers": None},
            AccountLimits(order_rate_limits=(USER_RATE, OrderRateLimit(scope="market"))),
        ),
        ({"order_rate_limits": None}, AccountLimits()),
        ({}, AccountLimits()),
    ],
)
async def test_limits_are_one_or_several(row: dict[str, Any], limits: AccountLimits) -> None:
    client, transport = client_of(wrapped(row))
    assert await client.limits() == limits
    assert transport.paths == ["GET /v1/trading/account/limits"]
    assert transport.requests[0].query == ()


async def test_limits_of_one_market_are_asked_for_in_the_configured_spelling() -> None:
    client, transport = client_of(wrapped({}), filters="filters")
    await client.limits("m1")
    assert transport.requests[0].query == (("filters[0][field]", "market_id"), ("filters[0][value]", "m1"))


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [
        ({"max_orders_per_second": "2"}, 1),
        ({"max_orders_per_second": 0.5}, 4),
        ({"max_orders_per_second": "2.9"}, 1),
        ({"max_orders_per_second": 5, "burst_capacity": 1}, 0.4),
        ({"max_orders_per_minute": 2}, 60),
        ({"max_orders_per_minute": 0, "max_orders_per_second": 0}, 0),
    ],
)
def test_limits_that_were_asked_for_are_kept(rate: dict[str, Any], seconds: float) -> None:
    async def third_order(clock: VirtualClock) -> datetime:
        placed = wrapped({"order_id": "o1"})
        client = TradingClient(ScriptedTransport([wrapped({"order_rate_limits": rate}), *[placed] * 3]), KEY, clock)
        await client.limits()
        for _ in range(3):
            await client.place(NEW_ORDER)
        return clock.now()

    at = run_virtual(third_order, AT)
    assert timedelta(seconds=seconds) <= at - AT < timedelta(seconds=seconds + 0.1)


HEALTH = {
    "status": "ok",
    "service": "trading",
    "server_time": "2026-03-01T12:00:00Z",
    "checks": [
        {"name": "database", "status": "ok", "code": 200, "detail": None},
        {"name": "matching", "status": False},
    ],
    "summary": "fine",
}
READ = Health(
    status="ok",
    service="trading",
    server_time=AT,
    checks=(HealthCheck(name="database", status="ok", code="200"), HealthCheck(name="matching", status="false")),
    summary="fine",
)


async def test_health_is_asked_for_without_a_signature_and_diagnostics_with_one() -> None:
    client, transport = client_of(wrapped(HEALTH), wrapped(HEALTH))
    assert await client.health() == READ
    assert await client.diagnostics() == READ
    assert transport.paths == ["GET /v1/trading/health", "GET /v1/trading/diagnostics"]
    signed = [any(name.startswith("x-thegrid-") for name in request.headers) for request in transport.requests]
    assert signed == [False, True]


@pytest.mark.parametrize(
    ("told", "summary"), [("", ""), (None, None), ({"ok": 2}, '{"ok": 2}'), (7, "7"), ('a "b" \u00fc', 'a "b" ü')]
)
async def test_a_summary_is_words_or_whatever_it_is(told: object, summary: str | None) -> None:
    client, _ = client_of(answered({"status": "ok", "checks": None, "summary": told}))
    assert await client.health() == Health(status="ok", summary=summary)


@pytest.mark.parametrize("change", [{"status": None}, {"checks": [{"status": "ok"}]}, {"server_time": "now"}])
async def test_health_that_makes_no_sense_is_a_bad_answer(change: dict[str, Any]) -> None:
    client, _ = client_of(wrapped(HEALTH | change))
    with pytest.raises(BadAnswer, match="health 200"):
        await client.health()
