"""What the doctor makes of the exchange's answers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cli import exchange_checks
from bot.cli.checks import State
from bot.cli.key_checks import registered
from bot.grid.trading import TradingClient
from bot.ports import Response
from bot.settings import LimitSettings
from tests.grid.scripted import KEY, FixedClock, ScriptedTransport, answered


def client(*answers: Response) -> TradingClient:
    return TradingClient(ScriptedTransport(answers), KEY, FixedClock(), read_attempts=1)


async def test_an_exchange_that_is_not_well_says_what_ails_it() -> None:
    body: dict[str, Any] = {
        "status": "degraded",
        "checks": [{"name": "matching", "status": "ok"}, {"name": "transfers", "status": "down", "detail": "late"}],
    }
    found = await exchange_checks.network(client(answered({"data": body})), FixedClock())
    assert found.state is State.WARN
    assert "says that it is degraded" in found.reason
    assert "transfers: down late" in found.reason
    assert "matching" not in found.reason


@pytest.mark.parametrize("status", [403, 422])
async def test_an_exchange_that_refuses_to_say_how_it_is_can_be_reached(status: int) -> None:
    refused = answered({"message": "not for you", "code": "no"}, status)
    found = await exchange_checks.network(client(refused), FixedClock())
    assert (found.state, "not for you" in found.reason) == (State.WARN, True)


@pytest.mark.parametrize(
    ("mode", "state"),
    [("advanced", State.OK), ("easy", State.FAIL), (None, State.SKIP), ("guided", State.WARN)],
)
async def test_only_advanced_mode_is_well(mode: str | None, state: State) -> None:
    found = await exchange_checks.account_mode(client(answered({"data": {"user_id": "u", "account_mode": mode}})))
    assert found.state is state
    assert bool(found.remedy) is (state is not State.OK)


@pytest.mark.parametrize(
    ("rates", "state"),
    [([50], State.OK), ([500, 60], State.OK), ([500, 49], State.WARN), ([None], State.SKIP), ([], State.SKIP)],
)
async def test_our_limits_are_held_against_the_tightest_of_theirs(rates: list[int | None], state: State) -> None:
    body = {"order_rate_limits": [{"scope": "user", "max_orders_per_minute": rate} for rate in rates]}
    found = await exchange_checks.limits(client(answered({"data": body})), LimitSettings(orders_per_minute=50))
    assert found.state is state
    assert ("49" in found.remedy) is (state is State.WARN)


async def test_a_key_that_cannot_be_looked_up_is_a_finding() -> None:
    found = await registered(client(answered({"message": "closed", "code": "no"}, 403)))
    assert (found.state, "closed" in found.reason) == (State.FAIL, True)
    found = await registered(client(answered({"data": {"user_id": "u-1"}})))
    assert (found.state, found.reason) == (State.OK, "to u-1")
