"""`gridbot doctor`: is everything as it must be to trade?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable
from typing import TYPE_CHECKING

import typer

from bot.cli.checks import Check, State, fail, ok, skip, tell
from bot.cli.client import log_to_stderr, with_key
from bot.cli.key_checks import REGISTERED, key_checks, registered
from bot.cli.options import Options
from bot.cli.output import Json
from bot.errors import ConfigError, GridbotError
from bot.redaction import mask

if TYPE_CHECKING:
    from bot.grid.keys import SigningKey
    from bot.grid.trading import TradingClient
    from bot.settings import Settings

SECONDS = 5.0
"""How long one check may take."""

_SIGNED = (REGISTERED, "account mode", "auto-transfer", "limits")
_ONLINE = ("network", "clock", *_SIGNED, "stream")
_ALL = ("key", *_ONLINE, "consumption key", "database")


def doctor(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Look at everything that trading needs, and say what to do where it is wrong. Exit status 1 if anything is."""
    log_to_stderr()
    checks = asyncio.run(diagnose(Options.of(ctx)))
    tell(checks, as_json=as_json)
    if any(check.state is State.FAIL for check in checks):
        raise typer.Exit(1)


async def diagnose(options: Options) -> list[Check]:
    """Every check, one after the other; one that fails does not keep the others from being made."""
    configured, settings = _configuration(options)
    if settings is None:
        return [configured, *(skip(name, "the settings cannot be read") for name in _ALL)]
    checks, key = _key(settings)
    try:
        online = await _online(settings, key)
    except ConfigError as error:  # the client cannot even be made
        network = fail("network", str(error), "Check exchange.base_url.")
        online = [network, *(skip(name, "the exchange cannot be reached") for name in _ONLINE[1:])]
    return [configured, *checks, *online, *await _beside(settings)]


async def bounded(name: str, check: Awaitable[Check]) -> Check:
    """The check's finding; that it took too long, or that it could not be made, is a finding, too."""
    try:
        async with asyncio.timeout(SECONDS):
            return await check
    except TimeoutError:
        return fail(name, f"no answer within {SECONDS:g} s", "Check the network, and that what answers is running.")
    except GridbotError as error:
        return fail(name, str(error))
    except Exception as error:  # noqa: BLE001 - told as a finding, so that the other checks are made
        return fail(name, mask(f"unexpected error: {type(error).__name__}: {error}"))


def _configuration(options: Options) -> tuple[Check, Settings | None]:
    name = "configuration"
    try:
        settings = options.settings(check_strategies=True)
    except ConfigError as error:
        try:  # wrong strategies are no reason not to look at the rest
            return fail(name, str(error), "Mend it; `gridbot config check` looks again."), options.settings()
        except ConfigError:
            return fail(name, str(error), "Mend it first: without it nothing else can be looked at."), None
    count = len(settings.strategies)
    return ok(name, f"{options.source}, {count} {'strategy' if count == 1 else 'strategies'}"), settings


def _key(settings: Settings) -> tuple[list[Check], SigningKey | None]:
    from bot.grid.key_sources import key_material

    return key_checks(lambda: key_material(settings.exchange))


async def _online(settings: Settings, key: SigningKey | None) -> list[Check]:
    """What the exchange says. Without a key it is asked only what it answers to anybody."""
    from bot.cli import exchange_checks
    from bot.clock import SystemClock
    from bot.grid.keys import SEED_BYTES, SigningKey
    from bot.grid.trading import TradingClient

    patience = {"read_attempts": 1, "timeout_seconds": SECONDS}
    quick = settings.model_copy(update={"exchange": settings.exchange.model_copy(update=patience)})
    some_key = key or SigningKey.generate(os.urandom(SEED_BYTES))
    async with TradingClient.from_settings(with_key(quick, some_key)) as client:
        network = await bounded("network", exchange_checks.network(client, SystemClock()))
        if network.state is State.FAIL:
            return [network, *(skip(name, "the exchange cannot be reached") for name in _ONLINE[1:])]
        checks = [network, exchange_checks.clock(client.clock_offset_seconds)]
        if key is None:
            checks += [skip(name, "there is no trading key to ask with") for name in _SIGNED]
        else:
            checks += await _signed(client, settings)
    return [*checks, await bounded("stream", exchange_checks.stream(settings.exchange))]


async def _signed(client: TradingClient, settings: Settings) -> list[Check]:
    from bot.cli import exchange_checks
    from bot.clock import SystemClock

    known = await bounded(REGISTERED, registered(client))
    if known.state is State.FAIL:
        return [known, *(skip(name, "the exchange does not know the key") for name in _SIGNED[1:])]
    return [
        known,
        await bounded("account mode", exchange_checks.account_mode(client)),
        await bounded("auto-transfer", exchange_checks.auto_transfer(client, SystemClock().now())),
        await bounded("limits", exchange_checks.limits(client, settings.limits)),
    ]


async def _beside(settings: Settings) -> list[Check]:
    """What is not the Trading API."""
    from bot.cli import inference_checks, store_checks

    url = settings.database.url.get_secret_value()
    return [
        await bounded("consumption key", inference_checks.consumption_key(settings)),
        await bounded("database", store_checks.database(url)),
    ]
