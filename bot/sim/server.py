"""The simulated exchange over HTTP: a thin adapter between aiohttp and the request handler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias, TypeVar

import msgspec
from aiohttp import web

from bot.ports import Clock, Request, Response
from bot.sim.answers import refused
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.faults.faults import Faults
from bot.sim.faults.middleware import faulty
from bot.sim.inference import InferenceApi
from bot.sim.inference.http import InferenceDoors
from bot.sim.openapi import describe
from bot.sim.refusals import Refusal
from bot.sim.site import listening
from bot.sim.stream import StreamHub
from bot.sim.websocket import StreamDoor

Answer = TypeVar("Answer")

Handle: TypeAlias = Callable[[Request, datetime], Response]
"""Lets time pass until a moment, then answers a request."""

ADMIN_HOST = "127.0.0.1"
"""Where the admin port is, wherever the exchange is: whoever reaches it may do everything."""

MAX_BODY_BYTES = 1_000_000
"""The largest request body that is read; a larger one is answered with 413."""

READ_SECONDS = 10.0
"""How long a client may take to send a body, answered with 408 after that."""

STEP_SECONDS = 1.0
"""How often the exchange moves on while nobody asks it anything, in its own time."""

SHORTEST_STEP_SECONDS = 0.1
"""How often it does so at most, by the clock."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its root, and that of its admin port if it has one, without a slash at the end."""

    url: str
    admin_url: str | None = None


@asynccontextmanager
async def serve(
    api: ExchangeApi,
    clock: Clock,
    *,
    stream: StreamHub | None = None,
    inference: InferenceApi | None = None,
    faults: Faults | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    supplier_port: int = 0,
    admin: Handle | None = None,
    admin_port: int = 0,
    on_change: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[Server]:
    """Answer HTTP requests, and keep the exchange moving, while the block runs.

    Args:
        api: what answers.
        clock: the exchange's time.
        stream: what is served to WebSockets on the same port; None: there is no stream.
        inference: what answers inference requests, which come to the same port; None: there is no inference.
        faults: what goes wrong with requests on their way, on request; None: nothing.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        supplier_port: the port that inference is redirected to; 0 takes a free one.
        admin: what answers on the admin port; None: there is none.
        admin_port: the port of that, always on 127.0.0.1; 0 takes a free one.
        on_change: called whenever anything that a user's account sees has changed, before the answer goes out that
            tells of it; when it fails, the client gets 500 instead.

    Raises:
        DaemonError: the address cannot be listened on.
        Exception: what a step of the exchange raised, or `on_change` after one; the block is cancelled then.
    """
    gate = _Gate(api, clock, on_change, api.venue.advance if stream is None else stream.advance)
    middlewares = () if faults is None else (faulty(faults, clock),)
    async with AsyncExitStack() as stack:
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=middlewares)
        if stream is not None:
            StreamDoor(stream, clock, gate.report).open(app)
        if inference is not None:
            doors = InferenceDoors(inference, gate.let_in)
            supplier = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=middlewares)
            supplier.router.add_route("*", "/{path:.*}", doors.supplier)
            doors.open_front(app, await stack.enter_async_context(listening(supplier, host, supplier_port)))
        app.router.add_get("/openapi.json", _description(api.venue.config))
        app.router.add_route("*", "/{path:.*}", gate.answer)
        admin_url = None
        if admin is not None:
            admin_app = web.Application(client_max_size=MAX_BODY_BYTES)
            admin_app.router.add_route("*", "/{path:.*}", partial(gate.answer, handle=admin))
            admin_url = str(await stack.enter_async_context(listening(admin_app, ADMIN_HOST, admin_port)))
        url = await stack.enter_async_context(listening(app, host, port))
        try:
            async with asyncio.TaskGroup() as group:
                steps = group.create_task(gate.keep_moving())
                yield Server(str(url), admin_url)
                steps.cancel()
        except BaseExceptionGroup as failed:
            if len(failed.exceptions) == 1:
                raise failed.exceptions[0] from None
            raise


class _Gate:
    """Lets requests and time into the exchange, and reports changes before anybody hears of them."""

    def __init__(
        self,
        api: ExchangeApi,
        clock: Clock,
        on_change: Callable[[], Awaitable[None]] | None,
        advance: Callable[[datetime], None],
    ) -> None:
        self._api = api
        self._clock = clock
        self._on_change = on_change
        self._advance = advance
        self._reported = api.venue.revision
        self._turn = asyncio.Lock()

    async def let_in(self, request: web.Request, handle: Callable[[Request, datetime], Answer]) -> Answer:
        answer = handle(_ported(request, await _body(request)), self._clock.now())
        await self.report()
        return answer

    async def answer(self, request: web.Request, handle: Handle | None = None) -> web.Response:
        answer = await self.let_in(request, handle or self._api.handle)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def keep_moving(self) -> None:
        pause = max(STEP_SECONDS / self._api.venue.config.speed, SHORTEST_STEP_SECONDS)
        while True:
            await self._clock.sleep(pause)
            self._advance(self._clock.now())
            await self.report()

    async def report(self) -> None:
        """Have changes reported, one report at a time: who waits for one finds its own change in the next."""
        if self._on_change is None:
            return
        async with self._turn:
            revision = self._api.venue.revision
            if revision != self._reported:
                await self._on_change()
                self._reported = revision


def _description(config: VenueConfig) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(describe(config)), content_type="application/json")

    return answer


async def _body(request: web.Request) -> bytes:
    if not request.can_read_body:
        return b""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await request.read()
    except TimeoutError:
        raise _told(web.HTTPRequestTimeout(), f"the body did not come within {READ_SECONDS:g} s") from None
    except web.HTTPRequestEntityTooLarge as error:
        raise _told(error, f"the body has more than {MAX_BODY_BYTES} bytes") from None


def _told(error: web.HTTPException, detail: str) -> web.HTTPException:
    """The error in the form of the exchange's own."""
    error.content_type = "application/json"
    error.text = refused(Refusal(error.status, "", detail)).body.decode()
    return error


def _ported(request: web.Request, body: bytes) -> Request:
    return Request(
        method=request.method,
        path=request.raw_path.partition("?")[0],
        query=tuple(request.query.items()),
        headers=dict(request.headers),
        body=body,
    )
