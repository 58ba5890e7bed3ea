"""Many seeds at once, on all cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.rehearsal.journal import EventJournal
from bot.rehearsal.plan import RehearsalPlan, SeedResult, Violation
from bot.rehearsal.run import rehearse_seed

_BIG = (50_000, 20, 100)
"""Thresholds of the garbage collector: rehearsals make much that dies by itself, and are looked through in vain."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a seed, and, where a rule was broken, the events that led there, one JSON document a line."""

    result: SeedResult
    journal: str | None = None


def outcome_of(plan: RehearsalPlan, seed: int) -> Outcome:
    """Rehearse a seed; one that fails is rehearsed once more with its journal kept, and must fail alike.

    Raises:
        ConfigError: the strategies of the plan cannot be made, or trade what the exchange does not list.
    """
    result = rehearse_seed(plan, seed)
    if result.violation is None:
        return Outcome(result)
    journal = EventJournal()
    again = rehearse_seed(plan, seed, journal)
    if again != result:
        detail = f"{again.violation} the second time, {result.violation} the first"
        result = replace(result, violation=Violation("repeatable", result.violation.at, detail))
    return Outcome(result, journal.text())


def sweep(plan: RehearsalPlan, seeds: Sequence[int], *, workers: int | None = None) -> Iterator[Outcome]:
    """The outcomes of the seeds, in the order in which they are done.

    Args:
        plan: what is to be rehearsed.
        seeds: of what.
        workers: how many at once; None: one for each core. One alone runs in this process.

    Raises:
        ConfigError: the strategies of the plan cannot be made, or trade what the exchange does not list.
    """
    workers = min(workers or _cores(), len(seeds))
    if workers <= 1:
        yield from (outcome_of(plan, seed) for seed in seeds)
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([__name__])
    with context.Pool(workers, _begin, (plan,)) as pool:  # which is terminated at the end, also by Ctrl-C
        yield from pool.imap_unordered(_rehearse, seeds)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_PLANS: list[RehearsalPlan] = []
"""The plan of a worker process."""


def _begin(plan: RehearsalPlan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's affair
    _PLANS.append(plan)
    gc.freeze()
    gc.set_threshold(*_BIG)


def _rehearse(seed: int) -> Outcome:
    return outcome_of(_PLANS[-1], seed)
