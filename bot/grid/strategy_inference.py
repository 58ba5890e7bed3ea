"""Inference for strategies: the port that their hooks ask through, over the Consumption client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from bot.grid.consumption import ConsumptionClient
from bot.settings import Settings


class GridInference:
    """Models on The Grid, as `bot.ports.inference.Inference` offers them, in the Chat Completions form.

    Args:
        client: carries the requests; whoever made it closes it.
    """

    def __init__(self, client: ConsumptionClient) -> None:
        self._client = client

    async def complete(self, model: str, messages: Sequence[Mapping[str, str]], *, max_tokens: int) -> str:
        """The model's answer, as text: empty where it says nothing, broken off where it comes to `max_tokens`.

        Raises:
            ExchangeError: there is no answer; see `ConsumptionClient`.
        """
        return (await self._client.chat(model, messages, max_tokens=max_tokens)).text


@asynccontextmanager
async def inference_of(settings: Settings) -> AsyncIterator[GridInference | None]:
    """The models of the settings' exchange, while the block runs; None where no consumption key is set.

    Raises:
        ConfigError: the key that is set cannot be read or used.
    """
    if settings.consumption.api_key is None and settings.consumption.api_key_file is None:
        yield None
        return
    async with ConsumptionClient.from_settings(settings) as client:
        yield GridInference(client)
