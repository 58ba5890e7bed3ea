"""The stream over real WebSockets."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from bot.domain.order import Side
from bot.sim import websocket as websocket_module
from bot.sim.api import ExchangeApi
from bot.sim.server import Server, serve
from bot.sim.stream import StreamHub
from tests.sim.client import Client
from tests.sim.stream_client import HEARTBEAT, JOIN, USER_ORDERS, claim, frame
from tests.sim.test_server import Broken, HandClock

PATHS = ["/v1/", "/trading_socket/websocket?vsn=1.0.0", "/trading_socket/websocket"]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def server(api: ExchangeApi, clock: HandClock) -> AsyncIterator[Server]:
    async with serve(api, clock, stream=StreamHub(api.venue)) as server:
        yield server


async def ask(socket: ClientWebSocketResponse, text: str) -> Any:
    await socket.send_str(text)
    return await hear(socket)


async def hear(socket: ClientWebSocketResponse) -> Any:
    return json.loads(await socket.receive_str(timeout=5))


async def ended(socket: ClientWebSocketResponse) -> tuple[int, str]:
    """The code and the reason with which the server closed."""
    message = await socket.receive(timeout=5)
    assert message.type is WSMsgType.CLOSE, message
    return int(message.data), str(message.extra)


async def follow_orders(socket: ClientWebSocketResponse, client: Client) -> None:
    await ask(socket, JOIN)
    await ask(socket, frame("authenticate", claim(client.key)))
    assert (await ask(socket, frame("subscribe", {"streams": [USER_ORDERS]})))["payload"]["status"] == "ok"


@pytest.mark.parametrize("path", PATHS)
async def test_the_stream_is_served_on_both_paths(
    server: Server, alice: Client, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.ws_connect(server.url + path) as socket:
        assert (await ask(socket, JOIN))["payload"] == {"status": "ok", "response": {}}
        assert (await ask(socket, HEARTBEAT))["ref"] == "h"
        await follow_orders(socket, alice)
        alice.order()
        assert (await hear(socket))["event"] == "new_order"


async def test_a_request_over_http_is_told_on_the_stream(
    server: Server, alice: Client, http: aiohttp.ClientSession
) -> None:
    order = {"market_id": next(iter(alice.api.venue.markets)), "side": "buy", "type": "limit", "quantity": 1}
    async with http.ws_connect(server.url + "/v1/") as socket:
        await follow_orders(socket, alice)
        body = json.dumps(order | {"price": "1.00"}).encode()
        request = alice.signed("POST", "/v1/orders", body=body)
        async with http.post(server.url + request.path, data=body, headers=request.headers) as answer:
            assert answer.status == 201
        assert (await hear(socket))["event"] == "new_order"


async def test_another_version_of_the_frames_is_refused(server: Server, http: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(server.url + "/trading_socket/websocket?vsn=2.0.0")
    assert refused.value.status == 403


async def test_without_a_stream_its_path_is_not_found(
    api: ExchangeApi, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    async with serve(api, clock) as server:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(server.url + "/v1/")
    assert refused.value.status == 404


async def test_an_ordinary_request_of_its_path_is_told_that_a_websocket_is_wanted(
    server: Server, http: aiohttp.ClientSession
) -> None:
    async with http.get(server.url + "/v1/") as answer:
        assert answer.status == 400
        assert "WebSocket" in await answer.text()


async def test_what_is_no_frame_is_answered_first_and_then_closed_with_a_reason(
    server: Server, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(server.url + "/v1/") as socket:
        await socket.send_str(JOIN)
        await socket.send_str("{")
        assert (await hear(socket))["event"] == "phx_reply"
        code, reason = await ended(socket)
        assert code == 1008
        assert reason.startswith("not a frame")


async def test_a_binary_frame_is_closed_with_a_reason(server: Server, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(server.url + "/v1/") as socket:
        await socket.send_bytes(JOIN.encode())
        assert await ended(socket) == (1008, "only text frames are understood")


async def test_a_frame_that_is_far_too_large_is_not_even_read(server: Server, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(server.url + "/v1/") as socket:
        await socket.send_str("x" * 200_000)
        code, _ = await ended(socket)
        assert code == 1009


async def test_silence_closes_the_connection(server: Server, clock: HandClock, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(server.url + "/v1/") as socket:
        await ask(socket, JOIN)
        await clock.tick(seconds=60)
        code, reason = await ended(socket)
        assert code == 1008
        assert "heartbeat" in reason


async def test_a_client_that_does_not_read_is_cut_off(
    server: Server, alice: Client, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_module, "SEND_SECONDS", 0.05)
    async with http.ws_connect(server.url + "/v1/") as socket:
        await follow_orders(socket, alice)
        transport = socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        with pytest.raises(ConnectionError):
            await flood(socket, frame("subscribe", {"streams": [USER_ORDERS] * 1_500}))


async def flood(socket: ClientWebSocketResponse, text: str) -> None:
    async with asyncio.timeout(30):
        while True:
            await socket.send_str(text)
            await asyncio.sleep(0)


async def test_a_client_for_whom_too_much_waits_is_told_why_it_is_cut_off(
    server: Server, alice: Client, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(server.url + "/v1/") as socket:
        await follow_orders(socket, alice)
        market = alice.api.venue.market_by_symbol("text-prime")
        for _ in range(1_001):
            alice.api.venue.place(alice.account, market, Side.BUY, 1, 10_000)
        assert await ended(socket) == (1008, "too slow: 1000 frames were waiting to be read")


async def test_a_client_that_goes_without_a_word_is_forgotten(
    api: ExchangeApi, clock: HandClock, alice: Client, http: aiohttp.ClientSession
) -> None:
    hub = StreamHub(api.venue)
    async with serve(api, clock, stream=hub) as server:
        socket = await http.ws_connect(server.url + "/v1/")
        await follow_orders(socket, alice)
        socket._response.connection.transport.abort()  # type: ignore[union-attr]
        await until(lambda: hub.due_at is None)


async def test_a_client_that_closes_is_forgotten(
    api: ExchangeApi, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    hub = StreamHub(api.venue)
    async with serve(api, clock, stream=hub) as server:
        socket = await http.ws_connect(server.url + "/v1/")
        assert hub.due_at is not None
        await socket.close()
        assert socket.close_code == 1000
        await until(lambda: hub.due_at is None)


async def until(done: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if done():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not come to pass")


async def test_the_server_stops_within_a_second_and_says_goodbye(
    api: ExchangeApi, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    async with serve(api, clock, stream=StreamHub(api.venue)) as server:
        polite, deaf = [await http.ws_connect(server.url + "/v1/") for _ in range(2)]
        await ask(polite, JOIN)
        deaf._response.connection.transport.pause_reading()  # type: ignore[union-attr]
        goodbye = asyncio.create_task(ended(polite))
        await asyncio.sleep(0)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert await goodbye == (1001, "the exchange is shutting down")
    deaf._response.connection.transport.abort()  # type: ignore[union-attr]


async def test_a_change_is_reported_before_the_stream_tells_of_it(
    api: ExchangeApi, clock: HandClock, alice: Client, http: aiohttp.ClientSession
) -> None:
    reported: list[int] = []

    async def on_change() -> None:
        reported.append(alice.account.cash.locked)

    async with (
        serve(api, clock, stream=StreamHub(api.venue), on_change=on_change) as server,
        http.ws_connect(server.url + "/v1/") as socket,
    ):
        await follow_orders(socket, alice)
        reported.clear()
        alice.order()
        await hear(socket)
        assert reported == [1_000_000]


async def test_what_cannot_be_kept_is_not_told(
    api: ExchangeApi, clock: HandClock, alice: Client, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="aiohttp.server")

    async def fail() -> None:
        if alice.account.cash.locked:
            raise Broken

    async with (
        serve(api, clock, stream=StreamHub(api.venue), on_change=fail) as server,
        http.ws_connect(server.url + "/v1/") as socket,
    ):
        await follow_orders(socket, alice)
        alice.order()
        message = await socket.receive(timeout=5)
        assert message.type is not WSMsgType.TEXT
