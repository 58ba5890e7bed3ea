"""Asking before anything is done that cannot be taken back."""

from __future__ import annotations

import sys
from typing import Annotated, TypeAlias

import typer

from bot.errors import GridbotError

Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where there is no terminal.")]
"""The `--yes` option of a command."""


def confirm(question: str, *, yes: bool) -> None:
    """Come back if `yes` was said on the command line, or is said now, on the terminal.

    Raises:
        GridbotError: it was not, or there is nobody to ask; nothing may be done.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise GridbotError("nothing was done: there is no terminal to ask on; add --yes to do it without being asked")
    typer.echo(f"{question} [y/N] ", err=True, nl=False)  # all of it on stderr: stdout is for what comes of it
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise GridbotError("nothing was done")
