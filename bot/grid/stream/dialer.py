"""Where the exchange's stream is, and connections to it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bot.errors import ConfigError, NotFound
from bot.grid.endpoint import Endpoint, is_askable, is_loopback
from bot.grid.stream.websocket import WebSocket

MAX_FRAME_BYTES = 1024 * 1024
"""The exchange's frames are far smaller; whoever sends one of this size is cut off."""

PHOENIX_PATH = "/trading_socket/websocket?vsn=1.0.0"
"""Where the exchange's own client opens the stream; its documentation names the base URL with a slash at its end."""


class AiohttpDialer:
    """Opens connections to the exchange's stream. It follows no redirect.

    Args:
        stream_url: where the stream is; None: at either of the two usual places beside the Trading API.
        base_url: where the Trading API is.
        timeout_seconds: how long it may take to open a connection.

    Raises:
        ConfigError: an address cannot be used; it must be encrypted, unless it is this machine's.
    """

    def __init__(self, stream_url: str | None, base_url: str, timeout_seconds: float) -> None:
        self._urls = _beside(base_url) if stream_url is None else [_checked(stream_url)]
        self._timeout_seconds = timeout_seconds

    async def connect(self) -> WebSocket:
        """A new connection.

        Raises:
            ConnectionError: it could not be opened, or what answered is no stream.
            TimeoutError: not in time.
            NotFound: the exchange serves no stream.
        """
        refusal: ConnectionError | None = None
        for url in list(self._urls):
            try:
                socket = await self._open(url)
            except aiohttp.ClientResponseError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    refusal = ConnectionError(f"{url} does not open a stream: {error.message} {error.status}")
                continue
            except aiohttp.ClientError as error:
                raise ConnectionError(f"no connection to {url}: {error}") from error
            self._urls.sort(key=lambda one: one != url)  # the next connection begins with the place that has worked
            return socket
        if refusal is not None:
            raise refusal
        tried = " or ".join(str(url) for url in self._urls)
        raise NotFound(f"the exchange serves no stream at {tried}", status=HTTPStatus.NOT_FOUND)

    async def _open(self, url: URL) -> WebSocket:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), middlewares=(_stay,))
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return WebSocket(session, await session.ws_connect(url, max_msg_size=MAX_FRAME_BYTES))
        except TimeoutError:
            await session.close()
            raise TimeoutError(f"no connection to {url} within {self._timeout_seconds:g} s") from None
        except BaseException:
            await session.close()
            raise


async def _stay(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """What proves who we are goes nowhere else."""
    answer = await handler(request)
    if 300 <= answer.status < 400:
        answer.close()
        raise aiohttp.ClientResponseError(
            answer.request_info, answer.history, status=answer.status, message="a redirect is not followed"
        )
    return answer


def _beside(base_url: str) -> list[URL]:
    endpoint = Endpoint.of(base_url)
    origin = "ws" + endpoint.origin.removeprefix("http")
    return [URL(f"{origin}{endpoint.base_path}/"), URL(f"{origin}{PHOENIX_PATH}")]


def _checked(stream_url: str) -> URL:
    """The URL itself is not shown where it is refused: it may hold a secret by mistake."""
    try:
        parts = urlsplit(stream_url)
        host, url = parts.hostname or "", URL(stream_url)
    except ValueError as error:
        raise ConfigError(f"the stream's URL cannot be used: {error}") from None
    if parts.scheme not in ("ws", "wss") or not is_askable(host) or "@" in parts.netloc:
        raise ConfigError("the stream's URL cannot be used: write it as wss://host/v1/, without user or password")
    if parts.scheme == "ws" and not is_loopback(host):
        raise ConfigError("the stream's URL cannot be used: a stream from another machine needs wss")
    return url
