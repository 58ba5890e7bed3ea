"""What goes wrong with the events of the stream, in memory and over a WebSocket."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.clock import SystemClock, VirtualClock, run_virtual
from bot.sim.faults.kinds import (
    ClockJump,
    Fault,
    Maintenance,
    StreamCut,
    StreamDelay,
    StreamDuplicate,
    StreamReorder,
)
from bot.sim.loopback_socket import LoopbackDialer
from bot.sim.server import serve
from tests.sim.client import START
from tests.sim.faults.world import FaultyWorld
from tests.sim.stream_client import HEARTBEAT, JOIN, USER_ORDERS, StreamClient, claim, connected, frame, ticker


def followed(*faults: Fault) -> tuple[FaultyWorld, StreamClient]:
    """An exchange at which alice follows her orders."""
    world = FaultyWorld(*faults)
    client = connected(world.hub, USER_ORDERS, key=world.alice.key)
    client.heard()
    return world, client


def prices(client: StreamClient) -> list[str]:
    """Those of the orders that were told of."""
    return [payload["price"] for _, payload in client.events()]


def place(world: FaultyWorld, *prices: str) -> None:
    for price in prices:
        world.alice.order(price=price)


def pass_time(world: FaultyWorld, seconds: float) -> None:
    world.later(seconds=seconds)
    world.hub.advance(world.alice.now)


def test_a_cut_loses_what_waits_and_closes_the_session() -> None:
    world, client = followed(StreamCut(at=(3,)))
    place(world, "1.00", "2.00", "3.00", "4.00")
    assert client.session.closed == "the connection is cut, as a fault on request"
    assert client.heard() == []
    assert world.faults.injected == {"stream_cut": 1}


def test_a_duplicate_comes_twice() -> None:
    world, client = followed(StreamDuplicate(at=(2,)))
    place(world, "1.00", "2.00", "3.00")
    assert prices(client) == ["1.00", "2.00", "2.00", "3.00"]


def test_a_ticker_comes_twice_although_only_the_newest_waits() -> None:
    world = FaultyWorld(StreamDuplicate())
    client = connected(world.hub, ticker("text-prime"))
    client.heard()
    place(world, "1.00")
    assert [payload["bid"] for _, payload in client.events()] == ["1.00", "1.00"]


def test_an_event_is_overtaken_by_as_many_as_the_window_holds() -> None:
    world, client = followed(StreamReorder(at=(1,), window=2))
    place(world, "1.00", "2.00", "3.00", "4.00")
    assert prices(client) == ["2.00", "3.00", "1.00", "4.00"]
    pass_time(world, 2)
    assert prices(client) == []


def test_an_event_waits_for_a_second_at_most_to_be_overtaken() -> None:
    world, client = followed(StreamReorder(at=(1,), window=2))
    place(world, "1.00", "2.00")
    assert prices(client) == ["2.00"]
    assert world.hub.due_at == START + timedelta(seconds=1)
    pass_time(world, 1)
    assert prices(client) == ["1.00"]


def test_a_delay_holds_up_what_comes_behind() -> None:
    world, client = followed(StreamDelay(at=(2,), seconds=(3, 3)))
    place(world, "1.00", "2.00")
    pass_time(world, 1)
    place(world, "3.00")
    assert prices(client) == ["1.00"]
    pass_time(world, 2)
    assert prices(client) == ["2.00", "3.00"]
    place(world, "4.00")
    assert prices(client) == ["4.00"]


def test_a_delay_may_grow_while_it_lasts() -> None:
    world, client = followed(StreamDelay(at=(1, 2), seconds=(3, 3)))
    place(world, "1.00")
    pass_time(world, 2)
    place(world, "2.00")
    pass_time(world, 1)
    assert prices(client) == []
    pass_time(world, 2)
    assert prices(client) == ["1.00", "2.00"]


def test_answers_are_never_late() -> None:
    _, client = followed(StreamDelay(seconds=(3, 3)))
    assert [heard["event"] for heard in client.ask(HEARTBEAT)] == ["phx_reply"]


def test_what_waits_when_a_session_closes_is_never_told() -> None:
    world, client = followed(StreamDelay(at=(1,), seconds=(3, 3)), StreamReorder(at=(1,)))
    place(world, "1.00")
    client.session.cut("gone")
    pass_time(world, 5)
    assert client.heard() == []


def test_the_clock_that_jumped_is_the_one_that_authentication_goes_by() -> None:
    world = FaultyWorld(ClockJump(seconds=600))
    client = StreamClient(world.hub).join()
    (reply,) = client.ask(frame("authenticate", claim(world.alice.key)))
    assert reply["payload"]["status"] == "error"
    (reply,) = client.ask(frame("authenticate", claim(world.alice.key, START + timedelta(minutes=10))))
    assert reply["payload"]["status"] == "ok"


def test_maintenance_closes_the_stream_and_keeps_it_closed() -> None:
    world = FaultyWorld(Maintenance(begin=timedelta(seconds=90), until=timedelta(seconds=120)))

    async def main(clock: VirtualClock) -> None:
        dialer = LoopbackDialer(world.hub, clock)
        await clock.sleep(60)
        socket = await dialer.connect()
        with pytest.raises(ConnectionError, match="down for maintenance"):
            await socket.receive()
        assert clock.now() == START + timedelta(seconds=90)
        with pytest.raises(ConnectionError, match="down for maintenance"):
            await dialer.connect()
        await clock.sleep(30)
        await dialer.connect()

    run_virtual(main, START)


def test_who_waits_in_memory_is_woken_for_a_delayed_event() -> None:
    world = FaultyWorld(StreamDelay(seconds=(2.5, 2.5)))

    async def main(clock: VirtualClock) -> None:
        socket = await LoopbackDialer(world.hub, clock).connect()
        for text in (
            JOIN,
            frame("authenticate", claim(world.alice.key)),
            frame("subscribe", {"streams": [USER_ORDERS]}),
        ):
            await socket.send(text)
            await socket.receive()
        place(world, "1.00")
        assert json.loads(await socket.receive())["event"] == "new_order"
        assert clock.now() == START + timedelta(seconds=2.5)

    run_virtual(main, START)


async def test_a_websocket_is_told_twice_and_then_cut() -> None:
    world, clock = FaultyWorld(StreamDuplicate(at=(1,)), StreamCut(at=(2,))), SystemClock()
    async with (
        serve(world.api, clock, stream=world.hub, faults=world.faults) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/v1/") as socket,
    ):

        async def ask(text: str) -> Any:
            await socket.send_str(text)
            return await socket.receive_json(timeout=10)

        await ask(JOIN)
        await ask(frame("authenticate", claim(world.alice.key, clock.now())))
        await ask(frame("subscribe", {"streams": [USER_ORDERS]}))
        place(world, "1.00")
        assert [(await socket.receive_json(timeout=10))["event"] for _ in range(2)] == ["new_order"] * 2
        place(world, "2.00")
        assert (await socket.receive(timeout=10)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)
