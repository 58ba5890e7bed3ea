"""Nothing is made or lost, whatever goes wrong."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import VirtualClock, run_virtual
from bot.domain.money import TOKENS_PER_UNIT
from bot.errors import NotSentError
from bot.ports import Request
from bot.sim.audit import check_account
from bot.sim.faults.presets import PRESETS
from bot.sim.faults.transport import FaultyTransport
from bot.sim.loopback import LoopbackTransport
from tests.sim.client import START, Client
from tests.sim.faults.world import FaultyWorld
from tests.sim.stream_client import USER_ORDERS, connected


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_nothing_is_made_or_lost_whatever_goes_wrong(seed: int) -> None:
    world = FaultyWorld(*PRESETS["all"].faults, seed=seed)
    for client in (world.alice, world.bob):
        connected(world.hub, USER_ORDERS, key=client.key)
    chance = random.Random(seed)

    async def main(clock: VirtualClock) -> None:
        transport = FaultyTransport(LoopbackTransport(world.api, clock), world.faults, clock)
        for _ in range(150):
            await clock.sleep(chance.uniform(0, 60))
            client = chance.choice((world.alice, world.bob))
            client.now = clock.now()
            try:
                await transport.send(something(world, client, chance))
            except (NotSentError, OSError):
                continue
        await clock.sleep(60)
        world.venue.advance(clock.now())

    run_virtual(main, START)
    accounts = [world.alice.account, world.bob.account]
    assert sum(account.cash.total for account in accounts) == 2_000 * 1_000_000
    lots = [account.lots[world.instrument_id] for account in accounts]
    held = sum(account.units[world.instrument_id].total for account in accounts) * TOKENS_PER_UNIT
    assert held + sum(one.tokens + one.used + one.expired for one in lots) == 200 * TOKENS_PER_UNIT
    for account in accounts:
        check_account(account, world.venue.history(account))


def something(world: FaultyWorld, client: Client, chance: random.Random) -> Request:
    """A request that a user might send."""
    opened = list(world.venue.history(client.account).open)
    match chance.choice(["order", "order", "order", "transfer", "cancel", "orders", "trades"]):
        case "order":
            order: dict[str, object] = {
                "market_id": world.market_id,
                "side": chance.choice(["buy", "sell"]),
                "type": "limit",
            }
            order |= {"quantity": chance.randint(1, 9), "price": f"{chance.randint(100, 110) / 100:.2f}"}
            return client.signed("POST", "/v1/orders", body=msgspec.json.encode(order))
        case "transfer":
            transfer = {"instrument_id": world.instrument_id, "quantity": chance.randint(1, 9)}
            return client.signed("POST", "/v1/transfers/trading-to-consumption", body=msgspec.json.encode(transfer))
        case "cancel" if opened:
            return client.signed("DELETE", f"/v1/orders/{chance.choice(opened)}")
        case "trades":
            return client.signed("GET", "/v1/trades")
    return client.signed("GET", "/v1/orders?status=active")
