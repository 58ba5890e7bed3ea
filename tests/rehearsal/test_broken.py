"""A desk that is broken on purpose is found out, and soon."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.rehearsal.plan import RehearsalPlan
from bot.rehearsal.run import rehearse_seed
from bot.sim.faults.presets import PRESETS
from tests.rehearsal.broken import counts_fills_again, journals_after_sending, retries_with_a_fresh_order

PLAN = RehearsalPlan(hours=1, faults=PRESETS["all"], crash_rate=4)
SEEDS = 50


@pytest.mark.parametrize(
    ("breaks", "found"),
    [
        (retries_with_a_fresh_order, {"journal_before_send", "journaled"}),
        (journals_after_sending, {"journal_before_send", "journaled"}),
        (counts_fills_again, {"fills_are_trades", "crashed_by_itself"}),
    ],
)
def test_a_broken_desk_is_found_out_within_fifty_seeds(
    monkeypatch: pytest.MonkeyPatch, breaks: Callable[[pytest.MonkeyPatch], None], found: set[str]
) -> None:
    breaks(monkeypatch)
    results = (rehearse_seed(PLAN, seed) for seed in range(1, SEEDS + 1))
    broken = next((result.violation for result in results if result.violation is not None), None)
    assert broken is not None
    assert broken.invariant in found
