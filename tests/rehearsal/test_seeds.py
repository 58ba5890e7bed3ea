"""Two hundred rehearsals with everything that can go wrong: no rule is ever broken."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.rehearsal.plan import RehearsalPlan
from bot.rehearsal.sweep import sweep
from bot.sim.faults.presets import PRESETS

SEEDS = 200

PLAN = RehearsalPlan(hours=1, faults=PRESETS["all"], crash_rate=2)


def test_whatever_goes_wrong_no_rule_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # else coverage traces the workers, and slows them
    counts: Counter[str] = Counter()
    broken = {}
    for result in (outcome.result for outcome in sweep(PLAN, range(1, SEEDS + 1))):
        if result.violation is not None:
            broken[f"gridbot rehearse --seed {result.seed} --faults all --crash-rate 2"] = result.violation
        counts.update(orders=result.orders, fills=result.fills, transfers=result.transfers, crashes=result.crashes)
        counts.update(stops=result.stops, faults=sum(result.faults_injected.values()))
    assert broken == {}
    assert min(counts[name] for name in ("orders", "fills", "transfers", "crashes", "stops")) >= SEEDS / 2
    assert counts["faults"] > 100 * SEEDS
