"""Carries requests to the exchange over HTTPS."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from bot.errors import NotSentError
from bot.grid.endpoint import Endpoint
from bot.grid.sessions import Attempt, one_shot_session
from bot.ports import Request, Response

MAX_ANSWER_BYTES = 64_000_000
"""The largest answer that is read, unpacked; a longer one would fill the memory."""


class AiohttpTransport:
    """Sends each request once, as it is, over pooled connections. Nothing is retried and no redirect is followed.

    Args:
        base_url: where the exchange is; https, unless it is this machine.
        timeout_seconds: how long a request may take, from connecting to the last byte of the answer.

    Attributes:
        base_path: the path of the base URL, with which every request's path begins.

    Raises:
        ConfigError: the base URL cannot be used.
    """

    def __init__(self, base_url: str, timeout_seconds: float = 10.0) -> None:
        endpoint = Endpoint.of(base_url)
        self.base_path = endpoint.base_path
        self._origin = endpoint.origin
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status.

        Raises:
            NotSentError: there was no connection to send it over.
            ConnectionError: the connection broke, or answered something else than HTTP, or without end.
            TimeoutError: no answer in time.
        """
        if self._closed:
            raise NotSentError("the transport is closed", method=request.method, path=request.path)
        attempt = Attempt()
        try:
            return await self._exchange(request, attempt)
        except (aiohttp.ClientError, OSError) as error:  # time-outs are OSErrors
            if not attempt.connected:
                raise self._not_sent(request, error) from error
            if isinstance(error, TimeoutError):
                raise TimeoutError(f"no answer within {self._timeout_seconds:g} s") from error
            raise ConnectionError(f"the connection broke: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Let go of connections; nothing can be sent afterwards."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, request: Request, attempt: Attempt) -> Response:
        if self._session is None:
            self._session = one_shot_session(aiohttp.ClientTimeout(total=self._timeout_seconds))
        async with self._session.request(
            request.method,
            self._url(request),
            data=request.body or None,
            headers=request.headers,
            allow_redirects=False,
            trace_request_ctx=attempt,
        ) as answer:
            body = await _whole(answer)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status, headers, body)

    def _url(self, request: Request) -> URL:
        query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
        return URL(f"{self._origin}{request.path}{query}", encoded=True)

    def _not_sent(self, request: Request, error: Exception) -> NotSentError:
        too_slow = isinstance(error, TimeoutError)
        why = f"no connection to {self._origin} within {self._timeout_seconds:g} s" if too_slow else str(error)
        return NotSentError(why, method=request.method, path=request.path)


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ConnectionError(f"an answer of more than {MAX_ANSWER_BYTES:,} bytes")
    return bytes(body)
