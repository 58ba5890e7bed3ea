"""The web, against real servers on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from bot.errors import NotSentError
from bot.grid.web import AiohttpWeb
from bot.ports import Web, WebRequest
from tests.grid.raw_server import Reaction, Seen, drop, raw_server, say, stall

METHODS = ["GET", "POST", "DELETE"]


class Closing:
    """A web that is closed at the end of the block."""

    def __init__(self, timeout_seconds: float = 5.0) -> None:
        self.web: Web = AiohttpWeb(timeout_seconds)

    async def __aenter__(self) -> Web:
        return self.web

    async def __aexit__(self, *_: object) -> None:
        await self.web.close()


async def body_of(web: Web, request: WebRequest) -> tuple[int, bytes]:
    async with web.open(request) as answer:
        return answer.status, b"".join([chunk async for chunk in answer.chunks()])


async def outcome(
    request: WebRequest, reactions: Sequence[Reaction], *, timeout_seconds: float = 5.0, times: int = 1
) -> tuple[list[tuple[int, bytes] | Exception], list[Seen]]:
    """What came of sending a request so many times to a server that reacts so; its URL is a path."""
    results: list[tuple[int, bytes] | Exception] = []
    async with raw_server(reactions) as server, Closing(timeout_seconds) as web:
        url = server.url + request.url
        for _ in range(times):
            try:
                results.append(await body_of(web, WebRequest(request.method, url, request.headers, request.body)))
            except (OSError, NotSentError) as error:
                results.append(error)
        return results, server.seen


async def test_url_headers_and_body_arrive_as_they_are() -> None:
    headers = {"authorization": "Bearer k", "content-type": "application/json"}
    request = WebRequest("POST", "/a%2Fb/../c?x=%20&y=a+b", headers, '{"a":"✓"}'.encode())
    [answer], [seen] = await outcome(request, [say("201 Created", b"done")])
    assert answer == (201, b"done")
    assert seen.line == "POST /v1/a%2Fb/../c?x=%20&y=a+b HTTP/1.1"
    assert seen.body == '{"a":"✓"}'.encode()
    assert seen.headers["authorization"] == "Bearer k"
    assert seen.headers["content-type"] == "application/json"


async def test_header_names_are_lower_case() -> None:
    async with (
        raw_server([say("200 OK\r\nX-Request-ID: r1")]) as server,
        Closing() as web,
        web.open(WebRequest("GET", server.url)) as answer,
    ):
        assert answer.headers["x-request-id"] == "r1"


@pytest.mark.parametrize("status", [301, 303, 307, 308])
async def test_a_redirect_is_an_answer(status: int) -> None:
    [answer], seen = await outcome(WebRequest("POST", "/x"), [say(f"{status} Moved\r\nLocation: /v1/elsewhere")])
    assert answer == (status, b"")
    assert len(seen) == 1


async def test_cookies_are_not_kept() -> None:
    _, seen = await outcome(WebRequest("GET", ""), [say("200 OK\r\nset-cookie: a=b"), say("200 OK")], times=2)
    assert "cookie" not in seen[1].headers


async def test_pieces_come_as_they_are_sent() -> None:
    gate = asyncio.Event()

    async def in_two(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await gate.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
        await writer.drain()

    async with raw_server([in_two]) as server, Closing() as web, web.open(WebRequest("POST", server.url)) as answer:
        chunks = answer.chunks()
        assert await anext(chunks) == b"one"
        gate.set()
        assert [chunk async for chunk in chunks] == [b"two"]


async def test_an_answer_may_take_longer_than_the_time_out_while_more_of_it_comes() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
        for _ in range(10):
            await asyncio.sleep(0.05)
            writer.write(b"x")

    [answer], _ = await outcome(WebRequest("POST", ""), [drip], timeout_seconds=0.3)
    assert answer == (200, b"x" * 10)


async def test_an_answer_that_stops_coming_is_a_timeout() -> None:
    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nxxxxx")
        await asyncio.sleep(60)

    [error], _ = await outcome(WebRequest("POST", ""), [half], timeout_seconds=0.2)
    assert type(error) is TimeoutError
    assert str(error) == "nothing came for 0.2 s"


async def test_no_answer_in_time_is_a_timeout_and_not_tried_again() -> None:
    [error], seen = await outcome(WebRequest("GET", ""), [stall, say("200 OK")], timeout_seconds=0.2)
    assert type(error) is TimeoutError
    assert len(seen) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_connection_dropped_after_the_request_was_read_is_not_tried_again(method: str) -> None:
    [error], seen = await outcome(WebRequest(method, "", body=b"{}"), [drop, say("200 OK")])
    assert type(error) is ConnectionError
    assert len(seen) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_kept_connection_that_is_dropped_is_not_tried_again(method: str) -> None:
    results, seen = await outcome(WebRequest(method, "", body=b"{}"), [say("200 OK"), drop, say("200 OK")], times=2)
    assert results[0] == (200, b"")
    assert type(results[1]) is ConnectionError
    assert len(seen) == 2


async def test_an_answer_that_breaks_off_is_a_broken_connection() -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data":')
        writer.close()

    [error], _ = await outcome(WebRequest("POST", ""), [break_off])
    assert type(error) is ConnectionError


async def test_an_answer_that_is_not_http_is_a_broken_connection() -> None:
    for reaction in (babble, babble_on):
        [error], _ = await outcome(WebRequest("POST", ""), [reaction])
        assert type(error) is ConnectionError


async def babble(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 nonsense\r\n\r\n")


async def babble_on(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n")


@pytest.mark.parametrize("reaction", [babble, babble_on, drop, stall])
async def test_neither_headers_nor_the_url_are_in_what_is_raised(reaction: Reaction) -> None:
    request = WebRequest("POST", "/s3cret?s3cret", {"authorization": "Bearer s3cret"})
    [error], [seen] = await outcome(request, [reaction], timeout_seconds=0.2)
    assert "s3cret" in seen.line + str(seen.headers)
    assert isinstance(error, ConnectionError | TimeoutError)
    assert "s3cret" not in f"{error} {error!r} {vars(error)}"
    assert (error.__cause__, error.__context__) == (None, None)


async def test_leaving_early_closes_the_connection() -> None:
    gone = asyncio.Event()

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"3\r\none\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()
            raise

    async with raw_server([endless]) as server, Closing() as web:
        async with web.open(WebRequest("POST", server.url)) as answer:
            async for _ in answer.chunks():
                break
        async with asyncio.timeout(5):
            await gone.wait()


async def test_a_refused_connection_means_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with Closing() as web:
            with pytest.raises(NotSentError, match=rf"POST /a: Cannot connect to host 127\.0\.0\.1:{port}"):
                await body_of(web, WebRequest("POST", f"http://127.0.0.1:{port}/a?key=s3cret"))


async def test_a_connection_that_takes_too_long_means_not_sent() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with Closing(0.05) as web:  # the TCP connection is taken, and TLS never starts
            with pytest.raises(NotSentError, match=r"no connection within 0\.05 s"):
                await body_of(web, WebRequest("POST", f"https://127.0.0.1:{silent.getsockname()[1]}/"))


@pytest.mark.parametrize("used", [False, True])
async def test_nothing_is_sent_after_closing(used: bool) -> None:
    async with raw_server([say("200 OK")]) as server:
        web = AiohttpWeb()
        if used:
            await body_of(web, WebRequest("GET", server.url))
        await web.close()
        with pytest.raises(NotSentError, match="closed"):
            await body_of(web, WebRequest("GET", server.url))
        assert len(server.seen) == used
