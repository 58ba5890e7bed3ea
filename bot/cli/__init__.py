"""The command line, `gridbot`: `main` runs it, `root` lists the commands."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import typer

from bot.cli.options import Options
from bot.cli.root import app
from bot.cli.streams import make_usable
from bot.errors import GridbotError
from bot.redaction import mask

FAILED = 1
"""The exit status for an error that gridbot knows."""

WRONG_USAGE = 2
"""The exit status for a command line that was not understood."""

_SHARED = frozenset({"-c", "--config", "--set", "--debug"})

UNEXPECTED = 70
"""The exit status for one that it does not: a bug, as `sysexits.h` counts them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status: 0, 1, 2 for wrong usage, 70 for a bug, 130 when interrupted.

    Bad input ends in one clear message on stderr, never in a traceback, unless `--debug` asks for it.
    """
    make_usable()
    options = Options()
    try:
        return _run(arguments, options)
    except GridbotError as error:
        _complain(str(error), options)
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last resort: shown, and turned into an exit status
        hint = "" if options.debug else "; run again with --debug for the traceback"
        _complain(f"unexpected error: {type(error).__name__}: {error}{hint}", options)
        return UNEXPECTED


def _run(arguments: Sequence[str] | None, options: Options) -> int:
    status: object = 0
    try:
        typer.main.get_command(app).main(
            args=None if arguments is None else list(arguments), prog_name="gridbot", obj=options
        )
    except SystemExit as finished:
        status = finished.code
    words = sys.argv[1:] if arguments is None else arguments
    if status == WRONG_USAGE and words and not words[0].startswith("-") and _SHARED.intersection(words):
        typer.echo("gridbot: --config, --set and --debug stand before the command", err=True)
    return status if isinstance(status, int) else 0


def _complain(text: str, options: Options) -> None:
    if options.debug:
        typer.echo(mask(traceback.format_exc()), err=True)
    typer.echo(mask(f"gridbot: {text}"), err=True)
