"""The two doors of the Consumption API over HTTP: a thin adapter between aiohttp and the request handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import TypeAlias

from aiohttp import web
from yarl import URL

from bot.ports import Request
from bot.sim.inference.api import METHODS, InferenceAnswer, InferenceApi

Handle: TypeAlias = Callable[[Request, datetime], InferenceAnswer]

LetIn: TypeAlias = Callable[[web.Request, Handle], Awaitable[InferenceAnswer]]
"""Reads a request, has it answered at the present moment, and reports what that changed."""


CUT_SHORT = ContextVar("cut_short", default=False)
"""Whether the answer to the request under way breaks off in the middle, if it is a stream."""


class InferenceDoors:
    """Handlers of the front door and of the supplier."""

    def __init__(self, api: InferenceApi, let_in: LetIn) -> None:
        self._api = api
        self._let_in = let_in

    def open_front(self, app: web.Application, supplier: URL) -> None:
        """Add the routes of the front door; its redirects lead to the supplier's port of the address that was asked."""

        async def answer(request: web.Request) -> web.StreamResponse:
            asked_host = request.get_extra_info("sockname", (supplier.host,))[0]
            handle = partial(self._api.at_front_door, supplier_url=str(supplier.with_host(asked_host)))
            return await _sent(request, await self._let_in(request, handle))

        for path in METHODS:
            app.router.add_route("*", path, answer)

    async def supplier(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to the supplier."""
        return await _sent(request, await self._let_in(request, self._api.at_supplier))


async def _sent(request: web.Request, answer: InferenceAnswer) -> web.StreamResponse:
    if len(answer.pieces) == 1:
        return web.Response(status=answer.status, headers=answer.headers, body=answer.pieces[0])
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    with suppress(ConnectionError):  # a client may leave before the end; what it did not hear is metered all the same
        await response.prepare(request)
        is_cut = CUT_SHORT.get()
        for piece in answer.pieces[: len(answer.pieces) // 2] if is_cut else answer.pieces:
            await response.write(piece)
        if not is_cut:
            await response.write_eof()
        elif request.transport is not None:
            request.transport.close()
    return response
