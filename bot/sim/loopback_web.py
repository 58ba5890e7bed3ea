"""A web that needs no network: the simulated exchange and its supplier, reached in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from bot.errors import NotSentError
from bot.ports import Clock, Request, WebRequest
from bot.sim.inference import InferenceAnswer, InferenceApi

EXCHANGE_URL = "http://127.0.0.1:8080"
"""The root of the exchange's own address."""

SUPPLIER_URL = "http://127.0.0.1:8081"
"""The root of the address that redirects lead to."""


class LoopbackAnswer:
    """An answer whose pieces come one at a time; other tasks run before each."""

    def __init__(self, answer: InferenceAnswer) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._pieces = answer.pieces

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        for piece in self._pieces:
            await asyncio.sleep(0)
            yield piece


class LoopbackWeb:
    """Hands inference requests to a simulated exchange in this process; nothing else is on this web.

    The Consumption API is at `EXCHANGE_URL`, the supplier at `SUPPLIER_URL`.
    """

    def __init__(self, api: InferenceApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._closed = False

    @asynccontextmanager
    async def open(self, request: WebRequest) -> AsyncIterator[LoopbackAnswer]:
        """The answer, while the block runs.

        Raises:
            NotSentError: there is no such host here, or the web is closed.
        """
        url = urlsplit(request.url)
        if self._closed:
            raise NotSentError("the web is closed", method=request.method, path=url.path)
        await asyncio.sleep(0)
        asked = Request(request.method, url.path, headers=request.headers, body=request.body)
        root = f"{url.scheme}://{url.netloc}"
        if root == EXCHANGE_URL:
            answer = self._api.at_front_door(asked, self._clock.now(), SUPPLIER_URL)
        elif root == SUPPLIER_URL:
            answer = self._api.at_supplier(asked, self._clock.now())
        else:
            raise NotSentError(f"there is no {root}", method=request.method, path=url.path)
        yield LoopbackAnswer(answer)

    async def close(self) -> None:
        """Refuse what is sent from now on."""
        self._closed = True
