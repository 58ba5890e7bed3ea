"""`gridbot models`: the instruments that inference can be asked of."""

from __future__ import annotations

import asyncio

import typer

from bot.cli.client import log_to_stderr
from bot.cli.options import Options
from bot.cli.output import Json, show


def models(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List the instruments that `gridbot chat` can ask."""
    from bot.grid.consumption import ConsumptionClient

    settings = Options.of(ctx).settings()
    log_to_stderr()

    async def read() -> list[str]:
        async with ConsumptionClient.from_settings(settings) as inference:
            return await inference.models()

    records = [{"instrument": name} for name in asyncio.run(read())]
    show(records, ("instrument",), as_json=as_json, empty="the exchange lists no instruments for inference")
