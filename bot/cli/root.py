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
    halt,
    keys,
    markets,
    models,
    order,
    records,
    rehearse,
    status,
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


THE_BOT = "The bot"
BY_HAND = "The exchange, by hand"
RECORDS = "What the bot did, from its database"
SET_UP = "Setting up"

app.command(rich_help_panel=THE_BOT)(demo.demo)
app.command(rich_help_panel=THE_BOT)(rehearse.rehearse)
app.command(rich_help_panel=THE_BOT)(daemon.paper)
app.command(rich_help_panel=THE_BOT)(daemon.run)
app.command(rich_help_panel=THE_BOT)(halt.halt)
app.command(rich_help_panel=THE_BOT)(halt.resume)
app.command(rich_help_panel=THE_BOT)(status.status)
app.add_typer(strategies.app, name="strategies", rich_help_panel=THE_BOT)

app.command(rich_help_panel=BY_HAND)(markets.markets)
app.command(rich_help_panel=BY_HAND)(markets.ticker)
app.command(rich_help_panel=BY_HAND)(markets.book)
app.command(rich_help_panel=BY_HAND)(markets.trades)
app.command(rich_help_panel=BY_HAND)(markets.candles)
app.command(rich_help_panel=BY_HAND)(balances.balances)
app.command(rich_help_panel=BY_HAND)(account.account)
app.command(rich_help_panel=BY_HAND)(account.limits)
app.command(rich_help_panel=BY_HAND)(transfer.transfer)
app.command(rich_help_panel=BY_HAND)(models.models)
app.command(rich_help_panel=BY_HAND)(chat.chat)
app.add_typer(order.app, name="order", rich_help_panel=BY_HAND)
app.add_typer(supply.app, name="supply", rich_help_panel=BY_HAND)

app.command(rich_help_panel=RECORDS)(records.orders)
app.command(rich_help_panel=RECORDS)(records.fills)
app.command(rich_help_panel=RECORDS)(records.transfers)

app.command(rich_help_panel=SET_UP)(doctor.doctor)
app.command(rich_help_panel=SET_UP)(version.version)
app.add_typer(keys.app, name="keys", rich_help_panel=SET_UP)
app.add_typer(config.app, name="config", rich_help_panel=SET_UP)
app.add_typer(db.app, name="db", rich_help_panel=SET_UP)
app.add_typer(exchange.app, name="exchange", rich_help_panel=SET_UP)
