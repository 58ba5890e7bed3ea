"""One WebSocket connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp

from bot.grid.refusals import shortened

CLOSE_SECONDS = 2.0
"""How long the other side may take to agree that a connection is closed."""


class WebSocket:
    """An open connection that carries text frames both ways. It implements `bot.ports.Socket`."""

    def __init__(self, session: aiohttp.ClientSession, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self._connection = connection

    async def send(self, frame: str) -> None:
        """Send a frame. Raises `ConnectionError` when the connection is gone."""
        try:
            await self._connection.send_str(frame)
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionError(f"the connection broke: {error}") from error

    async def receive(self) -> str:
        """The next text frame. Raises `ConnectionError` when the connection is gone."""
        while True:
            message = await self._connection.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                return str(message.data)
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise ConnectionError(self._end(message))

    async def close(self) -> None:
        """Close the connection, and let go of it."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._connection.close()
        finally:
            await self._session.close()

    def _end(self, message: aiohttp.WSMessage) -> str:
        if message.type is aiohttp.WSMsgType.ERROR:
            return f"the connection broke: {message.data}"
        reason = f": {shortened(str(message.extra))}" if message.extra else ""
        return f"the connection was closed with code {self._connection.close_code}{reason}"
