"""`gridbot strategies`: which there are, what one can be told, and a new one to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import Options
from bot.cli.output import Json, document, say
from bot.errors import StrategyError

if TYPE_CHECKING:
    from bot.strategy.sources import Source

app = typer.Typer(no_args_is_help=True, help="Which strategies there are, what one takes, and one of your own.")

MY_FOLDER = Path("my_strategies")
"""Where a new strategy goes when the settings name no folder."""


@app.command("list")
def list_(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List the strategies of the library, of your folders and of installed packages, and those of them that break."""
    from bot.strategy.registry import sources

    records = [_listed(one) for one in sources(Options.of(ctx).settings().strategy_folders)]
    if as_json:
        document(records)
        return
    width = max(len(record["name"]) for record in records)
    for record in records:
        say(f"{record['name']:{width}}  {record['does'] or 'cannot be used: ' + record['error']}")
        say(f"{'':{width}}  {record['origin']}: {record['place']}")


def _listed(source: Source) -> dict[str, Any]:
    from bot.cli.strategies_show import summary

    record = {"name": source.name, "does": None, "origin": source.origin, "place": source.place, "error": None}
    try:
        return {**record, "does": summary(source.load())}
    except StrategyError as error:
        return {**record, "error": str(error)}


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A strategy's name, or module:Class.")],
    *,
    as_json: Json = False,
) -> None:
    """Show what a strategy does, its parameters, its hooks, and what to write in the settings to run it."""
    from bot.cli.strategies_show import described, in_words
    from bot.strategy.registry import find

    record = described(name, find(name, Options.of(ctx).settings().strategy_folders))
    if as_json:
        document(record)
    else:
        say(in_words(record))


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, and its file's, such as buy_low.")],
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where to write it; else the first of strategy_folders, else my_strategies."),
    ] = None,
) -> None:
    """Write a strategy of your own to begin with, and a test of it. Nothing is written over."""
    from bot.cli import strategies_new as scaffold
    from bot.cli.strategies_show import yaml_to_run
    from bot.strategy.registry import load

    folders = Options.of(ctx).settings().strategy_folders
    if folder is None:
        folder = folders[0] if folders else MY_FOLDER
    if fault := scaffold.fault_of(name, (*folders, folder)):
        raise typer.BadParameter(f"'{name}' {fault}")
    written, test = scaffold.write(folder, name)
    say(f"wrote {written} and its test {test}; run it with: pytest {test}")
    say("To run the strategy, add to the settings:")
    say("")
    if folder.resolve() not in [one.resolve() for one in folders]:
        say(f"strategy_folders: [{', '.join(map(str, (*folders, folder)))}]")
    say(yaml_to_run(name, load(written)))
