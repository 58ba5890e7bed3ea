"""`gridbot version`."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed

from bot.cli.output import Json, document, say


def number() -> str:
    """The version of gridbot that is installed."""
    return installed("gridbot")


def version(*, as_json: Json = False) -> None:
    """Print the version of gridbot and of the Python that it runs on."""
    if as_json:
        document({"gridbot": number(), "python": platform.python_version()})
    else:
        say(f"gridbot {number()} (Python {platform.python_version()})")
