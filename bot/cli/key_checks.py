"""Checks of a trading key: where it is, whether it is one, and whether the exchange knows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.cli.checks import Check, fail, ok, skip, warn
from bot.errors import AuthenticationFailed, GridbotError, KeyMaterialError

if TYPE_CHECKING:
    from bot.grid.key_sources import KeyMaterial
    from bot.grid.keys import SigningKey
    from bot.grid.trading import TradingClient

REGISTERED = "key registered"
"""The name of the check whether the exchange knows the key."""


def key_checks(find: Callable[[], KeyMaterial]) -> tuple[list[Check], SigningKey | None]:
    """What is to be said of the key that `find` finds, and the key, if it is one."""
    from bot.grid.keys import is_whole_pair

    try:
        found = find()
    except GridbotError as error:
        return [fail("key", str(error))], None
    checks = [ok("key", found.source), _file_check(found)]
    try:
        key = found.key()
    except KeyMaterialError as error:
        return [*checks, fail("key form", str(error), "Copy the key again, whole, or make a new one.")], None
    pair = "the seed and the public key, 64 bytes, which belong together"
    form = f"base64 of {pair if is_whole_pair(found.text) else 'the seed, 32 bytes'}"
    return [*checks, ok("key form", form), ok("fingerprint", key.fingerprint)], key


def _file_check(found: KeyMaterial) -> Check:
    if not found.is_file:
        return skip("key file", "the key is not in a file")
    if found.findings:
        return warn("key file", "\n".join(found.findings))
    return ok("key file", "nobody else on this machine can read it")


async def registered(client: TradingClient) -> Check:
    """Whether the exchange knows the client's key, and whose it is."""
    try:
        user = await client.me()
    except AuthenticationFailed as error:
        remedy = "Register the public key (`gridbot keys show`) in the exchange's dashboard, and check the clock."
        return fail(REGISTERED, error.detail, remedy)
    except GridbotError as error:
        return fail(REGISTERED, str(error))
    return ok(REGISTERED, f"to {user.email or user.user_id}")
