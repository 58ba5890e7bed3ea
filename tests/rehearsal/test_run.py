"""A rehearsal is the same whenever it is repeated, and notices a bot that ends when it should not."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.errors import ConfigError, DaemonError, ExchangeUnavailable
from bot.execution.reconciler import Reconciler
from bot.rehearsal.journal import EventJournal
from bot.rehearsal.plan import START, RehearsalPlan
from bot.rehearsal.run import rehearse_seed
from bot.rehearsal.stage import stage_of
from bot.rehearsal.sweep import outcome_of
from bot.rehearsal.world import World
from bot.settings import Settings
from bot.sim.faults.kinds import ClockJump, Maintenance
from bot.sim.faults.presets import PRESETS
from bot.storage.inline import InlineDatabase

ALL = RehearsalPlan(hours=0.5, faults=PRESETS["all"], crash_rate=6)
CALM = RehearsalPlan(hours=0.5, crash_rate=0)


def test_the_same_seed_gives_the_same_result_and_the_same_journal() -> None:
    first, second = EventJournal(), EventJournal()
    result = rehearse_seed(ALL, 1, first)
    assert result.crashes > 0
    assert result == rehearse_seed(ALL, 1, second) == rehearse_seed(ALL, 1)
    assert first.text() == second.text()
    assert {event["event"] for event in first.events} >= {"starts", "is ended", "sends", "hears", "log"}


def test_a_rehearsal_leaves_no_database_behind() -> None:
    def databases() -> int:
        gc.collect()
        return sum(isinstance(one, InlineDatabase) for one in gc.get_objects())

    rehearse_seed(replace(CALM, hours=0.1), 1)
    before = databases()
    rehearse_seed(replace(CALM, hours=0.1), 2)
    assert databases() == before


def test_other_seeds_are_other_rehearsals() -> None:
    stages = [stage_of(ALL, seed) for seed in range(40)]
    assert len({stage.scenario.venue for stage in stages}) > 10
    assert {stage.streams for stage in stages} == {stage.leased for stage in stages} == {True, False}
    assert {len(stage.scenario.venue.symbols) for stage in stages} == {1, 2}


def test_without_faults_and_crashes_nothing_goes_wrong() -> None:
    result = rehearse_seed(CALM, 2)
    assert (result.faults_injected, result.crashes, result.stops, result.violation) == ({}, 0, 0, None)
    assert result.fills > 0


@pytest.mark.parametrize("seed", [4, 8, 16])
def test_a_supplier_issues_and_sells_whatever_goes_wrong(seed: int) -> None:
    issued = 0

    def count(world: World, _: datetime) -> None:
        nonlocal issued
        issued = len(world.truth.history.issuances)

    result = rehearse_seed(replace(ALL, hours=1.0), seed, onlooker=count)
    assert result.violation is None
    assert issued > 0


def test_faults_are_over_in_time_and_those_with_a_time_of_their_own_come_at_another() -> None:
    quiet = ALL.quiet_from - START
    begins = set()
    for seed in range(10):
        for fault in stage_of(ALL, seed).scenario.faults.faults:
            assert fault.until is not None
            assert fault.begin < fault.until <= quiet
            if isinstance(fault, (ClockJump, Maintenance)):
                begins.add(fault.begin)
    assert len(begins) == 20


def test_strategies_of_a_configuration_are_rehearsed_in_place_of_the_mix() -> None:
    strategy = {
        "name": "mine",
        "strategy": "replenish",
        "markets": ["agent-max"],
        "schedule": {"every": "60s"},
        "parameters": {"max_price": "3.00"},
    }
    plan = replace(ALL, settings=Settings.model_validate({"strategies": [strategy]}))
    result = rehearse_seed(plan, 5)
    assert result.violation is None
    assert result.orders > 0
    bad = Settings.model_validate({"strategies": [strategy | {"parameters": {}}]})
    with pytest.raises(ConfigError, match="max_price"):
        rehearse_seed(replace(ALL, settings=bad), 5)


def ends_at_the_second_look(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    looked: list[int] = []
    look = Reconciler.look

    async def fails(self: Reconciler) -> Any:
        looked.append(1)
        if len(looked) == 2:
            raise error
        return await look(self)

    monkeypatch.setattr(Reconciler, "look", fails)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), DaemonError("cannot be")])
def test_a_bot_that_ends_with_an_error_of_its_own_is_noticed(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    ends_at_the_second_look(monkeypatch, error)
    violation = rehearse_seed(CALM, 1).violation
    assert violation is not None
    assert (violation.invariant, violation.detail) == ("crashed_by_itself", f"{type(error).__name__}: {error}")


def test_a_bot_that_cannot_reach_the_exchange_may_end_and_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def runs(*_: Any, **__: Any) -> None:
        starts.append(1)
        if len(starts) < 3:
            raise ExchangeUnavailable("it is down", method="GET", path="markets")
        await __["stop"].wait()

    starts: list[int] = []
    monkeypatch.setattr("bot.rehearsal.world.run_bot", runs)
    assert rehearse_seed(CALM, 1).violation is None
    assert len(starts) == 3


def test_a_bot_that_ends_without_being_told_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def runs(*_: Any, **__: Any) -> None:
        return

    monkeypatch.setattr("bot.rehearsal.world.run_bot", runs)
    violation = rehearse_seed(CALM, 1).violation
    assert violation is not None
    assert violation.invariant == "ended_by_itself"


def test_a_bot_that_goes_round_and_round_while_no_time_passes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def runs(*_: Any, store: Any, **__: Any) -> None:
        while True:
            await store.live_orders()

    monkeypatch.setattr("bot.rehearsal.world.run_bot", runs)
    violation = rehearse_seed(CALM, 1).violation
    assert violation is not None
    assert violation.invariant == "stands_still"


def test_a_seed_that_fails_otherwise_the_second_time_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    async def runs(*_: Any, **__: Any) -> None:
        starts.append(1)
        raise RuntimeError(f"bug {len(starts)}")

    starts: list[int] = []
    monkeypatch.setattr("bot.rehearsal.world.run_bot", runs)
    outcome = outcome_of(CALM, 1)
    assert outcome.result.violation is not None
    assert outcome.result.violation.invariant == "repeatable"
    assert outcome.journal is not None
