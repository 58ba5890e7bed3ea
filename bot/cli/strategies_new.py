"""What `gridbot strategies new` writes."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from bot.errors import GridbotError

_STRATEGY = '''\
"""Hold units while the price is below its mean."""

from __future__ import annotations

from pydantic import Field

from bot import Context, Strategy, sma


class {kind}(Strategy):
    """Hold `size` units while the last price is below the mean of the last `span` candles, else none."""

    size: int = Field(10, ge=1, description="units to hold")
    span: int = Field(20, ge=2, description="candles in the mean")

    async def on_candle(self, ctx: Context) -> None:
        """Called whenever a candle has closed."""
        close = ctx.candles.close
        mean = sma(close, self.span)[-1]  # NaN, so neither above nor below, until there are so many candles
        if close[-1] < mean:
            ctx.target(self.size)
        elif close[-1] > mean:
            ctx.target(0)
'''

_TEST = '''\
"""What `{name}` wants at which prices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from {name} import {kind}

from bot.testing import context


def wanted(closes: Sequence[float], holding: int = 0) -> tuple[list[int], list[int]]:
    """The units that are bid for and offered after these closes."""
    ctx = context(closes=closes, holding=holding)
    asyncio.run({kind}(size=10, span=3).on_candle(ctx))
    (quote,) = ctx.intents
    return [level.quantity for level in quote.bids], [level.quantity for level in quote.asks]


def test_it_buys_what_is_missing_below_the_mean() -> None:
    assert wanted([2.00, 2.00, 1.70], holding=4) == ([6], [])


def test_it_sells_all_above_the_mean() -> None:
    assert wanted([2.00, 2.00, 2.30], holding=4) == ([], [4])


def test_it_wants_nothing_before_it_has_seen_enough() -> None:
    ctx = context(closes=[2.00, 1.70])
    asyncio.run({kind}(size=10, span=3).on_candle(ctx))
    assert ctx.intents == []
'''

_IMPORTED = ("Context", "Field", "Strategy")
"""Names that the class cannot have, for its file imports them."""


def fault_of(name: str, folders: Sequence[Path]) -> str:
    """What is wrong with the name of a new strategy; empty when nothing is. `folders` are where others may be."""
    from bot.strategy.registry import names

    if not name.isidentifier() or keyword.iskeyword(name):
        return "cannot be a name in Python; take letters, digits and underscores, such as buy_low"
    if name.startswith(("_", "test_")) or name == "conftest":
        return "is the name of a file in which no strategy is looked for; take another name"
    if name in names(folders):
        return "is the name of a strategy that there is already; take another name"
    if find_spec(name) is not None or _class_name(name) in _IMPORTED:
        return "is the name of something that is imported; take another name"
    return ""


def write(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a strategy and its test, and return their files.

    Raises:
        GridbotError: one of the files is there already, or cannot be written.
    """
    texts = {folder / f"{name}.py": _STRATEGY, folder / f"test_{name}.py": _TEST}
    if found := [str(path) for path in texts if path.exists()]:
        raise GridbotError(f"{found[0]} exists already, and nothing is written over")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text.format(name=name, kind=_class_name(name)))
    except OSError as error:
        raise GridbotError(f"cannot write to {error.filename or folder}: {error.strerror}") from error
    strategy, test = texts
    return strategy, test


def _class_name(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))
