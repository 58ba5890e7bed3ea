"""`gridbot exchange serve`: the simulated exchange on its own, for any client."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.demo import Client, Demand, MeanPrice, Prices, see_that_a_client_has_a_trace
from bot.cli.output import say
from bot.cli.signals import run_until_told

if TYPE_CHECKING:
    from bot.sim.build import Scenario

app = typer.Typer(no_args_is_help=True, help="The simulated exchange on its own.")


@app.callback()
def exchange() -> None:
    """The simulated exchange on its own."""


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    supplier_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port that inference is redirected to; 0 takes a free one.")
    ] = 0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same keys, ids and crowd; without it all is new.")
    ] = None,
    credentials_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write addresses, keys and markets, as JSON.")
    ] = None,
    mean_price: MeanPrice = Decimal("2.00"),
    prices: Prices = None,
    demand: Demand = None,
    client: Client = None,
    tokens_per_hour: Annotated[
        int, typer.Option(min=0, help="Mean demand for inference that uses up the account's text-prime; 0: none.")
    ] = 0,
    auto_transfer: Annotated[
        bool, typer.Option("--auto-transfer", help="Bought units move to Consumption as soon as they fill.")
    ] = False,
    sweeps: Annotated[
        bool, typer.Option("--sweeps", help="Every four hours all Trading units move to Consumption, as announced.")
    ] = False,
) -> None:
    """Serve a simulated exchange with one funded account, in real time, until Ctrl-C or SIGTERM.

    Nothing is kept: the next start begins anew.
    """
    import secrets

    from bot.sim.build import Scenario
    from bot.sim.config import DOCUMENTED_SWEEP_HOURS, VenueConfig

    see_that_a_client_has_a_trace(client, demand)
    scenario = Scenario(
        venue=VenueConfig(auto_transfer=auto_transfer, sweep_hours=DOCUMENTED_SWEEP_HOURS if sweeps else ()),
        seed=secrets.randbits(64) if seed is None else seed,
        mean_price=mean_price,
        candles=prices,
        trace=demand,
        client=client,
        tokens_per_hour=tokens_per_hour or None,
    )
    run_until_told(lambda stop: _serve(scenario, host, port, supplier_port, credentials_out, stop))


async def _serve(
    scenario: Scenario, host: str, port: int, supplier_port: int, credentials_out: Path | None, stop: asyncio.Event
) -> None:
    from bot.clock import SeededIds, SystemClock
    from bot.sim.build import build_exchange
    from bot.sim.credentials import write_credentials
    from bot.sim.server import serve

    clock = SystemClock()
    sim = build_exchange(scenario, start=clock.now(), ids=SeededIds(scenario.seed))
    async with serve(
        sim.api, clock, stream=sim.stream, inference=sim.inference, host=host, port=port, supplier_port=supplier_port
    ) as server:
        base_url = f"{server.url}/v1"
        if credentials_out is not None:
            write_credentials(credentials_out, sim.credentials(base_url))
            say(f"keys and markets are in {credentials_out}")
        say(f"simulated exchange at {base_url}; Ctrl-C stops it")
        await stop.wait()
