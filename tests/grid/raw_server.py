"""A real server on loopback that does with each request what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came in: its first line, its headers under lower-case names, and its body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class RawServer:
    url: str = ""
    seen: list[Seen] = field(default_factory=list)


Reaction: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What is done with a request; the connection is closed when it returns, unless it is `keep`ing."""


def say(head: str, body: bytes = b"", *, keep: bool = True) -> Reaction:
    """Answer; then keep the connection open for the next request, or close it without having said so."""

    async def react(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        if not keep:
            writer.close()

    return react


async def drop(writer: asyncio.StreamWriter) -> None:
    """Read the request, then hang up."""
    writer.close()


async def stall(writer: asyncio.StreamWriter) -> None:
    """Read the request, and say nothing for long."""
    await asyncio.sleep(60)


@asynccontextmanager
async def raw_server(reactions: Iterable[Reaction]) -> AsyncIterator[RawServer]:
    """Serve; each request gets the next reaction, whatever connection it comes over."""
    left = list(reactions)
    server = RawServer()
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            while not writer.is_closing() and (request := await _read(reader)) is not None:
                server.seen.append(request)
                await left.pop(0)(writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listening.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    line, *rows = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
    return Seen(line, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
