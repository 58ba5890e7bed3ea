"""Asking the exchange of the settings."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from bot.cli.options import Options
from bot.cli.output import caution

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

    from bot.grid.keys import SigningKey
    from bot.grid.trading import TradingClient
    from bot.settings import Settings

T = TypeVar("T")


def ask(ctx: typer.Context, question: Callable[[TradingClient], Awaitable[T]]) -> T:
    """What the question comes to, put to the exchange of the settings over a connection of its own.

    Raises:
        GridbotError: the settings are wrong, there is no trading key, or the exchange did not do as it was asked.
    """
    return ask_exchange(Options.of(ctx).settings(), question)


def ask_exchange(settings: Settings, question: Callable[[TradingClient], Awaitable[T]]) -> T:
    """Likewise, with the settings given. Raises `GridbotError`."""
    from bot.grid.trading import TradingClient

    log_to_stderr()

    async def run() -> T:
        async with TradingClient.from_settings(settings) as client:
            return await question(client)

    return asyncio.run(run())


def log_to_stderr() -> None:
    """Let warnings of a command, such as those about a key file, go where they are not taken for its output."""
    import stamina

    from bot import logs
    from bot.clock import SystemClock

    logs.configure("warning", "console", SystemClock(), sys.stderr)
    stamina.instrumentation.set_on_retry_hooks([_tell_of_another_try])


def _tell_of_another_try(details: RetryDetails) -> None:
    caution(f"{details.name} gave no usable answer; trying again in {details.wait_for:.1f} s")


def with_key(settings: Settings, key: SigningKey) -> Settings:
    """The settings with this trading key, wherever theirs comes from."""
    from pydantic import SecretStr

    own = {"signing_key": SecretStr(key.seed_text), "signing_key_file": None, "signing_key_keyring": None}
    return settings.model_copy(update={"exchange": settings.exchange.model_copy(update=own)})
