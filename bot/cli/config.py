"""`gridbot config`: see whether the settings are right, and what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer

from bot.cli.client import log_to_stderr
from bot.cli.options import Options
from bot.cli.output import Json, document, say
from bot.errors import ConfigError, GridbotError

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Check and show the settings.")


@app.command()
def check(ctx: typer.Context) -> None:
    """Say whether the settings are right, strategies and the files that they name included; list every fault if not."""
    options = Options.of(ctx)
    settings = options.settings(check_strategies=True)
    log_to_stderr()
    if faults := list(_unusable_files(settings)):
        head = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ConfigError("\n".join([f"{head} in what the settings name:", *(f"  {fault}" for fault in faults)]))
    count = len(settings.strategies)
    say(f"{options.source}: ok, {count} {'strategy' if count == 1 else 'strategies'}")


@app.command()
def show(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Print the settings as they are in force, defaults included and secrets hidden."""
    from bot.settings import as_shown

    shown = as_shown(Options.of(ctx).settings(check_strategies=True))
    if as_json:
        document(shown)
    else:
        import yaml

        say(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True).rstrip())


def _unusable_files(settings: Settings) -> Iterator[str]:
    """What is wrong with the keys and the data files that the settings name, each with its setting."""
    for name, use in _uses(settings):
        try:
            use()
        except GridbotError as error:
            yield f"{name}: {error}"


def _uses(settings: Settings) -> Iterator[tuple[str, Callable[[], object]]]:
    from bot.candle_file import read_candles
    from bot.grid.inference.api_key import consumption_key
    from bot.grid.key_sources import has_key, signing_key
    from bot.sim.presets import PRESETS, changed
    from bot.sim.traces import read_trace

    exchange, consumption, paper = settings.exchange, settings.consumption, settings.paper
    if has_key(exchange):
        yield "exchange.signing_key", lambda: signing_key(exchange)
    if consumption.api_key is not None or consumption.api_key_file is not None:
        yield "consumption.api_key", lambda: consumption_key(consumption)
    yield "paper.crowd", lambda: changed(PRESETS[paper.market], paper.crowd)
    if (prices := paper.prices) is not None:
        yield "paper.prices", lambda: read_candles(prices)
    if (demand := paper.demand) is not None:
        yield "paper.demand", lambda: read_trace(demand, paper.client)
