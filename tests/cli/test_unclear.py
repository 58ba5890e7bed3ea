"""What is said of a write of which nobody knows whether it was applied."""

from __future__ import annotations

import asyncio

import pytest

from bot.cli.unclear import never_called_failed
from bot.errors import GridbotError, OutcomeUnknown


def test_a_write_without_a_clear_answer_is_unclear() -> None:
    told = pytest.raises(GridbotError, match="unclear whether it was done: no answer\nLook there")
    with told, never_called_failed("it was done", "Look there."):
        raise OutcomeUnknown("no answer")


async def test_a_write_that_is_interrupted_is_unclear_too(capsys: pytest.CaptureFixture[str]) -> None:
    async def write() -> None:
        with never_called_failed("it was done", "Look there."):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await write()
    assert capsys.readouterr().err == "gridbot: interrupted; it is unclear whether it was done\nLook there.\n"
