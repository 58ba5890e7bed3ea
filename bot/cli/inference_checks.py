"""Checks of the Consumption API, where inference is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.checks import Check, fail, ok, skip
from bot.errors import AuthenticationFailed

if TYPE_CHECKING:
    from bot.settings import Settings

_NAME = "consumption key"


async def consumption_key(settings: Settings) -> Check:
    """Whether the key for inference is taken."""
    from bot.grid.consumption import ConsumptionClient

    chosen = settings.consumption
    if chosen.api_key is None and chosen.api_key_file is None:
        return skip(_NAME, "none is set", "Inference needs one: set consumption.api_key_file.")
    async with ConsumptionClient.from_settings(settings) as client:
        try:
            models = await client.models()
        except AuthenticationFailed as error:
            return fail(_NAME, error.detail, "Make a new key in the exchange's dashboard.")
    return ok(_NAME, f"taken; {len(models)} instruments")
