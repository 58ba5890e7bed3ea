"""The simulated exchange over HTTP as `gridbot exchange serve` has it, but lively, and without limits of rate.

    python soak/exchange.py CREDENTIALS_FILE SEED

A bot that is started twenty times a minute asks for more than a key may.
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

from bot.cli.signals import run_until_told
from bot.clock import SystemClock
from bot.sim.build import Scenario, open_exchange
from bot.sim.config import VenueConfig
from bot.sim.credentials import write_credentials
from bot.sim.presets import CrowdConfig
from bot.sim.server import serve

SYMBOLS = ("text-prime", "code-prime")

CASH = Decimal(1_000_000)

LIVELY = CrowdConfig(
    depth=12,
    size=(1, 4),
    spread=0.02,
    takers_per_hour=7200,
    taker_size=(1, 6),
    interval_seconds=1,
    volatility=0.5,
)
"""Thin levels, so that an order that trades at once trades in parts, and takers, so that one that rests may be hit."""

TOKENS_PER_HOUR = 3_600_000_000
"""About a unit a second, so that there is always something to buy and to move."""


async def main(credentials_file: Path, seed: int, stop: asyncio.Event) -> None:
    clock = SystemClock()
    scenario = Scenario(
        venue=VenueConfig(symbols=SYMBOLS, rate_limits=None),
        crowd=LIVELY,
        cash=CASH,
        tokens_per_hour=TOKENS_PER_HOUR,
    )
    sim = await open_exchange(scenario, None, now=clock.now(), seed=seed)
    async with serve(sim.api, clock, stream=sim.stream) as server:
        write_credentials(credentials_file, sim.credentials(f"{server.url}/v1"))
        await stop.wait()


if __name__ == "__main__":
    run_until_told(lambda stop: main(Path(sys.argv[1]), int(sys.argv[2]), stop))
