"""The simulated exchange as a WSGI application that signs what comes in, for tests that make up requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from nacl.signing import SigningKey

from bot.clock import SeededIds
from bot.domain.order import Side
from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.auth import FINGERPRINT, SIGNATURE, TIMESTAMP
from bot.sim.config import VenueConfig
from bot.sim.inference import InferenceApi
from bot.sim.inference.api import METHODS
from bot.sim.limits import RateLimits
from bot.sim.openapi import describe
from bot.sim.venue import Venue
from tests.sim.client import START, Client

SIGN_ME = "sign-me"
"""What signing headers hold in requests that are to be signed."""

SUPPLIER = "http://supplier:2"
CONSUMPTION_KEY = "sim-key"
MANY = RateLimits(*[1_000_000_000] * 3)

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Served:
    """An exchange with a busy account; every request lets some time pass, and every second redirect is followed."""

    def __init__(self) -> None:
        symbols = ("text-prime", "code-max")
        self.config = VenueConfig(symbols=symbols, rate_limits=MANY, closed_cancel_status=409)
        self.venue = Venue(self.config, start=START, ids=SeededIds(1))
        self.api = ExchangeApi(self.venue)
        key = SigningKey(b"served".ljust(32, b"."))
        wealth: dict[str, Any] = {"cash": Decimal(10**12), "units": {"text-prime": 10**9, "code-max": 10**9}}
        self.account = self.venue.add_account("user", verify_key=bytes(key.verify_key), supplier=True, **wealth)
        self.other = self.venue.add_account("other", **wealth)
        self.client = Client(self.api, key)
        self.inference = InferenceApi(self.venue, {CONSUMPTION_KEY: self.account}, ids=SeededIds(2))
        self.market, _ = self.venue.markets.values()
        self.redirects = 0
        self._stock()

    def known(self, name: str) -> list[str]:
        """Values that a field or parameter of this name can have, and that name something here."""
        history = self.venue.history(self.account)
        found: dict[str, Iterable[str]] = {
            "market_id": self.venue.markets,
            "instrument_id": (market.instrument_id for market in self.venue.markets.values()),
            "symbol": self.config.symbols,
            "model": self.config.symbols,
            "order_id": [*history.open, *(order.order_id for order in history.orders[-5:])],
            "trade_id": (fill.trade.trade_id for fill in history.fills[-20:]),
        }
        return list(found.get(name, ()))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["REQUEST_URI"].partition("?")[0]
        if path == "/openapi.json":
            start_response("200 OK", [("content-type", "application/json")])
            return [msgspec.json.encode(describe(self.config))]
        self.client.now += timedelta(milliseconds=50)
        request = Request(
            environ["REQUEST_METHOD"],
            path,
            tuple(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)),
            _headers(environ),
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        )
        status, headers, pieces = self._answer(self._signed(request))
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return pieces

    def _answer(self, request: Request) -> tuple[int, list[tuple[str, str]], Iterable[bytes]]:
        if request.path in METHODS:
            answer = self.inference.at_front_door(request, self.client.now, SUPPLIER)
            self.redirects += answer.status == 307
            if answer.status == 307 and self.redirects % 2:  # the description holds both answers
                path = answer.headers["location"].removeprefix(SUPPLIER)
                answer = self.inference.at_supplier(replace(request, path=path), self.client.now)
            return answer.status, [*answer.headers.items()], answer.pieces
        response = self.api.handle(request, self.client.now)
        return response.status, [*response.headers.items()], [response.body]

    def _signed(self, request: Request) -> Request:
        headers = {name: value for name, value in request.headers.items() if value != SIGN_ME}
        if len(request.headers) - len(headers) < len((TIMESTAMP, FINGERPRINT, SIGNATURE)):
            return request
        return self.client.signed(request.method, request.path, query=request.query, body=request.body, headers=headers)

    def _stock(self) -> None:
        """Let there be some of everything."""
        instrument_id = self.market.instrument_id
        for ticks in range(1, 4):
            self.venue.place(self.other, self.market, Side.SELL, 5, (200 + ticks) * 10_000)
            self.venue.place(self.other, self.market, Side.BUY, 5, (200 - ticks) * 10_000)
        self.venue.place(self.account, self.market, Side.BUY, 7, None)
        self.venue.place(self.account, self.market, Side.BUY, 7, 1_500_000)
        self.venue.issue(self.account, instrument_id, 1000)
        self.venue.transfer(self.account, instrument_id, 1000)


def _headers(environ: Environ) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return headers | ({"content-type": environ["CONTENT_TYPE"]} if environ.get("CONTENT_TYPE") else {})
