"""`gridbot config`: see whether the settings are right, and what they are."""

from __future__ import annotations

import typer

from bot.cli.options import Options
from bot.cli.output import Json, document, say

app = typer.Typer(no_args_is_help=True, help="Check and show the settings.")


@app.command()
def check(ctx: typer.Context) -> None:
    """Say whether the settings are right, strategies and their parameters included; list every fault if not."""
    from bot.settings import config_file

    options = Options.of(ctx)
    count = len(options.settings(check_strategies=True).strategies)
    source = config_file(options.config) or "defaults (there is no config.yaml here)"
    say(f"{source}: ok, {count} {'strategy' if count == 1 else 'strategies'}")


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
