"""`gridbot exchange serve`: the simulated exchange on its own, for any client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.demo import Client, Demand, MeanPrice, Prices, see_that_a_client_has_a_trace
from bot.cli.exchange_options import CrowdChanges, Market, crowd_of, openings_of
from bot.cli.output import say
from bot.cli.signals import run_until_told

if TYPE_CHECKING:
    from bot.sim.build import Scenario
    from bot.sim.faults.plan import FaultPlan
    from bot.sim.keeper import Keeper

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
    market: Market = "calm",
    crowd: CrowdChanges = None,
    speed: Annotated[
        float, typer.Option(min=1, max=1000, help="How many times as fast as the clock the exchange lives.")
    ] = 1,
    account: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:ROLE[:USD]]", help="An account: consumer (10000 USD) unless it says otherwise. Repeatable."
        ),
    ] = None,
    state_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the exchange there, and go on from there.")
    ] = None,
    database_url: Annotated[str | None, typer.Option(help="Keep it in that database instead.")] = None,
    admin_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve the admin API there, on this machine only; 0 takes a free port."),
    ] = None,
    tokens_per_hour: Annotated[
        int, typer.Option(min=0, help="Mean demand for inference that uses up the account's text-prime; 0: none.")
    ] = 0,
    auto_transfer: Annotated[
        bool, typer.Option("--auto-transfer", help="Bought units move to Consumption as soon as they fill.")
    ] = False,
    sweeps: Annotated[
        bool, typer.Option("--sweeps", help="Every four hours all Trading units move to Consumption, as announced.")
    ] = False,
    faults: Annotated[
        str,
        typer.Option(metavar="FILE|PRESET", help="What goes wrong: none, network, exchange, stream, all, or a file."),
    ] = "none",
    fault_seed: Annotated[
        int | None, typer.Option(help="The same seed makes the same go wrong; without it, that of the file.")
    ] = None,
) -> None:
    """Serve a simulated exchange with funded accounts until Ctrl-C or SIGTERM.

    Nothing is kept, and the next start begins anew, unless `--state-file` or `--database-url` says where to keep it.
    """
    from bot.sim.build import Scenario
    from bot.sim.config import DOCUMENTED_SWEEP_HOURS, VenueConfig

    see_that_a_client_has_a_trace(client, demand)
    if state_file is not None and database_url is not None:
        raise typer.BadParameter("cannot go with --state-file: keep it in one of the two", param_hint="--database-url")
    scenario = Scenario(
        venue=VenueConfig(
            auto_transfer=auto_transfer, sweep_hours=DOCUMENTED_SWEEP_HOURS if sweeps else (), speed=speed
        ),
        crowd=crowd_of(market, crowd),
        accounts=openings_of(account),
        mean_price=mean_price,
        candles=prices,
        trace=demand,
        client=client,
        tokens_per_hour=tokens_per_hour or None,
        faults=_plan(faults, fault_seed),
    )
    doors = _Doors(host, port, supplier_port, admin_port, credentials_out)

    async def run(stop: asyncio.Event) -> None:
        async with _keeper(state_file, database_url) as keeper:
            await _serve(scenario, seed, doors, keeper, stop)

    run_until_told(run)


def _plan(name: str, seed: int | None) -> FaultPlan:
    from dataclasses import replace

    from bot.sim.faults.presets import plan_of

    plan = plan_of(name)
    return plan if seed is None else replace(plan, seed=seed)


@dataclass(frozen=True, slots=True)
class _Doors:
    """Where the exchange is to be reached, and where that is told."""

    host: str
    port: int
    supplier_port: int
    admin_port: int | None
    credentials_out: Path | None


@asynccontextmanager
async def _keeper(state_file: Path | None, database_url: str | None) -> AsyncIterator[Keeper | None]:
    from bot.sim.keeper import FileKeeper
    from bot.storage import open_keeper

    if database_url is None:
        yield None if state_file is None else FileKeeper(state_file)
        return
    keeper = await open_keeper(database_url)
    try:
        yield keeper
    finally:
        await keeper.close()


async def _serve(
    scenario: Scenario, seed: int | None, doors: _Doors, keeper: Keeper | None, stop: asyncio.Event
) -> None:
    from bot.clock import SystemClock
    from bot.sim.admin import AdminApi
    from bot.sim.build import open_exchange
    from bot.sim.credentials import write_credentials
    from bot.sim.server import serve

    clock = SystemClock()
    sim = await open_exchange(scenario, keeper, now=clock.now(), seed=seed)

    async def keep() -> None:
        if keeper is not None:
            await keeper.save(sim.dump())

    await keep()
    async with serve(
        sim.api,
        clock,
        stream=sim.stream,
        inference=sim.inference,
        faults=sim.faults,
        host=doors.host,
        port=doors.port,
        supplier_port=doors.supplier_port,
        admin=None if doors.admin_port is None else AdminApi(sim).handle,
        admin_port=doors.admin_port or 0,
        on_change=keep,
    ) as server:
        base_url = f"{server.url}/v1"
        if doors.credentials_out is not None:
            write_credentials(doors.credentials_out, sim.credentials(base_url))
            say(f"keys and markets are in {doors.credentials_out}")
        if server.admin_url is not None:
            say(f"admin API, for this machine only, at {server.admin_url}")
        if keeper is not None:
            say(f"kept in {keeper}")
        say(f"simulated exchange at {base_url}; Ctrl-C stops it")
        await stop.wait()
    await keep()
    if sim.faults is not None:
        say(f"faults injected: {sim.faults.told()}")
