"""The simulated exchange's HTTP API as a pure function of requests and time."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from bot.ports import Request, Response
from bot.sim.account_routes import ACCOUNT_ROUTES
from bot.sim.answers import Answer, data, refused
from bot.sim.auth import SignatureCheck
from bot.sim.market_routes import MARKET_ROUTES
from bot.sim.order_routes import ORDER_ROUTES
from bot.sim.queries import Query
from bot.sim.refusals import Refusal, wrong_method
from bot.sim.replays import Replays
from bot.sim.routes import Call, Handler, Routes, resource
from bot.sim.venue import Venue


class ExchangeApi:
    """Answers requests to a simulated exchange.

    The same requests at the same times to the same exchange get the same bytes back.

    Attributes:
        venue: the exchange.
    """

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self._routes = Routes({**MARKET_ROUTES, **ORDER_ROUTES, **ACCOUNT_ROUTES})
        self._signatures = SignatureCheck(venue.account_of_key, venue.config.timestamp_tolerance_seconds)
        self._replays = Replays()
        self._answered = 0

    def handle(self, request: Request, now: datetime) -> Response:
        """Let time pass until `now` (UTC), then answer the request. Bad requests are answered, never raised."""
        self.venue.advance(now)
        try:
            answer = self._answer(request, now)
        except Refusal as refusal:
            answer = refused(refusal)
        self._answered += 1
        headers = {
            "content-type": "application/json",
            "date": format_datetime(now, usegmt=True),
            "x-request-id": f"request-{self._answered:08d}",
        }
        return Response(answer.status, headers, answer.body)

    def _answer(self, request: Request, now: datetime) -> Answer:
        if resource(request.path) == "health":
            return _health(request, now)
        handler, argument = self._routes.find(request.method, request.path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        account = self._signatures.account(request, headers, now)
        call = Call(self.venue, account, Query(request.query), request.body, now, argument)
        key = headers.get("idempotency-key")
        if request.method != "POST" or key is None:
            return handler(call)
        return self._once(handler, call, key)

    def _once(self, handler: Handler, call: Call, key: str) -> Answer:
        kept = self._replays.get(call.account, key, call.now)
        if kept is not None:
            return kept
        try:
            answer = handler(call)
        except Refusal as refusal:
            answer = refused(refusal)
        self._replays.keep(call.account, key, answer, call.now)
        return answer


def _health(request: Request, now: datetime) -> Answer:
    if request.method != "GET":
        raise wrong_method(request.method)
    return data({"status": "ok", "service": "trading", "server_time": now, "checks": [], "summary": "simulated"})
