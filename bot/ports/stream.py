"""The exchange's stream, and the connections that it comes over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.domain.stream import StreamEvent


class Socket(Protocol):
    """An open connection that carries text frames both ways."""

    async def send(self, frame: str) -> None:
        """Send a frame. Raises `ConnectionError` when the connection is gone."""
        ...

    async def receive(self) -> str:
        """The next frame; waits for one as long as it takes. Raises `ConnectionError` when the connection is gone."""
        ...

    async def close(self) -> None:
        """Close the connection; a `receive` under way ends with `ConnectionError`."""
        ...


class Dialer(Protocol):
    """Opens connections to one exchange's stream."""

    async def connect(self) -> Socket:
        """A new connection.

        Raises:
            ConnectionError: it could not be opened; trying again later may help.
            TimeoutError: not in time.
            NotFound: the exchange serves no stream.
        """
        ...


class MarketStream(Protocol):
    """The exchange's stream, which opens again whenever it breaks."""

    def open(self, market_ids: Sequence[str] = ()) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """Events of our orders and of these markets while the block runs, for ever.

        `StreamUp` tells of every connection, `StreamDown` of every break. What happens while it is down is lost:
        whoever hears `StreamUp` reads by request what it needs to know.

        Raises (when entered or iterated):
            NotFound: the exchange serves no stream.
        """
        ...
