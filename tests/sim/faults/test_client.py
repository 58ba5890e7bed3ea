"""The real client at an exchange at which things go wrong."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from decimal import Decimal

import msgspec
import pytest

from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.order import NewOrder, Side
from bot.errors import ExchangeError, NotSentError, OutcomeUnknown, RequestRefused
from bot.grid.keys import SigningKey
from bot.grid.limiter import Limits
from bot.grid.trading import TradingClient
from bot.ports import Request, Response
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.faults.presets import PRESETS
from bot.sim.faults.transport import FaultyTransport
from bot.sim.loopback import LoopbackTransport
from tests.sim.client import START

LIMITS = Limits(10**6, 10**6, 10**6)
ORDERS = 400


class Door(LoopbackTransport):
    """Notes which orders get to the exchange, and how often; what comes by a wrong clock is sent once more."""

    def __init__(self, sim: SimExchange, clock: VirtualClock) -> None:
        super().__init__(sim.api, clock)
        self.came: Counter[str] = Counter()

    async def send(self, request: Request) -> Response:
        answer = await super().send(request)
        if request.method == "POST" and answer.status != 401:
            self.came[msgspec.json.decode(request.body)["client_order_id"]] += 1
        return answer


def a_sim(preset: str) -> SimExchange:
    venue = VenueConfig(symbols=("text-prime",), rate_limits=None)
    scenario = Scenario(venue=venue, tokens_per_hour=None, faults=PRESETS[preset])
    return build_exchange(scenario, start=START, ids=SeededIds(1))


@pytest.mark.parametrize("preset", ["network", "exchange", "all"])
def test_no_order_is_doubled_and_what_the_client_says_of_it_is_true(preset: str) -> None:
    sim = a_sim(preset)
    outcomes: dict[str, str] = {}

    async def main(clock: VirtualClock) -> Counter[str]:
        door = Door(sim, clock)
        assert sim.faults is not None
        key = SigningKey.from_text(sim.credentials("").signing_key)
        async with TradingClient(FaultyTransport(door, sim.faults, clock), key, clock, limits=LIMITS) as client:
            market_id = next(iter(sim.venue.markets))
            for number in range(ORDERS):
                order = NewOrder(f"gb-{number}", market_id, Side.BUY, 1, Decimal("0.50"))
                outcomes[order.client_order_id] = await outcome(client, order)
                await clock.sleep(5)
            await clock.sleep(60)
            for _ in range(10):  # what was given up gets there with later requests
                with suppress(ExchangeError):
                    await client.cash()
        return door.came

    came = run_virtual(main, START)
    placed = {order.client_order_id for order in sim.venue.history(sim.account).orders}
    assert max(came.values()) == 1
    told = {word: {one for one, other in outcomes.items() if other == word} for word in ("placed", "not", "unknown")}
    assert told["placed"] <= placed
    assert not told["not"] & placed
    assert told["unknown"] & placed
    assert told["unknown"] - placed
    assert sum(map(len, told.values())) == ORDERS


async def outcome(client: TradingClient, order: NewOrder) -> str:
    try:
        await client.place(order)
    except OutcomeUnknown:
        return "unknown"
    except (NotSentError, RequestRefused):
        return "not"
    return "placed"


def test_reads_succeed_on_a_bad_network() -> None:
    sim = a_sim("network")

    async def main(clock: VirtualClock) -> int:
        assert sim.faults is not None
        key = SigningKey.from_text(sim.credentials("").signing_key)
        transport = FaultyTransport(LoopbackTransport(sim.api, clock), sim.faults, clock)
        async with TradingClient(transport, key, clock, limits=LIMITS, read_attempts=6) as client:
            for _ in range(200):
                await client.cash()
                await clock.sleep(1)
        return sim.faults.injected.total()

    assert run_virtual(main, START) > 20
