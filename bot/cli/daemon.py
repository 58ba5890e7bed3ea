"""`gridbot run` and `gridbot paper`: the daemon, until it is told to stop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import Options
from bot.cli.signals import run_until_told

if TYPE_CHECKING:
    from bot.settings import Settings

Reload = Annotated[
    bool, typer.Option("--reload", help="Take up strategies as their files are saved; their orders and state stay.")
]


def run(ctx: typer.Context, *, reload: Reload = False) -> None:
    """Trade live: run the configured strategies until Ctrl-C or SIGTERM."""
    from bot.app import run_live

    settings = _settings(ctx)
    run_until_told(lambda stop: run_live(settings, stop, reload=reload))


def paper(ctx: typer.Context, *, reload: Reload = False) -> None:
    """Trade on paper: the same daemon on a simulated exchange of its own, over HTTP, in real time."""
    from bot.paper import run_paper

    settings = _settings(ctx)
    run_until_told(lambda stop: run_paper(settings, stop, reload=reload))


def _settings(ctx: typer.Context) -> Settings:
    from bot import logs
    from bot.clock import SystemClock

    settings = Options.of(ctx).settings(check_strategies=True)
    logs.configure(settings.logging.level, settings.logging.format, SystemClock(), sys.stderr)
    return settings
