"""What goes wrong on a request's way, over HTTP, as the real transport tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import aiohttp
import msgspec
import pytest

from bot.grid.transport import AiohttpTransport
from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.faults.faults import Faults
from bot.sim.faults.kinds import (
    Fault,
    Latency,
    Maintenance,
    Malformed,
    RateLimit,
    Refused,
    ResetAfterApply,
    ResetBeforeApply,
    ServerError,
    Truncated,
)
from bot.sim.faults.plan import FaultPlan
from bot.sim.server import serve
from tests.sim.client import START
from tests.sim.faults.world import FaultyWorld
from tests.sim.inference import User, bearer, chat


class StillClock:
    """A clock that stands still, and notes for how long it was asked to sleep."""

    def __init__(self, moment: datetime = START) -> None:
        self._moment = moment
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds == 1.0:  # the steps of the server
            await asyncio.Event().wait()


@asynccontextmanager
async def served(world: FaultyWorld, clock: StillClock | None = None) -> AsyncIterator[AiohttpTransport]:
    async with serve(world.api, clock or StillClock(), stream=world.hub, faults=world.faults) as server:
        transport = AiohttpTransport(f"{server.url}/v1")
        try:
            yield transport
        finally:
            await transport.close()


def place(world: FaultyWorld) -> Request:
    order = {"market_id": world.market_id, "side": "buy", "type": "limit", "quantity": 1, "price": "1.00"}
    return world.alice.signed("POST", "/v1/trading/orders", body=msgspec.json.encode(order))


def orders(world: FaultyWorld) -> int:
    return len(world.venue.history(world.alice.account).orders)


@pytest.mark.parametrize(
    ("fault", "applied"),
    [(Refused(at=(1,)), 0), (ResetBeforeApply(at=(1,)), 0), (ResetAfterApply(at=(1,)), 1), (Truncated(at=(1,)), 1)],
)
async def test_a_broken_connection_breaks_on_the_wire(fault: Fault, applied: int) -> None:
    world = FaultyWorld(fault)
    async with served(world) as transport:
        with pytest.raises(ConnectionError, match="broke"):
            await transport.send(place(world))
        assert orders(world) == applied
        assert (await transport.send(place(world))).status == 201
    assert world.faults.injected == {fault.kind: 1}


async def test_a_truncated_body_promises_more_than_comes() -> None:
    world = FaultyWorld(Truncated())
    async with serve(world.api, StillClock(), faults=world.faults) as server, aiohttp.ClientSession() as session:
        async with session.get(f"{server.url}/v1/health") as answer:
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
        assert answer.content_length is not None
        assert answer.content_length > 100


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_may_come_before_and_after_the_order_is_placed(status: int, applied: bool) -> None:
    world = FaultyWorld(ServerError.model_validate({"status": status, "applied": applied}))
    async with served(world) as transport:
        answer = await transport.send(place(world))
    assert answer.status == status
    assert orders(world) == applied


async def test_too_many_requests_are_told_with_a_wait() -> None:
    world = FaultyWorld(RateLimit(retry_after=7))
    async with served(world) as transport:
        answer = await transport.send(place(world))
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert orders(world) == 0


async def test_a_malformed_answer_is_no_json_but_a_whole_answer() -> None:
    world = FaultyWorld(Malformed())
    async with served(world) as transport:
        answer = await transport.send(place(world))
    assert answer.status == 201
    assert answer.headers["content-length"] == str(len(answer.body))
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(answer.body)
    assert orders(world) == 1


async def test_latency_is_slept_by_the_exchanges_clock() -> None:
    world, clock = FaultyWorld(Latency(seconds=(2.5, 2.5))), StillClock()
    async with served(world, clock) as transport:
        assert (await transport.send(place(world))).status == 201
    assert 2.5 in clock.slept


async def test_an_answer_without_a_body_can_only_be_cut_off_altogether() -> None:
    world = FaultyWorld(Truncated(route="DELETE orders/*"))
    order_id = world.alice.order().data["order_id"]
    async with served(world) as transport:
        with pytest.raises(ConnectionError):
            await transport.send(world.alice.signed("DELETE", f"/v1/orders/{order_id}"))
    assert world.venue.history(world.alice.account).open == {}


async def test_a_streamed_answer_of_inference_breaks_off_in_the_middle() -> None:
    user = User()
    user.stock(1000)
    faults = Faults(FaultPlan((Truncated(route="POST chat/completions", at=(2,)), Refused(route="models"))), user.venue)
    body = msgspec.json.encode(chat("Hello, world!", stream=True))
    clock = StillClock(user.now)
    async with (
        serve(ExchangeApi(user.venue), clock, inference=user.api, faults=faults) as server,
        aiohttp.ClientSession(headers=bearer()) as session,
    ):
        async with session.post(
            f"{server.url}/v1/chat/completions", data=body
        ) as answer:  # the door, then the supplier
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(f"{server.url}/v1/models")
    assert user.lots.tokens < 1000


async def test_maintenance_keeps_the_stream_closed_too() -> None:
    world = FaultyWorld(Maintenance(until=timedelta(minutes=1)))
    async with (
        serve(world.api, StillClock(), stream=world.hub, faults=world.faults) as server,
        aiohttp.ClientSession() as session,
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await session.ws_connect(f"{server.url}/v1/")
    assert world.faults.injected == {"maintenance": 1}
