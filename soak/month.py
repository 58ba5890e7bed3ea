"""Let the bot live for a month of virtual time, and see that nothing gathers: memory, tasks, connections.

    python soak/month.py [--days 30] [--seed 1] [--crash-rate 0.005] [--json]

One seed of `gridbot rehearse`, with all faults and few crashes, so that lives are long. It is looked at thirty times,
which stderr tells of as it happens. Ends with status 1 when a rule of the rehearsal, or a limit of
`soak/month_figures.py`, is broken.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta

from bot.rehearsal.plan import RehearsalPlan, SeedResult
from bot.rehearsal.run import rehearse_seed
from bot.sim.faults.presets import PRESETS
from soak.month_figures import KB, MB, Figures, broken, figures_of
from soak.month_sample import Sample, Sampler

LOOKS = 30
"""How many samples are taken, evenly over the days."""

HEAD = "  day life  rss MB  bot MB  exchange MB  database KB   rows  tasks  descriptors  connections  streams"


def main() -> int:
    given = _given()
    plan = RehearsalPlan(given.days * 24, PRESETS["all"], given.crash_rate)
    sampler, began = Sampler(timedelta(days=given.days) / LOOKS, tell=_progress), time.monotonic()
    print(HEAD, file=sys.stderr)
    result = rehearse_seed(plan, given.seed, onlooker=sampler)
    figures = figures_of(sampler.samples, given.days)
    faults = list(_faults(result, figures))
    if given.json:
        print(json.dumps(_document(result, sampler.samples, figures, faults), default=str))
    else:
        minutes = (time.monotonic() - began) / 60
        print(f"{given.days:g} virtual days of seed {given.seed} in {minutes:.0f} min: {_counts(result)}")
        print("\n".join((*(_summary(figures) if figures else ()), *(f"BROKEN: {fault}" for fault in faults))))
    return 1 if faults else 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Let the bot live for a month of virtual time.")
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crash-rate", type=float, default=0.005, help="crashes in a virtual hour, in the mean")
    parser.add_argument("--json", action="store_true", help="print one document, with all samples")
    return parser.parse_args()


def _faults(result: SeedResult, figures: Figures | None) -> Iterator[str]:
    if (violation := result.violation) is not None:
        yield f"rule '{violation.invariant}' at {violation.at:%d %H:%M:%S}: {violation.detail}"
    if figures is None:
        yield "too few samples to tell anything: the run is too short"
    else:
        yield from broken(figures)


def _document(
    result: SeedResult, samples: Sequence[Sample], figures: Figures | None, faults: Sequence[str]
) -> dict[str, object]:
    return {
        "result": asdict(result),
        "figures": figures and asdict(figures),
        "unexplained": figures and figures.unexplained,
        "broken": faults,
        "samples": [asdict(sample) for sample in samples],
    }


def _progress(one: Sample) -> None:
    rss = "?" if one.rss is None else f"{one.rss / MB:.1f}"
    descriptors = "?" if one.descriptors is None else one.descriptors
    print(
        f"{one.day:>5.1f} {one.life:>4} {rss:>7} {one.bot / MB:>7.2f} {one.exchange / MB:>12.2f} "
        f"{one.database // KB:>12} {sum(one.rows.values()):>6} {one.tasks:>6} {descriptors:>12} "
        f"{one.connections:>12} {one.streams:>8}",
        file=sys.stderr,
    )


def _counts(result: SeedResult) -> str:
    return (
        f"{result.orders} orders, {result.fills} fills, {result.transfers} transfers, "
        f"{sum(result.faults_injected.values())} faults, {result.crashes} crashes, {result.stops} stops"
    )


def _summary(figures: Figures) -> Iterator[str]:
    yield f"of the last {figures.days:.1f} days, with {figures.samples} samples in {figures.lives} lives, a day:"
    if figures.rss is None or figures.unexplained is None:
        yield "  process      not told: this system has no /proc/self/status"
    else:
        yield f"  process      {figures.rss / MB:+.3f} MB, of which unexplained {figures.unexplained / MB:+.3f} MB"
    yield f"  exchange     {figures.exchange / MB:+.3f} MB"
    if figures.bot is not None:
        yield f"  bot          {figures.bot / KB:+.1f} KB within a life, its first day apart"
    size, rows = figures.database, figures.rows
    yield f"  database     {size.per_day / KB:+.0f} KB, at most {size.residual / KB:.0f} KB off a straight line"
    yield f"  rows         {rows.per_day:+.0f}, at most {rows.residual:.0f} off a straight line"
    for what in ("tasks", "descriptors", "connections"):
        ends = getattr(figures, what)
        yield f"  {what:<12} " + (
            "cannot be counted" if ends is None else f"{ends.first} at first, {ends.last} at last"
        )


if __name__ == "__main__":
    sys.exit(main())
