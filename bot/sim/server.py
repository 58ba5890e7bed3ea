"""The simulated exchange over HTTP: a thin adapter between aiohttp and the request handler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bot.errors import DaemonError
from bot.ports import Clock, Request
from bot.sim.api import ExchangeApi

MAX_BODY_BYTES = 1_000_000
"""The largest request body that is read; a larger one is answered with 413."""

READ_SECONDS = 10.0
"""How long a client may take to send a body, answered with 408 after that."""

KEEP_ALIVE_SECONDS = 75.0
"""How long a silent connection stays open: longer than clients keep theirs, so that none meets a closing one."""

STEP_SECONDS = 1.0
"""How often the exchange moves on while nobody asks it anything."""

SHUTDOWN_SECONDS = 0.4
"""How long a request under way may still take when the server stops."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `url` is its root, without a slash at the end."""

    url: str


@asynccontextmanager
async def serve(
    api: ExchangeApi,
    clock: Clock,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_change: Callable[[], None] = lambda: None,
) -> AsyncIterator[Server]:
    """Answer HTTP requests, and keep the exchange moving, while the block runs.

    Args:
        api: what answers.
        clock: the exchange's time.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        on_change: called whenever anything that a user's account sees has changed, before the answer goes out that
            tells of it; when it fails, the client gets 500 instead.

    Raises:
        DaemonError: the address cannot be listened on.
        Exception: what a step of the exchange raised, or `on_change` after one; the block is cancelled then.
    """
    keeper = _Keeper(api, clock, on_change)
    async with _listening(keeper, host, port) as server:
        try:
            async with asyncio.TaskGroup() as group:
                steps = group.create_task(keeper.keep_moving())
                yield server
                steps.cancel()
        except BaseExceptionGroup as failed:
            if len(failed.exceptions) == 1:
                raise failed.exceptions[0] from None
            raise


class _Keeper:
    """Lets requests and time into the exchange, and reports changes before anybody hears of them."""

    def __init__(self, api: ExchangeApi, clock: Clock, on_change: Callable[[], None]) -> None:
        self._api = api
        self._clock = clock
        self._on_change = on_change
        self._reported = api.venue.revision

    async def answer(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        answer = self._api.handle(_ported(request, body), self._clock.now())
        self._report()
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def keep_moving(self) -> None:
        while True:
            await self._clock.sleep(STEP_SECONDS)
            self._api.venue.advance(self._clock.now())
            self._report()

    def _report(self) -> None:
        revision = self._api.venue.revision
        if revision != self._reported:
            self._on_change()
            self._reported = revision


def _ported(request: web.Request, body: bytes) -> Request:
    return Request(
        method=request.method,
        path=request.raw_path.partition("?")[0],
        query=tuple(request.query.items()),
        headers=dict(request.headers),
        body=body,
    )


@asynccontextmanager
async def _listening(keeper: _Keeper, host: str, port: int) -> AsyncIterator[Server]:
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_route("*", "/{path:.*}", keeper.answer)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        lingering_time=SHUTDOWN_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise DaemonError(
                f"the simulated exchange cannot listen on {host} port {port} ({error.strerror or error}); "
                "stop what uses the port, or choose another (0 takes a free one)"
            ) from None
        bound_host, bound_port = runner.addresses[0][:2]
        yield Server(
            f"http://[{bound_host}]:{bound_port}" if ":" in bound_host else f"http://{bound_host}:{bound_port}"
        )
    finally:
        await runner.cleanup()
