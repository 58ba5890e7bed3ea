"""The root of the command line: the shared options, and one line for every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli import (
    account,
    balances,
    chat,
    config,
    daemon,
    db,
    demo,
    doctor,
    exchange,
    keys,
    markets,
    models,
    order,
    place,
    records,
    strategies,
    supply,
    transfer,
    version,
)
from bot.cli.options import Options, parse_overrides
from bot.cli.output import say

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        say(f"gridbot {version.number()}")
        raise typer.Exit


@app.callback()
def gridbot(
    ctx: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings file; without it ./config.yaml, if it is there.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting: --set exchange.layout=short. Repeatable."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Automated trading on The Grid, the spot exchange for AI inference."""
    options = Options.of(ctx)
    options.debug = debug
    options.config = config
    options.overrides = parse_overrides(set_ or ())


app.command()(demo.demo)
app.command()(daemon.run)
app.command()(daemon.paper)
app.add_typer(exchange.app, name="exchange")
app.add_typer(strategies.app, name="strategies")
app.command()(version.version)
app.add_typer(config.app, name="config")
app.add_typer(keys.app, name="keys")
app.add_typer(db.app, name="db")
app.command()(doctor.doctor)
app.command()(markets.markets)
app.command()(markets.ticker)
app.command()(markets.book)
app.command()(markets.candles)
app.command()(markets.trades)
order.app.command("place")(place.place)
app.add_typer(order.app, name="order")
app.command()(transfer.transfer)
app.command()(account.account)
app.command()(account.limits)
app.command()(balances.balances)
app.add_typer(supply.app, name="supply")
app.command()(chat.chat)
app.command()(models.models)
app.command()(records.orders)
app.command()(records.fills)
app.command()(records.transfers)
