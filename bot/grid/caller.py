"""One signed request and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from bot.errors import BadAnswer, NotFound, OutcomeUnknown
from bot.grid.envelope import Query
from bot.grid.keys import SigningKey
from bot.grid.refusals import READ, error_of, facts_of, shortened, unclear
from bot.grid.routes import Layout, Layouts, Route
from bot.grid.signing import sign
from bot.ports import Clock, Request, Response, Transport

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()
_HEADERS = {"accept": "application/json", "user-agent": "gridbot"}
_BODY_HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A success (2xx), not decoded yet."""

    request: Request
    response: Response

    def read(self, parse: Callable[[bytes], T]) -> T:
        """What `parse` makes of the body.

        Raises:
            BadAnswer: it cannot be understood.
            OutcomeUnknown: likewise, and it answers a write, which was applied most likely.
        """
        try:
            return parse(self.response.body)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            kind = BadAnswer if self.request.method == READ else OutcomeUnknown
            why = f"the answer cannot be understood: {shortened(str(error))}"
            raise kind(why, **facts_of(self.request, self.response)) from error


class Caller:
    """Signs requests, sends each of them once, and raises the right error where the answer is not a success.

    Attributes:
        clock_offset_seconds: how far the exchange's clock is ahead of ours; added to the time that requests carry.
    """

    def __init__(self, transport: Transport, key: SigningKey, clock: Clock, *, layout: Layout, base_path: str) -> None:
        self.clock_offset_seconds = 0.0
        self._transport = transport
        self._key = key
        self._clock = clock
        self._base_path = base_path.rstrip("/")
        self._layouts = Layouts(layout)

    async def call(
        self,
        route: Route,
        *ids: str,
        query: Query = (),
        payload: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """The answer of a route, in the layout in which the exchange has it.

        A 404 may mean that the exchange does not have the route in this layout, so the other one is tried too, until
        an answer has shown which is right. That is safe for writes: what answers 404 was not applied.

        Raises:
            ExchangeError: whatever else than a success the answer was, or that there was none.
        """
        body = b"" if payload is None else _ENCODER.encode(payload)
        headers = _HEADERS | _BODY_HEADERS if body else _HEADERS
        if idempotency_key:
            headers = headers | {"idempotency-key": quote(idempotency_key, safe="")}
        not_found: NotFound | None = None
        for layout in self._layouts.to_try(route):
            path = route.path(self._base_path, layout, *ids)
            try:
                answer = await self._send(self._signed(route.method, path, query, headers, body))
            except NotFound as error:
                not_found = not_found or error
            else:
                self._layouts.worked(route, layout)
                return answer
        self._layouts.failed(route)
        assert not_found is not None
        raise not_found

    def _signed(self, method: str, path: str, query: Query, headers: dict[str, str], body: bytes) -> Request:
        timestamp = int(self._clock.now().timestamp() + self.clock_offset_seconds)
        signature = sign(self._key, method, path, body, timestamp)
        return Request(method, path, query, headers | signature, body)

    async def _send(self, request: Request) -> Answer:
        try:
            response = await self._transport.send(request)
        except TimeoutError as error:
            raise unclear(request)(str(error) or "no answer in time", **facts_of(request)) from error
        except ConnectionError as error:
            raise unclear(request)(str(error) or "the connection broke", **facts_of(request)) from error
        if not 200 <= response.status < 300:
            raise error_of(request, response, self._clock.now())
        return Answer(request, response)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()
