"""The stream in memory, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.ports import Dialer, Socket
from bot.sim.api import ExchangeApi
from bot.sim.build import Scenario, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.loopback_socket import LoopbackDialer
from bot.sim.stream import StreamHub
from bot.sim.venue import Venue
from tests.sim.client import START, Client
from tests.sim.stream_client import HEARTBEAT, JOIN, USER_ORDERS, claim, frame, ticker, trades

T = TypeVar("T")


def in_virtual_time(venue: Venue, main: Callable[[VirtualClock, Dialer], Awaitable[T]]) -> T:
    hub = StreamHub(venue)
    return run_virtual(lambda clock: main(clock, LoopbackDialer(hub, clock)), START)


async def event(socket: Socket) -> str:
    return str(json.loads(await socket.receive())["event"])


def test_frames_go_both_ways(venue: Venue, alice: Client) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> list[str]:
        socket = await dialer.connect()
        await socket.send(JOIN)
        await socket.send(frame("authenticate", claim(alice.key, clock.now())))
        await socket.send(frame("subscribe", {"streams": [USER_ORDERS]}))
        alice.order()
        return [await event(socket) for _ in range(4)]

    assert in_virtual_time(venue, main) == ["phx_reply", "phx_reply", "ack", "new_order"]


def test_who_waits_is_woken_by_what_happens(venue: Venue, alice: Client) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        for text in (JOIN, frame("authenticate", claim(alice.key)), frame("subscribe", {"streams": [USER_ORDERS]})):
            await socket.send(text)
            await socket.receive()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(event(socket))
            await clock.sleep(3)
            assert not waiting.done()
            alice.order()
        assert (waiting.result(), clock.now()) == ("new_order", START + timedelta(seconds=3))

    in_virtual_time(venue, main)


def test_each_send_lets_other_tasks_run_before_its_frame_reaches_the_exchange(venue: Venue) -> None:
    order: list[str] = []

    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        async def send(name: str) -> None:
            socket = await dialer.connect()
            order.append(f"{name} connected")
            await socket.send(JOIN)
            order.append(f"{name} sent")

        async with asyncio.TaskGroup() as group:
            group.create_task(send("a"))
            group.create_task(send("b"))

    in_virtual_time(venue, main)
    assert order == ["a connected", "b connected", "a sent", "b sent"]


def test_the_exchange_lives_while_somebody_waits_and_tells_everything_in_its_moment() -> None:
    def heard() -> list[str]:
        scenario = Scenario(VenueConfig(symbols=("text-prime",)), tokens_per_hour=None)
        sim = build_exchange(scenario, start=START, ids=SeededIds(1))

        async def main(clock: VirtualClock) -> list[str]:
            socket = await LoopbackDialer(sim.stream, clock).connect()
            await socket.send(JOIN)
            await socket.send(frame("subscribe", {"streams": [trades("text-prime"), ticker("text-prime")]}))
            frames = []

            async def listen() -> None:
                while True:
                    frames.append(await socket.receive())
                    if "new_trade" in frames[-1]:
                        data = json.loads(frames[-1])["payload"]["data"]
                        assert data["executed_at"] == clock.now().isoformat().replace("+00:00", "Z")

            async with asyncio.TaskGroup() as group:
                listening = group.create_task(listen())
                for _ in range(20):
                    await clock.sleep(30)
                    await socket.send(HEARTBEAT)
                listening.cancel()
            return frames

        return run_virtual(main, START)

    frames = heard()
    assert sum("new_trade" in text for text in frames) > 5
    assert sum("market_ticker" in text for text in frames) > 5
    assert frames == heard()


def test_a_client_that_is_silent_for_a_minute_is_told_so_in_that_moment(venue: Venue) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        await clock.sleep(10)
        await socket.send(HEARTBEAT)
        await socket.receive()
        with pytest.raises(ConnectionError, match="the stream is closed: nothing was heard"):
            await socket.receive()
        assert clock.now() == START + timedelta(seconds=70)
        with pytest.raises(ConnectionError, match="nothing was heard"):
            await socket.send(HEARTBEAT)

    in_virtual_time(venue, main)


def test_a_heartbeat_every_30_seconds_keeps_the_stream_open(venue: Venue) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        for _ in range(10):
            await clock.sleep(30)
            await socket.send(HEARTBEAT)
            assert await event(socket) == "phx_reply"

    in_virtual_time(venue, main)


def test_what_waited_when_the_exchange_closed_is_still_read(venue: Venue) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        await socket.send(JOIN)
        await socket.send("no frame")
        assert await event(socket) == "phx_reply"
        with pytest.raises(ConnectionError, match="not a frame"):
            await socket.receive()

    in_virtual_time(venue, main)


def test_closing_ends_a_receive_that_is_under_way(venue: Venue) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()

        async def wait() -> None:
            with pytest.raises(ConnectionError, match="the client has closed"):
                await socket.receive()

        async with asyncio.TaskGroup() as group:
            group.create_task(wait())
            await clock.sleep(1)
            await socket.close()
        await socket.close()
        assert clock.now() == START + timedelta(seconds=1)

    in_virtual_time(venue, main)


def test_after_closing_nothing_is_read_or_sent(venue: Venue) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        await socket.send(JOIN)
        await socket.close()
        with pytest.raises(ConnectionError):
            await socket.receive()
        with pytest.raises(ConnectionError):
            await socket.send(JOIN)

    in_virtual_time(venue, main)


def test_a_receive_that_is_cancelled_loses_no_frame(venue: Venue) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await socket.receive()
        await socket.send(JOIN)
        assert await event(socket) == "phx_reply"

    in_virtual_time(venue, main)


def test_a_client_that_does_not_read_is_cut_off(venue: Venue) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        for _ in range(1_001):
            await socket.send(HEARTBEAT)
        with pytest.raises(ConnectionError, match="too slow"):
            await socket.receive()

    in_virtual_time(venue, main)


def test_the_exchange_behind_the_stream_is_the_one_behind_the_requests(api: ExchangeApi, alice: Client) -> None:
    async def main(clock: VirtualClock, dialer: Dialer) -> None:
        socket = await dialer.connect()
        await clock.sleep(20)
        await socket.send(JOIN)
        assert api.venue.now == clock.now()

    in_virtual_time(api.venue, main)
