"""The way of requests to the HTTP server, on which things go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.ports import Clock, Response
from bot.sim.faults.answers import half, spoiled
from bot.sim.faults.faults import Faults
from bot.sim.faults.kinds import BrokenWay, Truncated
from bot.sim.inference.http import CUT_SHORT

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def faulty(faults: Faults, clock: Clock) -> Middleware:
    """Has befall every request what its faults want."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        fate = faults.fate(request.method, request.raw_path.partition("?")[0], clock.now())
        if fate.delay:
            await clock.sleep(fate.delay)
        if fate.broken is None:
            return await handler(request)
        answer = await _applied(request, handler) if fate.broken.is_applied else None
        if answer is not None and answer.prepared:  # a stream, which has gone out already as far as it was to go
            return answer
        return await _broken(request, fate.broken, answer, clock.now())

    return middleware


async def _applied(request: web.Request, handler: Handler) -> web.StreamResponse:
    token = CUT_SHORT.set(True)
    try:
        return await handler(request)
    finally:
        CUT_SHORT.reset(token)


async def _broken(
    request: web.Request, fault: BrokenWay, answer: web.StreamResponse | None, now: datetime
) -> web.StreamResponse:
    given = None
    if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        given = Response(answer.status, dict(answer.headers), answer.body)
    if isinstance(fault, Truncated) and given is not None and given.body:
        return await _cut_short(request, given)
    heard = spoiled(fault, given, now)
    if heard is None:
        _abort(request)
        return answer or web.Response()
    headers = {name: value for name, value in heard.headers.items() if name.lower() != "content-length"}
    return web.Response(status=heard.status, headers=headers, body=heard.body)


async def _cut_short(request: web.Request, answer: Response) -> web.StreamResponse:
    """Promise the whole body, and send half of it."""
    cut = web.StreamResponse(status=answer.status, headers=answer.headers)
    cut.content_length = len(answer.body)
    await cut.prepare(request)
    await cut.write(half(answer.body))
    if request.transport is not None:
        request.transport.close()  # unlike `abort`, it lets out what was written
    return cut


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
