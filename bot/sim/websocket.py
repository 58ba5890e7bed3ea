"""The stream over WebSockets: a thin adapter between aiohttp and the sessions of the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import WSCloseCode, WSMsgType, web

from bot.ports import Clock
from bot.sim.stream import StreamHub
from bot.sim.stream_frames import MAX_FRAME_BYTES
from bot.sim.stream_session import StreamSession

PATHS = ("/v1/", "/trading_socket/websocket")
"""Where the stream is served."""

VERSION = "1.0.0"
"""The only version of the wire form that is spoken."""

SEND_SECONDS = 5.0
"""How long a client may take to make room for a frame; then it is too slow, and is cut off."""

_MAX_REASON_BYTES = 123
_GONE = "the client has gone"


class StreamDoor:
    """Lets WebSocket clients in to a stream.

    Args:
        hub: the stream.
        clock: the exchange's time.
        report: called whenever something may have changed, before anybody hears of it; when it fails, nobody does.
    """

    def __init__(self, hub: StreamHub, clock: Clock, report: Callable[[], Awaitable[None]]) -> None:
        self._hub = hub
        self._clock = clock
        self._report = report
        self._stopped = False

    def open(self, app: web.Application) -> None:
        """Serve the stream on its paths, until the application shuts down."""
        for path in PATHS:
            app.router.add_get(path, self._serve)
        app.on_shutdown.append(self._stop)

    async def _stop(self, _: web.Application) -> None:
        self._stopped = True
        self._hub.close("the exchange is shutting down")

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        if request.query.get("vsn", VERSION) != VERSION:
            raise web.HTTPForbidden(text=f"only version {VERSION} of the frames is spoken here")
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME_BYTES, compress=False)
        await socket.prepare(request)
        stirred = asyncio.Event()
        session = self._hub.connect(self._clock.now(), stirred=stirred.set)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send(request, socket, session, stirred))
                await self._receive(socket, session)
        finally:
            session.cut(_GONE)
        return socket

    async def _receive(self, socket: web.WebSocketResponse, session: StreamSession) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                session.receive(message.data, self._clock.now())
                await self._report()
            else:
                session.close("only text frames are understood")
        session.cut(_GONE)

    async def _send(
        self, request: web.Request, socket: web.WebSocketResponse, session: StreamSession, stirred: asyncio.Event
    ) -> None:
        try:
            while session.closed is None:
                await stirred.wait()
                stirred.clear()
                while (frame := session.take()) is not None:
                    await self._report()
                    async with asyncio.timeout(SEND_SECONDS):
                        await socket.send_str(frame)
        except (TimeoutError, ConnectionError):
            session.cut(f"the client has gone, or has read nothing for {SEND_SECONDS:g} seconds")
            if request.transport is not None:
                request.transport.abort()
        code = WSCloseCode.GOING_AWAY if self._stopped else WSCloseCode.POLICY_VIOLATION
        reason = (session.closed or "").encode()[:_MAX_REASON_BYTES]
        await socket.close(code=code, message=reason, drain=False)
