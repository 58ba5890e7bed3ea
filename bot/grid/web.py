"""Sends requests to any host, and brings their answers piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bot.errors import NotSentError
from bot.grid.sessions import Attempt, one_shot_session
from bot.ports import WebRequest


class AiohttpWeb:
    """Sends each request once, over pooled connections. Nothing is retried and no redirect is followed.

    Args:
        timeout_seconds: the longest that connecting may take, and the longest wait for the answer and for more of it;
            a whole answer may take longer.
    """

    def __init__(self, timeout_seconds: float = 120.0) -> None:
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @asynccontextmanager
    async def open(self, request: WebRequest) -> AsyncIterator[AiohttpAnswer]:
        """The answer, whatever its status, while the block runs; leaving it early closes the connection.

        Raises (when entered):
            NotSentError: there was no connection to send it over.
            ConnectionError: the connection broke, or answered something else than HTTP.
            TimeoutError: no answer in time.
        """
        async with await self._send(request) as response:
            yield AiohttpAnswer(response, self._timeout_seconds)

    async def close(self) -> None:
        """Let go of connections; nothing can be sent afterwards."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _send(self, request: WebRequest) -> aiohttp.ClientResponse:
        if self._closed:
            raise _not_sent(request, "the client is closed")
        if self._session is None:
            longest = self._timeout_seconds
            self._session = one_shot_session(
                aiohttp.ClientTimeout(total=None, connect=longest, sock_connect=longest, sock_read=longest)
            )
        attempt = Attempt()
        try:
            return await self._session.request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body or None,
                headers=request.headers,
                allow_redirects=False,
                trace_request_ctx=attempt,
            )
        except (aiohttp.ClientError, OSError) as error:  # time-outs are OSErrors
            failure = self._failure(request, error, connected=attempt.connected)
        raise failure  # out here it does not carry aiohttp's error, which holds headers and URL

    def _failure(self, request: WebRequest, error: Exception, *, connected: bool) -> Exception:
        if connected:
            return _broken(error, self._timeout_seconds)
        too_slow = isinstance(error, TimeoutError)
        return _not_sent(request, f"no connection within {self._timeout_seconds:g} s" if too_slow else str(error))


class AiohttpAnswer:
    """An answer whose body may still be on its way. Header names are lower-case."""

    def __init__(self, response: aiohttp.ClientResponse, timeout_seconds: float) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._timeout_seconds = timeout_seconds

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece as it comes. Raises `ConnectionError` when it ends too early, or `TimeoutError`."""
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            failure = _broken(error, self._timeout_seconds)
        else:
            return
        raise failure


def _not_sent(request: WebRequest, why: str) -> NotSentError:
    return NotSentError(why, method=request.method, path=urlsplit(request.url).path)


def _broken(error: Exception, timeout_seconds: float) -> ConnectionError | TimeoutError:
    if isinstance(error, TimeoutError):
        return TimeoutError(f"nothing came for {timeout_seconds:g} s")
    if isinstance(error, aiohttp.ClientResponseError):  # its own text has the whole URL
        return ConnectionError(f"the answer is not HTTP: {' '.join(error.message.split())}")
    return ConnectionError(f"the connection broke: {error or type(error).__name__}")
