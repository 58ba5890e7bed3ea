"""Writes of which nobody knows whether they were applied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.cli.output import announce
from bot.errors import GridbotError, OutcomeUnknown


@contextmanager
def never_called_failed(what: str, advice: str) -> Iterator[None]:
    """Tell what is unclear and how to find out, where a write in the block got no clear answer or was interrupted.

    Raises:
        GridbotError: it got no clear answer.
    """
    try:
        yield
    except OutcomeUnknown as error:
        raise GridbotError(f"it is unclear whether {what}: {error.detail}\n{advice}") from error
    except asyncio.CancelledError:
        announce(f"gridbot: interrupted; it is unclear whether {what}\n{advice}")
        raise
