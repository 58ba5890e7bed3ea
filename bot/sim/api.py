"""The simulated exchange's HTTP API as a pure function of requests and time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime

from bot.ports import Request, Response
from bot.sim.answers import Answer, refused
from bot.sim.auth import FINGERPRINT, SignatureCheck
from bot.sim.checks import health
from bot.sim.faults.faults import Faults
from bot.sim.limits import Meter
from bot.sim.queries import Query
from bot.sim.refusals import Refusal
from bot.sim.replays import Replays, digest
from bot.sim.routes import Call, Handler, Routes, resource
from bot.sim.served import SERVED
from bot.sim.snapshot import KeptAnswer
from bot.sim.venue import Venue


class ExchangeApi:
    """Answers requests to a simulated exchange.

    The same requests at the same times to the same exchange get the same bytes back.

    Args:
        venue: the exchange.
        faults: what goes wrong in it on request; None: nothing.
        answers: what was answered before to writes that may be repeated.

    Attributes:
        venue: the exchange.
        replays: what it answered to such writes.
    """

    def __init__(self, venue: Venue, faults: Faults | None = None, answers: Iterable[KeptAnswer] = ()) -> None:
        self.venue = venue
        self.replays = Replays(answers)
        self._faults = faults
        self._routes = Routes(SERVED)
        self._signatures = SignatureCheck(venue.account_of_key, venue.config.timestamp_tolerance_seconds)
        self._meter = Meter(venue.config.clock_limits)
        self._answered = 0

    def handle(self, request: Request, now: datetime) -> Response:
        """Let time pass until `now` (UTC), then answer the request. Bad requests are answered, never raised."""
        self.venue.advance(now)
        shown = now if self._faults is None else self._faults.told_time(now)
        try:
            answer = self._answer(request, now, shown)
        except Refusal as refusal:
            answer = refused(refusal)
        self._answered += 1
        headers = {
            "date": format_datetime(shown, usegmt=True),
            "x-request-id": f"request-{self._answered:08d}",
            **answer.headers,
        }
        if answer.body:
            headers["content-type"] = "application/json"
        return Response(answer.status, headers, answer.body)

    def _answer(self, request: Request, now: datetime, shown: datetime) -> Answer:
        name = resource(request.path)
        if name == "health":
            return health(request.method, shown)
        handler, argument = self._routes.find(request.method, request.path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        account = self._signatures.account(request, headers, shown)
        told = self._meter.count(headers[FINGERPRINT], request.method, name, now)
        trouble = None if self._faults is None else self._faults.trouble(account, request.method, name)
        call = Call(self.venue, account, Query(request.query), request.body, now, argument, trouble)
        key = headers.get("idempotency-key") if request.method == "POST" else None
        try:
            answer = handler(call) if key is None else self._once(handler, call, key, request.method, name)
        except Refusal as refusal:
            answer = refused(refusal)
        return answer.telling(told)

    def _once(self, handler: Handler, call: Call, key: str, method: str, name: str) -> Answer:
        asked = digest(method, name, call.body)
        answer = self.replays.get(call.account, key, asked, call.now)
        if answer is None:
            answer = handler(call)
            self.replays.keep(call.account, key, asked, answer, call.now)
        return answer
