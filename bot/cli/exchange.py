"""`gridbot exchange serve`: the simulated exchange on its own, for any client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.demo import Client, Demand, MeanPrice, Prices, see_that_a_client_has_a_trace
from bot.cli.exchange_config import as_seen_from_here, is_reached_from_here, write_config
from bot.cli.exchange_options import (
    Accounts,
    AdminPort,
    AutoTransfer,
    ClosedCancels,
    ConfigOut,
    CredentialsOut,
    CrowdChanges,
    FaultNames,
    FaultSeed,
    Host,
    KeptIn,
    Market,
    Port,
    Seed,
    SelfTrades,
    Speed,
    StateFile,
    SupplierPort,
    Sweeps,
    TokensPerHour,
    crowd_of,
    openings_of,
    rules_of,
)
from bot.cli.output import say
from bot.cli.signals import run_until_told

if TYPE_CHECKING:
    from bot.sim.build import Scenario
    from bot.sim.credentials import Credentials
    from bot.sim.faults.plan import FaultPlan
    from bot.sim.keeper import Keeper

app = typer.Typer(no_args_is_help=True, help="The simulated exchange on its own.")


@app.callback()
def exchange() -> None:
    """The simulated exchange on its own."""


@app.command()
def serve(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    supplier_port: SupplierPort = 0,
    seed: Seed = None,
    config_out: ConfigOut = None,
    credentials_out: CredentialsOut = None,
    mean_price: MeanPrice = Decimal("2.00"),
    prices: Prices = None,
    demand: Demand = None,
    client: Client = None,
    market: Market = "calm",
    crowd: CrowdChanges = None,
    speed: Speed = 1,
    account: Accounts = None,
    state_file: StateFile = None,
    database_url: KeptIn = None,
    admin_port: AdminPort = None,
    tokens_per_hour: TokensPerHour = 0,
    auto_transfer: AutoTransfer = False,
    sweeps: Sweeps = False,
    self_trade: SelfTrades = "cancel_incoming",
    closed_cancel: ClosedCancels = "500",
    faults: FaultNames = "none",
    fault_seed: FaultSeed = None,
) -> None:
    """Serve a simulated exchange with funded accounts until Ctrl-C or SIGTERM.

    Nothing is kept, and the next start begins anew, unless `--state-file` or `--database-url` says where to keep it.
    """
    from bot.sim.build import Scenario

    see_that_a_client_has_a_trace(client, demand)
    _see_that_it_can_be_kept_and_reached(state_file, database_url, host, config_out)
    scenario = Scenario(
        venue=rules_of(speed, self_trade, closed_cancel, auto_transfer=auto_transfer, sweeps=sweeps),
        crowd=crowd_of(market, crowd),
        accounts=openings_of(account),
        mean_price=mean_price,
        candles=prices,
        trace=demand,
        client=client,
        tokens_per_hour=tokens_per_hour or None,
        faults=_plan(faults, fault_seed),
    )
    doors = _Doors(host, port, supplier_port, admin_port, config_out, credentials_out)

    async def run(stop: asyncio.Event) -> None:
        async with _keeper(state_file, database_url) as keeper:
            await _serve(scenario, seed, doors, keeper, stop)

    run_until_told(run)


def _see_that_it_can_be_kept_and_reached(
    state_file: Path | None, database_url: str | None, host: str, config_out: Path | None
) -> None:
    if state_file is not None and database_url is not None:
        raise typer.BadParameter("cannot go with --state-file: keep it in one of the two", param_hint="--database-url")
    if config_out is not None and not is_reached_from_here(host):
        raise typer.BadParameter(
            f"gridbot reaches {host} by https only; listen on 127.0.0.1", param_hint="--config-out"
        )


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
    config_out: Path | None
    credentials_out: Path | None

    def tell(self, credentials: Credentials, scenario: Scenario) -> None:
        """Write the files that tell it. Raises `GridbotError`."""
        from bot.sim.credentials import write_credentials

        if self.config_out is not None:
            write_config(self.config_out, credentials, scenario.mean_price)
            say(f"settings for gridbot are in {self.config_out}: try `gridbot -c {self.config_out} doctor`")
        if self.credentials_out is not None:
            write_credentials(self.credentials_out, credentials)
            say(f"keys and markets are in {self.credentials_out}")
        if self.config_out is None and self.credentials_out is None:
            say("to be told its keys, add --config-out FILE (for gridbot) or --credentials-out FILE (for any client)")


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
        base_url = f"{as_seen_from_here(server.url)}/v1"
        doors.tell(sim.credentials(base_url), scenario)
        if server.admin_url is not None:
            say(f"admin API, for this machine only, at {server.admin_url}")
        if keeper is not None:
            say(f"kept in {keeper}")
        say(f"simulated exchange at {base_url}; Ctrl-C stops it")
        await stop.wait()
    await keep()
    if sim.faults is not None:
        say(f"faults injected: {sim.faults.told()}")
