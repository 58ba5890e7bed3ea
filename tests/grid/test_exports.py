"""What `bot.grid` offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import bot.grid
from bot.grid import results


def test_the_names_are_sorted_and_there() -> None:
    assert bot.grid.__all__ == sorted(bot.grid.__all__)
    for name in bot.grid.__all__:
        assert getattr(bot.grid, name).__name__ == name
    assert dir(bot.grid) == bot.grid.__all__


def test_every_result_is_offered() -> None:
    kinds = {name for name, value in vars(results).items() if getattr(value, "__module__", "") == results.__name__}
    assert kinds <= set(bot.grid.__all__)


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'TradingKlient'"):
        _ = bot.grid.TradingKlient


def test_a_key_needs_no_library_that_speaks_http() -> None:
    check = "import sys; from bot.grid import SigningKey; assert 'aiohttp' not in sys.modules, 'aiohttp'"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)
