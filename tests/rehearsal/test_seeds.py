"""Two hundred rehearsals with everything that can go wrong: no rule is ever broken."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.rehearsal.plan import RehearsalPlan
from bot.rehearsal.run import rehearse_seed
from bot.sim.faults.presets import PRESETS

SEEDS = 200
CHUNK = 25

PLAN = RehearsalPlan(hours=1, faults=PRESETS["all"], crash_rate=2)


@pytest.mark.parametrize("first", range(1, SEEDS + 1, CHUNK))
def test_whatever_goes_wrong_no_rule_is_broken(first: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + CHUNK):
        result = rehearse_seed(PLAN, seed)
        assert result.violation is None, f"gridbot rehearse --seed {seed} --faults all --crash-rate 2: {result}"
        counts.update(orders=result.orders, fills=result.fills, transfers=result.transfers, crashes=result.crashes)
        counts.update(stops=result.stops, faults=sum(result.faults_injected.values()))
    assert min(counts[name] for name in ("orders", "fills", "transfers", "crashes", "stops")) >= CHUNK / 2
    assert counts["faults"] > 100 * CHUNK
