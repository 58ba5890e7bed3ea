"""The HTTP transport, against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Sequence
from contextlib import suppress

import pytest

from bot.errors import ConfigError, ExchangeError, NotSentError
from bot.grid.transport import AiohttpTransport
from bot.ports import Request, Response
from tests.grid.raw_server import Reaction, Seen, drop, raw_server, say, stall

METHODS = ["GET", "POST", "PUT", "DELETE"]


async def sent(
    *requests: Request, reactions: Sequence[Reaction], pause: float = 0.0, timeout_seconds: float = 5.0
) -> tuple[list[Response | Exception], list[Seen]]:
    """What came of the requests, sent one after the other over one transport, and what the server saw."""
    results: list[Response | Exception] = []
    async with raw_server(reactions) as server:
        transport = AiohttpTransport(server.url, timeout_seconds)
        for request in requests:
            try:
                results.append(await transport.send(request))
            except (OSError, ExchangeError) as error:
                results.append(error)
            await asyncio.sleep(pause)
        await transport.close()
    return results, server.seen


def request(method: str = "GET", path: str = "/v1/orders", body: bytes = b"") -> Request:
    return Request(method, path, body=body)


async def test_path_query_headers_and_body_arrive_as_they_are() -> None:
    body = '{"client_order_id":"zażółć-✓"}'.encode()
    asked = Request(
        "POST",
        "/v1/orders/a%2Fb%20%E2%9C%93%2520/../x",
        (("filters[0][field]", "status"), ("next", "a+b=c&d é"), ("next", "")),
        {"x-thegrid-timestamp": "1", "Content-Type": "application/json"},
        body,
    )
    [answer], [seen] = await sent(asked, reactions=[say("201 Created\r\nX-Request-ID: r1", b'{"data":{}}')])
    assert answer == Response(201, {"x-request-id": "r1", "content-length": "11"}, b'{"data":{}}')
    assert seen.line == (
        "POST /v1/orders/a%2Fb%20%E2%9C%93%2520/../x"
        "?filters%5B0%5D%5Bfield%5D=status&next=a%2Bb%3Dc%26d%20%C3%A9&next= HTTP/1.1"
    )
    assert seen.body == body
    assert seen.headers["x-thegrid-timestamp"] == "1"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["accept-encoding"] == "identity"


async def test_a_request_without_a_body_has_none() -> None:
    _, [seen] = await sent(request("DELETE"), reactions=[say("204 No Content")])
    assert seen.body == b""
    assert "content-type" not in seen.headers
    assert "transfer-encoding" not in seen.headers


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", [204, 404, 500, 503])
async def test_every_status_is_an_answer(method: str, status: int) -> None:
    [answer], _ = await sent(request(method), reactions=[say(f"{status} Whatever")])
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    [answer], seen = await sent(request("POST"), reactions=[say(f"{status} Moved\r\nLocation: /v1/elsewhere")])
    assert isinstance(answer, Response)
    assert answer.status == status
    assert len(seen) == 1


async def test_a_compressed_answer_is_unpacked_although_none_was_asked_for() -> None:
    packed = gzip.compress(b'{"data":[]}', mtime=0)
    [answer], _ = await sent(request(), reactions=[say("200 OK\r\ncontent-encoding: gzip", packed)])
    assert isinstance(answer, Response)
    assert answer.body == b'{"data":[]}'


async def test_cookies_are_not_kept() -> None:
    _, seen = await sent(request(), request(), reactions=[say("200 OK\r\nset-cookie: a=b"), say("200 OK")])
    assert "cookie" not in seen[1].headers


@pytest.mark.parametrize("method", METHODS)
async def test_a_connection_dropped_after_the_request_was_read_is_not_tried_again(method: str) -> None:
    [error], seen = await sent(request(method, body=b"{}"), reactions=[drop, say("200 OK")])
    assert type(error) is ConnectionError
    assert [one.line.split()[0] for one in seen] == [method]


@pytest.mark.parametrize("method", METHODS)
async def test_a_kept_connection_that_is_dropped_on_the_next_request_is_not_tried_again(method: str) -> None:
    results, seen = await sent(request(), request(method, body=b"{}"), reactions=[say("200 OK"), drop, say("200 OK")])
    assert type(results[1]) is ConnectionError
    assert [one.line.split()[0] for one in seen] == ["GET", method]


@pytest.mark.parametrize("method", METHODS)
async def test_a_kept_connection_that_the_server_closed_meanwhile_is_replaced(method: str) -> None:
    results, seen = await sent(
        request(),
        request(method, body=b"{}"),
        reactions=[say("200 OK", keep=False), say("202 Accepted")],
        pause=0.05,
    )
    assert [result.status for result in results if isinstance(result, Response)] == [200, 202]
    assert [one.line.split()[0] for one in seen] == ["GET", method]


@pytest.mark.parametrize("garbage", ["nonsense", "200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz"])
async def test_an_answer_that_is_not_http_is_a_broken_connection(garbage: str) -> None:
    async def babble(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {garbage}\r\n\r\n".encode())

    [error], seen = await sent(request("POST"), reactions=[babble])
    assert type(error) is ConnectionError
    assert len(seen) == 1


async def test_an_answer_that_breaks_off_is_a_broken_connection() -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data":')
        writer.close()

    [error], seen = await sent(request("DELETE"), reactions=[break_off])
    assert type(error) is ConnectionError
    assert len(seen) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_no_answer_in_time_is_a_timeout_and_not_tried_again(method: str) -> None:
    [error], seen = await sent(request(method), reactions=[stall, say("200 OK")], timeout_seconds=0.3)
    assert type(error) is TimeoutError
    assert "0.3 s" in str(error)
    assert len(seen) == 1


async def test_a_slow_answer_does_not_stretch_the_timeout() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        for _ in range(100):
            writer.write(b"x")
            await asyncio.sleep(0.01)

    [error], _ = await sent(request(), reactions=[drip], timeout_seconds=0.3)
    assert type(error) is TimeoutError


async def test_a_refused_connection_means_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        transport = AiohttpTransport(f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
        with pytest.raises(NotSentError, match=r"POST /v1/orders: Cannot connect to host 127\.0\.0\.1") as failed:
            await transport.send(request("POST"))
        assert (failed.value.method, failed.value.path) == ("POST", "/v1/orders")
        await transport.close()


async def test_an_unknown_host_means_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_such_host(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", no_such_host)
    transport = AiohttpTransport("https://exchange.invalid/v1")
    with pytest.raises(NotSentError, match="Name or service not known"):
        await transport.send(request("POST"))
    await transport.close()


async def test_a_connection_that_takes_too_long_means_not_sent() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]  # takes the TCP connection, and never starts TLS
        transport = AiohttpTransport(f"https://127.0.0.1:{port}/v1", timeout_seconds=0.05)
        with pytest.raises(NotSentError, match=rf"no connection to https://127\.0\.0\.1:{port} within 0\.05 s"):
            await transport.send(request("POST"))
        await transport.close()


async def test_nothing_is_sent_after_closing() -> None:
    async with raw_server([say("200 OK")]) as server:
        transport = AiohttpTransport(server.url)
        await transport.close()
        with pytest.raises(NotSentError, match="closed"):
            await transport.send(request())
        assert server.seen == []


async def test_a_transport_that_was_closed_after_use_sends_nothing_either() -> None:
    async with raw_server([say("200 OK")]) as server:
        transport = AiohttpTransport(server.url)
        await transport.send(request())
        await transport.close()
        with pytest.raises(NotSentError, match="closed"):
            await transport.send(request())
        assert len(server.seen) == 1


def test_the_base_path_is_that_of_the_base_url() -> None:
    assert AiohttpTransport("https://example.org/v1/").base_path == "/v1"


def test_plain_http_to_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="https"):
        AiohttpTransport("http://example.org/v1")


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(bytes(1_000_000))
                await writer.drain()

    [error], _ = await sent(request(), reactions=[flood])
    assert type(error) is ConnectionError
    assert "more than 64,000,000 bytes" in str(error)


async def test_an_answer_that_is_huge_when_unpacked_is_not_unpacked_to_its_end() -> None:
    packed = gzip.compress(bytes(70_000_000), compresslevel=1, mtime=0)
    [error], _ = await sent(request(), reactions=[say("200 OK\r\ncontent-encoding: gzip", packed)])
    assert type(error) is ConnectionError
    assert "more than 64,000,000 bytes" in str(error)
