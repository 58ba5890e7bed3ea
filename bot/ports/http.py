"""HTTP: one exchange's signed requests, and requests to any host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it goes on the wire.

    Attributes:
        method: upper-case HTTP method.
        path: full, already percent-encoded URL path with its prefix (`/v1/...`), without the query.
        query: decoded names and values, in order; names may repeat.
        headers: as they are sent.
        body: the exact bytes; empty for none.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Transport(Protocol):
    """Carries one request to one exchange and brings its answer back. Sends once; never retries."""

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status.

        Raises:
            NotSentError: the request certainly never reached the exchange.
            ConnectionError: the connection broke after the request may have been read.
            TimeoutError: no answer in time.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; nothing can be sent afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class WebRequest:
    """An HTTP request to any host. `url` is absolute, percent-encoded, and goes out as it is."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class WebAnswer(Protocol):
    """An HTTP answer whose body may still be on its way. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece as it comes. Raises `ConnectionError` when it ends too early, or `TimeoutError`."""
        ...


class Web(Protocol):
    """Sends requests to any host, once each, following no redirect."""

    def open(self, request: WebRequest) -> AbstractAsyncContextManager[WebAnswer]:
        """The answer, whatever its status, while the block runs.

        Raises (when entered):
            NotSentError: the request certainly never reached the host.
            ConnectionError: the connection broke after the request may have been read.
            TimeoutError: no answer in time.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; nothing can be sent afterwards."""
        ...
