"""`gridbot rehearse`: the whole bot in virtual time, with faults and crashes, by seed."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import Options
from bot.cli.output import Json, document, say, table
from bot.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.rehearsal.plan import RehearsalPlan, SeedResult
    from bot.rehearsal.sweep import Outcome
    from bot.settings import Settings

FEW = 20
"""Of so many seeds each has a line of its own."""


def rehearse(
    ctx: typer.Context,
    *,
    seed: Annotated[int, typer.Option(min=0, help="The first seed; the same seed gives the same rehearsal.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, on all cores.")] = 1,
    hours: Annotated[float, typer.Option(min=0.1, max=24 * 31, help="Virtual hours of each seed.")] = 1.0,
    faults: Annotated[
        str,
        typer.Option(metavar="FILE|PRESET", help="What goes wrong: none, network, exchange, stream, all, or a file."),
    ] = "all",
    crash_rate: Annotated[float, typer.Option(min=0, max=60, help="Crashes per virtual hour, in the mean.")] = 1.0,
    out: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="Where the journals of failing seeds go.")
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Rehearse disaster: the whole bot in virtual time, at an exchange where things go wrong, dying at any moment.

    After every crash it starts again on the same database. It must never send
    an order twice, lose a fill, or lose count of money or units. It runs
    strategies of its own that make work; with `--config FILE` (before
    `rehearse`) those of that file. Exits with 1 if a seed fails. Ctrl-C ends
    it and tells of what was done.
    """
    from bot.rehearsal.plan import RehearsalPlan
    from bot.rehearsal.stage import stage_of
    from bot.rehearsal.sweep import sweep
    from bot.sim.faults.presets import plan_of

    _make(out)
    options = Options.of(ctx)
    plan = RehearsalPlan(hours, plan_of(faults), crash_rate, _settings(options))
    stage_of(plan, seed)  # what is wrong with the strategies is told before anything starts
    wanted = range(seed, seed + seeds)
    results: list[SeedResult] = []
    stopped = False
    with _progress(f"{seeds} seeds x {hours:g} h", seeds) as done:
        try:
            for outcome in sweep(plan, wanted):
                _keep(outcome, out)
                results.append(outcome.result)
                done(outcome)
        except KeyboardInterrupt:
            stopped = True
    results.sort(key=lambda one: one.seed)
    summary = _summary(results, plan, lambda one: _command(options, one, hours, faults, crash_rate))
    if as_json:
        document(summary)
    else:
        _tell(results, summary, out)
    if stopped:
        typer.echo(f"stopped: {seeds - len(results):,} seeds were not rehearsed to their end", err=True)
    if stopped or summary["failed"]:
        raise typer.Exit(130 if stopped else 1)


def _make(folder: Path) -> None:
    """Make the folder for journals now: the end of a long run is no time to find out that it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"--out: the folder {folder} cannot be made: {error.strerror}") from None


def _settings(options: Options) -> Settings | None:
    """Those of the configuration, if one was named; None: the rehearsal's own."""
    if options.config is None and not options.overrides:
        return None
    settings = options.settings(check_strategies=True)
    return settings if settings.strategies else None


def _keep(outcome: Outcome, folder: Path) -> None:
    from bot.rehearsal.journal import write_journal

    if outcome.journal is not None:
        write_journal(outcome.journal, folder / _file(outcome.result.seed))


def _file(seed: int) -> str:
    return f"rehearsal-{seed}.jsonl"


def _summary(results: Sequence[SeedResult], plan: RehearsalPlan, command: Callable[[int], str]) -> dict[str, Any]:
    faults: Counter[str] = Counter()
    for result in results:
        faults.update(result.faults_injected)
    failed = [
        {
            "seed": result.seed,
            "invariant": result.violation.invariant,
            "at": result.violation.at,
            "reproduce": command(result.seed),
        }
        for result in results
        if result.violation is not None
    ]
    return {
        "seeds": len(results),
        "failed": failed,
        "orders": sum(result.orders for result in results),
        "fills": sum(result.fills for result in results),
        "transfers": sum(result.transfers for result in results),
        "faults_injected": dict(sorted(faults.items())),
        "crashes": sum(result.crashes for result in results),
        "seconds": round(len(results) * plan.hours * 3600),
    }


def _command(options: Options, seed: int, hours: float, faults: str, crash_rate: float) -> str:
    """What repeats a seed, as it is typed."""
    words = ["gridbot"]
    if options.config is not None:
        words += ["--config", str(options.config)]
    for path, value in _flat(options.overrides):
        words += ["--set", f"{path}={value}"]
    words += ["rehearse", "--seed", str(seed), "--hours", f"{hours:g}"]
    return shlex.join([*words, "--faults", faults, "--crash-rate", f"{crash_rate:g}"])


def _flat(overrides: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in overrides.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[Outcome], None]]:
    """A progress bar on stderr, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    failed = 0
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)

        def done(outcome: Outcome) -> None:
            nonlocal failed
            failed += outcome.result.violation is not None
            bar.update(task, advance=1, description=f"{what}, {failed} failed" if failed else what)

        yield done


def _tell(results: Sequence[SeedResult], summary: Mapping[str, Any], folder: Path) -> None:
    if len(results) <= FEW:
        columns = ("seed", "orders", "fills", "transfers", "faults", "crashes", "restarts", "broken")
        table([_row(result) for result in results], columns)
        say("")
    say(
        f"{summary['seeds']:,} seeds, {summary['seconds'] / 3600:,.0f} virtual hours: {summary['orders']:,} orders, "
        f"{summary['fills']:,} fills, {summary['transfers']:,} transfers, {summary['crashes']:,} crashes"
    )
    if summary["faults_injected"]:
        say("faults: " + ", ".join(f"{number:,} {kind}" for kind, number in summary["faults_injected"].items()))
    if not summary["failed"]:
        say("no rule was broken")
    commands = {one["seed"]: one["reproduce"] for one in summary["failed"]}
    for result in results:
        if result.violation is not None:
            say(f"\nseed {result.seed} broke '{result.violation.invariant}': {result.violation.detail}")
            say(f"  events: {folder / _file(result.seed)}")
            say(f"  again:  {commands[result.seed]}")


def _row(result: SeedResult) -> dict[str, Any]:
    return {
        "seed": result.seed,
        "orders": result.orders,
        "fills": result.fills,
        "transfers": result.transfers,
        "faults": sum(result.faults_injected.values()),
        "crashes": result.crashes,
        "restarts": result.stops,
        "broken": result.violation.invariant if result.violation else None,
    }
