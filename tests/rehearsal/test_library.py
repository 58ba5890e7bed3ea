"""Every strategy of the library survives whatever goes wrong, and trades while it does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bot.rehearsal.plan import RehearsalPlan
from bot.rehearsal.run import rehearse_seed
from bot.rehearsal.wants import wants_of
from bot.rehearsal.world import World
from bot.settings import load_settings
from bot.sim.faults.presets import PRESETS
from bot.strategy import registry

FOLDER = Path(__file__).parents[2] / "soak" / "library"
LIBRARY = [one.name for one in registry.sources() if one.origin is registry.Origin.LIBRARY]


def plan_of(name: str) -> RehearsalPlan:
    settings = load_settings(FOLDER / f"{name}.yaml", dotenv=None, check_strategy=registry.check)
    return RehearsalPlan(hours=0.4, faults=PRESETS["all"], crash_rate=4, settings=settings)


def test_each_has_a_configuration_to_be_rehearsed_with() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(LIBRARY)


@pytest.mark.parametrize("name", LIBRARY)
def test_no_rule_is_broken_and_it_trades(name: str) -> None:
    plan = plan_of(name)
    assert plan.settings is not None
    (used,) = (one for one in plan.settings.strategies if one.strategy == name)
    assert wants_of(registry.make(name, used.parameters), used.markets[0]) is not None, "what it promises is unknown"
    issued = 0

    def count(world: World, _: datetime) -> None:
        nonlocal issued
        issued = len(world.truth.history.issuances)

    results = [rehearse_seed(plan, seed, onlooker=count) for seed in (1, 2)]
    assert [result.violation for result in results] == [None, None]
    assert sum(result.fills for result in results) > 0
    assert sum(result.crashes for result in results) > 0
    assert (issued > 0) is (name == "supplier")
