"""Makes the reference of what `bot` offers to strategy authors, from its docstrings: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

import pdoc

import bot

FOR_AUTHORS = ("bot", "bot.testing", "bot.backtest", r"!bot\.(?!testing|backtest).*")
"""The modules whose names authors import, and no others."""


def make(folder: Path) -> None:
    """Write the reference as HTML pages; `index.html` is where to begin."""
    for name in bot.__all__:
        setattr(bot, name, getattr(bot, name))  # pdoc sees what a module holds, not what it would import
    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.pdoc(*FOR_AUTHORS, output_directory=folder)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
