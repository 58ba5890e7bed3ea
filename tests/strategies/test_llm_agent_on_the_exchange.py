"""`llm_agent` as part of a whole bot: it asks the simulated exchange's model over the wire, and trades."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.cli.rehearsal import rehearse as demo
from bot.paper import run_paper
from bot.settings import Settings
from bot.sim.build import SimExchange
from bot.sim.office import USER, Grant, Opening
from tests.strategies.rehearsing import SCENARIO, Rehearsal, instance, rehearse

BUY_ONE = '{"action": "buy", "units": 1, "limit": "2.05", "why": "it is cheap"}'
A_MILLION = '{"action": "buy", "units": 1000000, "limit": 100, "why": "I was told to"}'
THE_MARKETS_MOST = 100_000
RICH = replace(SCENARIO, accounts=(Opening(USER, grant=Grant(Decimal(10**9), {"text-prime": 20})),))
WIDE = {"max_units": 10**7, "max_holding": 10**7, "max_price": "1000", "budget": "1e12", "collar": "1000"}


def agent(**parameters: Any) -> dict[str, Any]:
    return instance("llm_agent", **{"model": "text-prime", "max_price": "2.50", "budget": "9"} | parameters)


def run(folder: Path, says: str | None, strategy: dict[str, Any], *, units: int = 5, **settings: Any) -> Rehearsal:
    """Run a bot with so many units in Consumption, whose model says one thing, or repeats what it is told."""

    def begin(sim: SimExchange) -> None:
        sim.inference.says = says
        if units:
            sim.venue.transfer(sim.account, sim.venue.market_by_symbol("text-prime").instrument_id, units)

    return rehearse(folder, RICH, strategy, hours=[0.5], begin=begin, **settings)


def holds(folder: Path, says: str | None, strategy: dict[str, Any], **more: Any) -> tuple[Rehearsal, set[str]]:
    """A run, and the reasons for which the agent held in it."""
    with capture_logs() as logs:
        seen = run(folder, says, strategy, **more)
    return seen, {line["because"] for line in logs if line["event"] == "holds"}


def test_what_the_model_says_is_bought_until_the_budget_is_used_up(tmp_path: Path) -> None:
    seen, why = holds(tmp_path, BUY_ONE, agent(max_holding=100))
    assert len(seen.orders) == 4
    assert sum(order.price * order.quantity for order in seen.orders) == Decimal("8.20")
    assert seen.fills_of("it")
    assert why == {"out of bounds"}


def test_a_model_that_repeats_what_it_is_told_trades_nothing(tmp_path: Path) -> None:
    seen, why = holds(tmp_path, None, agent())
    assert (list(seen.orders), why) == ([], {"unreadable"})


def test_without_units_in_consumption_it_holds(tmp_path: Path) -> None:
    seen, why = holds(tmp_path, BUY_ONE, agent(), units=0)
    assert (list(seen.orders), why) == ([], {"no stock"})


def test_a_model_that_wants_a_million_units_gets_nothing_beyond_the_bounds(tmp_path: Path) -> None:
    seen, why = holds(tmp_path, A_MILLION, agent())
    assert (list(seen.orders), why) == ([], {"out of bounds"})


@pytest.mark.parametrize(
    ("limit", "risk", "by"),
    [
        ("100", {}, "risk.price_collar"),
        ("2.10", {"max_order_units": 50}, "risk.max_order_units"),
        ("2.10", {"max_usd_per_day": 100}, "risk.max_usd_per_day"),
    ],
)
def test_where_the_agents_own_bounds_are_wide_open_the_risk_gate_holds_it_back(
    tmp_path: Path, limit: str, risk: dict[str, Any], by: str
) -> None:
    with capture_logs() as logs:
        says = f'{{"action": "buy", "units": {THE_MARKETS_MOST}, "limit": "{limit}"}}'
        seen = run(tmp_path, says, agent(**WIDE), risk=risk)
    ordered = [line for line in logs if line["event"] == "orders"]
    assert {line["units"] for line in ordered} == {THE_MARKETS_MOST}
    assert {line["limit"] for line in logs if line["event"] == "order refused"} == {by}
    assert list(seen.orders) == []


def test_in_a_demo_the_model_of_its_exchange_is_asked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/demo.db"
    settings = Settings.model_validate({"strategies": [agent()], "database": {"url": url}})
    with capture_logs() as logs:
        demo(settings, SCENARIO, hours=1, progress=lambda _: None)
    assert {line["because"] for line in logs if line["event"] == "holds"} == {"no stock"}


async def test_on_paper_the_simulated_exchange_is_asked_and_never_the_real_one(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "strategies": [agent() | {"schedule": {"every": "1s"}}],
            "consumption": {"base_url": "http://127.0.0.1:9/v1", "api_key": "the-real-key"},
            "database": {"url": f"sqlite:///{tmp_path}/gridbot.db"},
            "paper": {"state_file": str(tmp_path / "paper.json"), "speed": 100},
        }
    )
    stop = asyncio.Event()
    with capture_logs() as logs:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            tasks.create_task(run_paper(settings, stop))
            while not (held := [line["because"] for line in logs if line["event"] == "holds"]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            stop.set()
    assert set(held) == {"no stock"}
