"""One signed request and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from bot.errors import BadAnswer, InvalidRequest, NotFound, NotSentError, OutcomeUnknown, RateLimited
from bot.grid.envelope import Query
from bot.grid.headers import BODY_HEADERS, HEADERS
from bot.grid.keys import SigningKey
from bot.grid.limiter import Kind, Limiter
from bot.grid.refusals import READ, error_of, facts_of, shortened, unclear
from bot.grid.retry import Retry
from bot.grid.routes import Layout, Layouts, Route
from bot.grid.server_clock import ServerClock
from bot.grid.signing import sign
from bot.ports import Clock, Request, Response, Transport

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()

_USUAL_BASE = "/v1"
_BASE_HINT = f"Check exchange.base_url: it does not end in {_USUAL_BASE}, as that of The Grid does."


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
        except (ValueError, RecursionError) as error:
            kind = BadAnswer if self.request.method == READ else OutcomeUnknown
            why = f"the answer cannot be understood: {shortened(str(error))}"
            raise kind(why, **facts_of(self.request, self.response)) from error


class Caller:
    """Signs requests and sends them within the exchange's limits; raises the right error where one did not succeed.

    A read that fails for a reason that passes is tried again. A write is sent once. What was refused for a stale time
    stamp was not applied, so a read or write of that fate is sent once more after the clock has been corrected.

    Args:
        transport: carries the requests; the caller closes it.
        key: signs them.
        clock: tells the time.
        limiter: says when they may be sent.
        retry: says which reads are tried again, and when.
        layout: where routes are looked for first.
        base_path: what comes before all routes.

    Attributes:
        server_clock: the exchange's time, which requests carry.
        limiter: as given.
        may_write: asked when a write's turn has come; while it says no, writes fail with `NotSentError`.
    """

    def __init__(
        self,
        transport: Transport,
        key: SigningKey,
        clock: Clock,
        *,
        limiter: Limiter,
        retry: Retry,
        layout: Layout,
        base_path: str,
    ) -> None:
        self.server_clock = ServerClock(clock)
        self.limiter = limiter
        self.may_write: Callable[[], bool] = lambda: True
        self._transport = transport
        self._key = key
        self._clock = clock
        self._retry = retry
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
            InvalidRequest: a text in it cannot be written as UTF-8; nothing was sent.
            ExchangeError: whatever else than a success the answer was, or that there was none.
        """
        body = _encoded(route, payload, (*ids, *chain(*query), idempotency_key or ""))
        headers = BODY_HEADERS if body else HEADERS
        if idempotency_key:
            headers = headers | {"idempotency-key": quote(idempotency_key, safe="")}
        not_found: NotFound | None = None
        for layout in self._layouts.to_try(route):
            path = route.path(self._base_path, layout, *ids)
            try:
                answer = await self._answer(route, Request(route.method, path, query, headers, body))
            except NotFound as error:
                not_found = not_found or error
            else:
                self._layouts.worked(route, layout)
                return answer
        self._layouts.failed(route)
        assert not_found is not None
        raise not_found

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _answer(self, route: Route, request: Request) -> Answer:
        if route.method != READ:
            return await self._send(route, request)
        return await self._retry.read(f"{request.method} {request.path}", lambda: self._send(route, request))

    async def _send(self, route: Route, request: Request, *, corrected: bool = False) -> Answer:
        kind = Kind.of(route)
        await self.limiter.admit(kind)
        try:
            if route.method != READ and not self.may_write():
                raise NotSentError("nothing may be changed from here any more", **facts_of(request))
            timestamp = self.server_clock.timestamp()
            sent = self._signed(request, timestamp) if route.signed else request
            sent_at = self._clock.now()
            response = await self._carried(sent)
        finally:
            self.limiter.done(kind)
        self.limiter.learn(kind, response.headers, self.server_clock.offset_seconds)
        stale = response.status == 401 and self.server_clock.correct(response.headers, timestamp, sent_at)
        if stale and not corrected:
            return await self._send(route, request, corrected=True)
        self.server_clock.note(response.headers, sent_at)
        if 200 <= response.status < 300:
            return Answer(sent, response)
        error = error_of(sent, response, self.server_clock.now(), if_not_found=self._base_hint())
        if isinstance(error, RateLimited):
            self.limiter.block(error.retry_after)
        raise error

    def _base_hint(self) -> str:
        """What a 404 hints at where no route was ever found, and the base URL is an unusual one."""
        return "" if self._layouts.any_found or self._base_path.endswith(_USUAL_BASE) else _BASE_HINT

    def _signed(self, request: Request, timestamp: int) -> Request:
        signature = sign(self._key, request.method, request.path, request.body, timestamp)
        return Request(request.method, request.path, request.query, {**request.headers, **signature}, request.body)

    async def _carried(self, request: Request) -> Response:
        try:
            return await self._transport.send(request)
        except TimeoutError as error:
            raise unclear(request)(str(error) or "no answer in time", **facts_of(request)) from error
        except ConnectionError as error:
            raise unclear(request)(str(error) or "the connection broke", **facts_of(request)) from error


def _encoded(route: Route, payload: dict[str, Any] | None, texts: Iterable[str]) -> bytes:
    """The body; `texts` are what else is to be sent."""
    try:
        "".join(texts).encode()
        return b"" if payload is None else _ENCODER.encode(payload)
    except UnicodeEncodeError:
        raise InvalidRequest(
            f"{route.resource} is asked with a text that is not Unicode", method=route.method
        ) from None
