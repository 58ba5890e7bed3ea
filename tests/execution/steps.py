"""Steps that tests of execution are made of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from bot.domain.intents import Place, Stock
from bot.domain.order import Order, Side
from bot.domain.transfer import Transfer
from bot.sim.api import ExchangeApi
from bot.sim.faults.faults import Faults
from bot.sim.faults.kinds import Fault
from bot.sim.faults.plan import FaultPlan
from bot.sim.loopback import LoopbackTransport
from tests.world import HandClock, World


def buy(world: World, units: int = 10, price: str = "2.00") -> Place:
    return Place(world.market.market_id, Side.BUY, units, Decimal(price))


def stock(world: World, units: int = 5) -> Stock:
    return Stock(world.market.instrument_id, units)


async def stored(world: World) -> list[Order]:
    """All orders, newest first."""
    return await world.store.recent_orders(100)


async def moves(world: World) -> list[Transfer]:
    """All transfers, newest first."""
    return await world.store.recent_transfers(100)


async def incidents(world: World) -> list[str]:
    """The kinds of what was reported, oldest first."""
    return [incident.kind for incident in reversed(await world.store.recent_incidents(100))]


def wait(world: World, seconds: float) -> None:
    assert isinstance(world.clock, HandClock)
    world.clock.move(seconds)


def now(world: World) -> datetime:
    return world.clock.now()


async def look(world: World, times: int = 1) -> None:
    """Let the reconciler look, once a settle delay."""
    for _ in range(times):
        wait(world, 11)
        await world.reconciler.look()


async def own_units(world: World, units: int) -> None:
    """Buy units and have the fills stored."""
    world.offer(units, "1.00")
    await world.desk.place(buy(world, units, "1.00"), "s")
    await look(world)


def plague(world: World, *faults: Fault) -> None:
    """From now on these go wrong inside the exchange."""
    plan = Faults(FaultPlan(faults), world.venue)
    world.transport._inner = LoopbackTransport(ExchangeApi(world.venue, plan), world.clock)
