"""The simulated exchange over real loopback HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import aiohttp
import msgspec
import pytest
from yarl import URL

from bot.errors import DaemonError
from bot.ports import Request, Response
from bot.sim import server as server_module
from bot.sim import site
from bot.sim.api import ExchangeApi
from bot.sim.server import serve
from bot.sim.venue import Venue
from tests.sim.client import START, Client


class HandClock:
    """A clock that a test moves: `tick` ends one sleep."""

    def __init__(self) -> None:
        self.moment = START
        self._ticks = asyncio.Semaphore(0)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        await self._ticks.acquire()

    async def tick(self, **span: float) -> None:
        self.moment += timedelta(**span)
        self._ticks.release()
        for _ in range(5):
            await asyncio.sleep(0)


class Echo(ExchangeApi):
    """Keeps the requests that reach it, and says so."""

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self.requests: list[Request] = []

    def handle(self, request: Request, now: datetime) -> Response:
        self.requests.append(request)
        return Response(207, {"content-type": "text/x-echo", "x-request-id": "r1"}, b"heard " + request.body)


class Broken(Exception):
    """What fails in these tests."""


class Failing:
    """An agent that cannot act."""

    def act(self, venue: Venue, now: datetime) -> datetime | None:
        raise Broken


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def send(http: aiohttp.ClientSession, url: str, request: Request) -> tuple[int, bytes]:
    target = URL(url + request.path, encoded=True).with_query(request.query)
    async with http.request(request.method, target, headers=request.headers, data=request.body or None) as answer:
        return answer.status, await answer.read()


async def test_a_request_reaches_the_handler_as_it_came_on_the_wire(
    venue: Venue, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    api = Echo(venue)
    async with serve(api, clock) as server:
        url = URL(
            server.url + "/v1/by-symbol/a%2Fb%20c?x=1%262&x=%C3%A9&filters%5B0%5D%5Bfield%5D=s&empty=", encoded=True
        )
        async with http.put(url, data=b"\x00 body", headers={"X-Mine": "yes"}) as answer:
            assert (answer.status, await answer.read()) == (207, b"heard \x00 body")
            assert (answer.headers["content-type"], answer.headers["x-request-id"]) == ("text/x-echo", "r1")
    (request,) = api.requests
    assert (request.method, request.path, request.body) == ("PUT", "/v1/by-symbol/a%2Fb%20c", b"\x00 body")
    assert request.query == (("x", "1&2"), ("x", "é"), ("filters[0][field]", "s"), ("empty", ""))
    assert request.headers["X-Mine"] == "yes"


async def test_signed_requests_trade_over_http_as_they_do_in_memory(
    api: ExchangeApi, alice: Client, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    market_id = api.venue.market_by_symbol("text-prime").market_id
    order = {"market_id": market_id, "side": "buy", "type": "limit", "quantity": 2, "price": "1.50"}
    async with serve(api, clock) as server:
        assert server.url.startswith("http://127.0.0.1:")
        place = alice.signed("POST", "/v1/orders", body=msgspec.json.encode(order))
        status, body = await send(http, server.url, place)
        assert (status, msgspec.json.decode(body)["data"]["price"]) == (201, "1.50")
        listing = alice.signed("GET", "/v1/trading/orders", query=[("market_id", market_id), ("limit", "1")])
        assert await send(http, server.url, listing) == (200, alice.send(listing).response.body)
        forged = alice.signed("POST", "/v1/orders", body=b"{}")
        status, _ = await send(http, server.url, Request("POST", "/v1/orders", headers=forged.headers, body=b"[]"))
        assert status == 401
        change = alice.signed(
            "PUT", f"/v1/orders/{msgspec.json.decode(body)['data']['order_id']}", body=b'{"quantity":1}'
        )
        assert (await send(http, server.url, change))[0] == 200
        cancel = alice.signed("DELETE", change.path)
        assert await send(http, server.url, cancel) == (204, b"")


async def test_a_body_over_the_limit_is_refused(
    api: ExchangeApi, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    async with serve(api, clock) as server:
        status, body = await send(http, server.url, Request("POST", "/v1/orders", body=b"x" * 1_000_001))
        assert status == 413
        assert msgspec.json.decode(body) == {"errors": {"detail": "the body has more than 1000000 bytes"}}
        status, _ = await send(http, server.url, Request("POST", "/v1/orders", body=b"x" * 1_000_000))
        assert status == 401


async def test_a_client_that_does_not_finish_its_body_is_cut_off(
    api: ExchangeApi, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "READ_SECONDS", 0.05)
    async with serve(api, clock) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(server.url).port)
        writer.write(b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert b"application/json" in head
        assert msgspec.json.decode(body) == {"errors": {"detail": "the body did not come within 0.05 s"}}
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 no HTTP\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\n\r\n",
        b"GET /v1/health?" + b"a" * 9000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n",
    ],
)
async def test_what_is_no_http_is_answered_and_not_logged(
    api: ExchangeApi, clock: HandClock, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    async with serve(api, clock) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(server.url).port)
        writer.write(sent)
        assert b" 400 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    assert not caplog.records


async def test_a_silent_connection_is_closed(
    api: ExchangeApi, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "KEEP_ALIVE_SECONDS", 0.05)
    async with serve(api, clock) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(server.url).port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_the_exchange_lives_while_nobody_asks(api: ExchangeApi, clock: HandClock) -> None:
    async with serve(api, clock):
        await clock.tick(seconds=7)
        assert api.venue.now == START + timedelta(seconds=7)
        await clock.tick(seconds=1)
        assert api.venue.now == START + timedelta(seconds=8)


async def test_a_change_is_reported_before_its_answer_goes_out_and_reads_report_nothing(
    api: ExchangeApi, alice: Client, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    reported: list[int] = []

    async def on_change() -> None:
        reported.append(alice.account.cash.locked)

    order = {"market_id": next(iter(api.venue.markets)), "side": "buy", "type": "limit", "quantity": 1, "price": "1.00"}
    async with serve(api, clock, on_change=on_change) as server:
        await send(http, server.url, alice.signed("GET", "/v1/orders"))
        assert reported == []
        await send(http, server.url, alice.signed("POST", "/v1/orders", body=msgspec.json.encode(order)))
        assert reported == [1_000_000]
        await clock.tick(seconds=1)
        assert reported == [1_000_000]


async def test_a_change_that_comes_by_itself_is_reported(api: ExchangeApi, alice: Client, clock: HandClock) -> None:
    reported: list[int] = []
    instrument_id = api.venue.market_by_symbol("text-prime").instrument_id
    api.venue.transfer(alice.account, instrument_id, 1)

    async def on_change() -> None:
        reported.append(alice.account.lots[instrument_id].units)

    async with serve(api, clock, on_change=on_change):
        await clock.tick(seconds=1)
        assert reported == []
        await clock.tick(seconds=1)
        assert reported == [1]


async def test_an_answer_whose_change_cannot_be_kept_is_an_error_and_ends_the_server(
    api: ExchangeApi, alice: Client, clock: HandClock, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise Broken

    caplog.set_level(logging.CRITICAL, logger="aiohttp.server")
    order = {"market_id": next(iter(api.venue.markets)), "side": "buy", "type": "limit", "quantity": 1, "price": "1.00"}

    async def live() -> None:
        async with serve(api, clock, on_change=fail) as server:
            place = alice.signed("POST", "/v1/orders", body=msgspec.json.encode(order))
            status, _ = await send(http, server.url, place)
            assert status == 500
            await clock.tick(seconds=1)
            await asyncio.sleep(60)

    with pytest.raises(Broken):
        await live()


async def test_an_agent_that_fails_ends_the_server_with_its_error(api: ExchangeApi, clock: HandClock) -> None:
    api.venue.add_agent(Failing(), START + timedelta(seconds=1))

    async def live() -> None:
        async with serve(api, clock):
            await clock.tick(seconds=1)
            await asyncio.sleep(60)

    with pytest.raises(Broken):
        await live()


async def test_an_error_inside_the_block_comes_out_as_it_is(api: ExchangeApi, clock: HandClock) -> None:
    with pytest.raises(KeyError):
        async with serve(api, clock):
            raise KeyError


async def test_errors_of_both_come_out_together(api: ExchangeApi, clock: HandClock) -> None:
    api.venue.add_agent(Failing(), START + timedelta(seconds=1))

    async def live() -> None:
        async with serve(api, clock):
            try:
                await clock.tick(seconds=1)
                await asyncio.sleep(60)
            finally:
                raise KeyError

    with pytest.raises(ExceptionGroup) as raised:
        await live()
    assert {type(error) for error in raised.value.exceptions} == {Broken, KeyError}


async def test_an_ipv6_address_is_written_as_urls_want_it(
    api: ExchangeApi, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    try:
        async with serve(api, clock, host="::1") as server:
            assert server.url.startswith("http://[::1]:")
            assert (await send(http, server.url, Request("GET", "/v1/health")))[0] == 200
    except DaemonError:
        pytest.skip("this machine has no IPv6 loopback")


async def test_a_port_in_use_is_told_in_one_line_with_a_remedy(api: ExchangeApi, clock: HandClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DaemonError) as raised:
            async with serve(api, clock, port=port):
                pass
    text = str(raised.value)
    assert f"cannot listen on 127.0.0.1 port {port}" in text
    assert "choose another" in text
    assert "\n" not in text


async def test_the_server_stops_within_a_second_whatever_its_clients_do(
    api: ExchangeApi, clock: HandClock, http: aiohttp.ClientSession
) -> None:
    async with serve(api, clock) as server:
        assert (await send(http, server.url, Request("GET", "/v1/health")))[0] == 200
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(server.url).port)
        writer.write(b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
        await asyncio.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert await reader.read() == b""
    writer.close()
