"""The Consumption API as a pure function of requests and time, at the exchange's front door and at the supplier."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

from bot.ports import Ids, Request
from bot.sim.inference.ask import Ask, BadParameter, as_json
from bot.sim.inference.chat import ChatDialect
from bot.sim.inference.completion import complete
from bot.sim.inference.dialect import Dialect, Served
from bot.sim.inference.keys import KeyCheck
from bot.sim.inference.messages import MessagesDialect
from bot.sim.inference.passes import Pass, Passes
from bot.sim.ledger import Account
from bot.sim.market import SimMarket
from bot.sim.refusals import Refusal, not_found, wrong_method
from bot.sim.venue import Venue

METHODS = {"/v1/models": "GET", "/v1/chat/completions": "POST", "/v1/messages": "POST"}
"""The paths of the Consumption API, and the method that each takes."""


@dataclass(frozen=True, slots=True)
class InferenceAnswer:
    """An HTTP answer. Header names are lower-case; a body in several pieces is a stream of server-sent events."""

    status: int
    headers: Mapping[str, str]
    pieces: tuple[bytes, ...] = (b"",)


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request at one of the two doors; `supplier_url` is None where it is to be served here."""

    request: Request
    path: str
    now: datetime
    granted: Pass | None = None
    supplier_url: str | None = None

    @property
    def dialect(self) -> Dialect:
        return MessagesDialect() if self.path == "/v1/messages" else ChatDialect()


class InferenceApi:
    """Answers inference requests, and meters them against Consumption lots.

    An answer is metered as a whole when it is made, whether or not the client stays to hear it. The same requests at
    the same times to the same exchange, with the same ids, get the same bytes back.

    Args:
        venue: the exchange; where its configuration says `direct_inference`, the front door serves by itself.
        accounts: by the consumption keys that authorise their inference; there may be more of them later.
        ids: of what redirects carry.

    Attributes:
        venue: the exchange.
        says: what the model answers with, whatever it is told; None: it repeats the user's last words.
    """

    def __init__(self, venue: Venue, accounts: Mapping[str, Account], *, ids: Ids) -> None:
        self.venue = venue
        self.says: str | None = None
        self._keys = KeyCheck(accounts)
        self._passes = Passes(ids)
        self._answered = 0

    def at_front_door(self, request: Request, now: datetime, supplier_url: str) -> InferenceAnswer:
        """Let time pass until `now` (UTC), then answer a request to the exchange's own address.

        What can be served is redirected to the supplier, whose root is `supplier_url`. Bad requests are answered,
        never raised.
        """
        direct = self.venue.config.direct_inference
        return self._answer(_Visit(request, request.path, now, supplier_url=None if direct else supplier_url))

    def at_supplier(self, request: Request, now: datetime) -> InferenceAnswer:
        """Let time pass until `now` (UTC), then serve a request. Bad requests are answered, never raised."""
        granted, path = self._passes.split(request.path, now)
        return self._answer(_Visit(request, path, now, granted))

    def _answer(self, visit: _Visit) -> InferenceAnswer:
        self.venue.advance(visit.now)
        self._answered += 1
        try:
            answer = self._admitted(visit)
        except Refusal as refusal:
            answer = _json(refusal.status, visit.dialect.refused(refusal), refusal.headers)
        headers = {
            **answer.headers,
            "date": format_datetime(visit.now, usegmt=True),
            "x-request-id": f"inference-{self._answered:08d}",
        }
        return InferenceAnswer(answer.status, headers, answer.pieces)

    def _admitted(self, visit: _Visit) -> InferenceAnswer:
        if visit.path not in METHODS:
            raise not_found("route")
        if visit.request.method != METHODS[visit.path]:
            raise wrong_method(visit.request.method, (METHODS[visit.path],))
        headers = {name.lower(): value for name, value in visit.request.headers.items()}
        account = self._keys.account(headers, visit.granted)
        if visit.path == "/v1/models":
            return self._models()
        ask = visit.dialect.read(visit.request.body)
        market = self.venue.market_by_symbol(ask.model)
        if visit.granted is not None and visit.granted.instrument_id != market.instrument_id:
            raise BadParameter("model is not the one that the exchange sent here", "model")
        self._check_stock(account, market, ask)
        if visit.supplier_url is not None:
            way = self._passes.issue(account, market.instrument_id, visit.now)
            return InferenceAnswer(307, {"location": f"{visit.supplier_url}{way}{visit.path}"})
        return self._served(visit, account, market, ask)

    def _served(self, visit: _Visit, account: Account, market: SimMarket, ask: Ask) -> InferenceAnswer:
        if self.says is not None:
            ask = replace(ask, last_words=self.says)
        completion = complete(ask, account.lots[market.instrument_id].tokens)
        self.venue.consume(account, market.instrument_id, completion.total_tokens)
        served = Served(ask, completion, self._answered, visit.now)
        if not ask.stream:
            return _json(200, visit.dialect.whole(served))
        headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        return InferenceAnswer(200, headers, tuple(visit.dialect.events(served)))

    def _models(self) -> InferenceAnswer:
        models = [
            {"id": market.symbol, "object": "model", "created": int(market.created_at.timestamp()), "owned_by": "grid"}
            for market in self.venue.markets.values()
        ]
        return _json(200, {"object": "list", "data": models})

    def _check_stock(self, account: Account, market: SimMarket, ask: Ask) -> None:
        lots = account.lots[market.instrument_id]
        if lots.tokens > ask.prompt_tokens:  # an answer takes one token at least
            return
        held = f"the prompt has {ask.prompt_tokens} tokens, Consumption {lots.tokens} of {market.symbol}"
        if not lots.in_transit:
            raise Refusal(402, "", f"{held}; transfer units of it to Consumption")
        wait = max(1, math.ceil(self.venue.config.transfer_seconds))
        raise Refusal(503, "", f"{held}; replenishment is under way", {"retry-after": str(wait)})


def _json(status: int, payload: object, headers: Mapping[str, str] | None = None) -> InferenceAnswer:
    return InferenceAnswer(
        status, {"content-type": "application/json", **(headers or {})}, (as_json(payload).encode(),)
    )
