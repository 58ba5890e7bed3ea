"""Connections over real WebSockets."""

from __future__ import annotations

import asyncio
import random
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from aiohttp import WSMsgType, web

from bot.clock import SeededIds, SystemClock
from bot.domain.order import NewOrder, Side
from bot.domain.stream import FillUpdate, OrderUpdate, StreamEvent, StreamUp
from bot.errors import ConfigError, NotFound
from bot.grid.stream import AiohttpDialer, GaplessStream, Stream
from bot.grid.stream.dialer import MAX_FRAME_BYTES
from bot.grid.trading import TradingClient
from bot.grid.transport import AiohttpTransport
from bot.ports import Socket
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.server import serve
from bot.sim.stream import StreamHub
from bot.sim.venue import Venue
from tests.grid.raw_server import drop, raw_server, say, stall
from tests.grid.scripted import KEY

Serve = Callable[[web.WebSocketResponse], Awaitable[None]]


@asynccontextmanager
async def served(serve_socket: Serve, path: str = "/v1/") -> AsyncIterator[str]:
    """A WebSocket server; gives the base URL of the exchange that it could belong to."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await serve_socket(socket)
        return socket

    app = web.Application()
    app.router.add_get(path, handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()


async def echo(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_bytes(b"not for us")
            await socket.send_str(f"{message.data}!")


@asynccontextmanager
async def connected(base_url: str, stream_url: str | None = None) -> AsyncIterator[Socket]:
    socket = await AiohttpDialer(stream_url, base_url, 5).connect()
    try:
        yield socket
    finally:
        await socket.close()


@pytest.mark.parametrize("path", ["/v1/", "/trading_socket/websocket"])
async def test_text_goes_both_ways_at_either_of_the_usual_places(path: str) -> None:
    async with served(echo, path) as base_url:
        dialer = AiohttpDialer(None, base_url, 5)
        for _ in range(2):
            socket = await dialer.connect()
            await socket.send("hello")
            assert await socket.receive() == "hello!"
            await socket.close()


async def test_a_place_that_is_given_is_the_only_one() -> None:
    async with served(echo, "/elsewhere") as base_url:
        stream_url = base_url.replace("http", "ws").replace("/v1", "/elsewhere")
        async with connected(base_url, stream_url) as socket:
            await socket.send("hello")
            assert await socket.receive() == "hello!"
        with pytest.raises(NotFound, match="/other"):
            await AiohttpDialer(stream_url.replace("elsewhere", "other"), base_url, 5).connect()


async def test_what_worked_last_is_tried_first() -> None:
    async with raw_server([say("404 Not Found"), say("500 Oops"), say("200 OK"), say("404 Not Found")]) as server:
        dialer = AiohttpDialer(None, server.url, 5)
        for _ in range(2):
            with pytest.raises(ConnectionError, match="does not open a stream"):
                await dialer.connect()
    assert [seen.line.split()[1] for seen in server.seen] == ["/v1/", "/trading_socket/websocket?vsn=1.0.0"] * 2


async def test_no_stream_anywhere_is_not_found() -> None:
    async with raw_server([say("404 Not Found"), say("404 Not Found")]) as server:
        with pytest.raises(NotFound, match=r"no stream at ws://.*/v1/ or ws://.*vsn=1\.0\.0"):
            await AiohttpDialer(None, server.url, 5).connect()


async def test_a_redirect_is_not_followed() -> None:
    redirect = say("307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/v1/")
    async with raw_server([redirect, redirect]) as server:
        with pytest.raises(ConnectionError, match="redirect is not followed 307"):
            await AiohttpDialer(None, server.url, 5).connect()
    assert len(server.seen) == 2


async def test_a_server_that_hangs_up_or_is_not_there_is_a_connection_error() -> None:
    async with raw_server([drop]) as server:
        with pytest.raises(ConnectionError, match="no connection to ws://"):
            await AiohttpDialer(None, server.url, 5).connect()
    with pytest.raises(ConnectionError, match="no connection to ws://"):
        await AiohttpDialer(None, server.url, 5).connect()


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    async with raw_server([stall]) as server:
        with pytest.raises(TimeoutError, match=r"within 0\.05 s"):
            await AiohttpDialer(None, server.url, 0.05).connect()


async def test_a_connection_that_the_exchange_closes_says_why() -> None:
    async def close(socket: web.WebSocketResponse) -> None:
        await socket.close(code=1008, message=b"too slow")

    async with served(close) as base_url, connected(base_url) as socket:
        with pytest.raises(ConnectionError, match="code 1008: too slow"):
            await socket.receive()
        with pytest.raises(ConnectionError):
            await socket.receive()
        with pytest.raises(ConnectionError):
            await socket.send("hello")


async def test_a_frame_that_is_too_large_ends_the_connection() -> None:
    async def flood(socket: web.WebSocketResponse) -> None:
        await socket.send_str("x" * (MAX_FRAME_BYTES - 1))
        await socket.send_str("x" * MAX_FRAME_BYTES)

    async with served(flood) as base_url, connected(base_url) as socket:
        assert len(await socket.receive()) == MAX_FRAME_BYTES - 1
        with pytest.raises(ConnectionError, match="the connection broke"):
            await socket.receive()


async def test_closing_ends_a_receive_under_way() -> None:
    async with served(echo) as base_url:
        socket = await AiohttpDialer(None, base_url, 5).connect()

        async def wait() -> None:
            with pytest.raises(ConnectionError):
                await socket.receive()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wait())
            await asyncio.sleep(0.01)
            await socket.close()


@pytest.mark.parametrize(
    ("stream_url", "base_url"),
    [
        ("ws://example.org/v1/", "https://example.org/v1"),
        ("https://example.org/v1/", "https://example.org/v1"),
        ("wss://user:secret@example.org/", "https://example.org/v1"),
        ("wss://[example.org/", "https://example.org/v1"),
        ("wss:///v1/", "https://example.org/v1"),
        ("wss://stream..example.org/v1/", "https://example.org/v1"),
        (None, "http://example.org/v1"),
    ],
)
def test_addresses_that_cannot_be_trusted_are_refused(stream_url: str | None, base_url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        AiohttpDialer(stream_url, base_url, 5)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("stream_url", [None, "wss://example.org/v1/", "ws://localhost/v1/", "ws://[::1]:8080/v1/"])
def test_encrypted_addresses_and_those_of_this_machine_are_fine(stream_url: str | None) -> None:
    AiohttpDialer(stream_url, "https://example.org/v1", 5)


async def test_orders_and_fills_come_over_a_real_connection() -> None:
    clock = SystemClock()
    venue = Venue(VenueConfig(symbols=("text-prime",)), start=clock.now(), ids=SeededIds(7))
    venue.add_account("mine", verify_key=b64decode(KEY.public_key), cash=Decimal(1000))
    theirs = venue.add_account("theirs", units={"text-prime": 100})
    market = venue.market_by_symbol("text-prime")

    async def until(events: AsyncIterator[StreamEvent], kind: type[StreamEvent]) -> StreamEvent:
        async for event in events:
            if isinstance(event, kind):
                return event
        raise AssertionError("the stream has ended")

    async with serve(ExchangeApi(venue), clock, stream=StreamHub(venue)) as server:
        base_url = f"{server.url}/v1"
        async with TradingClient(AiohttpTransport(base_url), KEY, clock) as client:
            stream = Stream(AiohttpDialer(None, base_url, 5), KEY, clock, chance=random.Random(1))
            async with asyncio.timeout(10), GaplessStream(stream, client, clock).open([market.market_id]) as events:
                await until(events, StreamUp)
                placed = await client.place(NewOrder("gb-1", market.market_id, Side.BUY, 2, Decimal("1.50")))
                told = await until(events, OrderUpdate)
                assert isinstance(told, OrderUpdate)
                assert (told.order.order_id, told.order.client_order_id) == (placed.order_id, "gb-1")
                venue.place(theirs, market, Side.SELL, 2, 1_500_000)
                filled = await until(events, FillUpdate)
                assert isinstance(filled, FillUpdate)
                assert [filled.fill] == await client.fills()
