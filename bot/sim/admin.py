"""The admin port's API as a pure function of requests and time: accounts, keys, money out of nothing, market life.

Nothing of it is signed, so it is for those who run the exchange: it is served on this machine alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import unquote

from bot.errors import ConfigError
from bot.ports import Request, Response
from bot.sim.admin_forms import AccountForm, DepositForm, KeyForm, MarketForm, read_form, read_public_key
from bot.sim.answers import Answer, answer, refused
from bot.sim.build import SimExchange
from bot.sim.crowd import Crowd
from bot.sim.ledger import Account
from bot.sim.market_views import usd
from bot.sim.office import Role
from bot.sim.presets import PRESETS, CrowdConfig, changed
from bot.sim.refusals import Refusal, malformed, not_found, wrong_method

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?")

_Handler: TypeAlias = Callable[[bytes, str], Answer]


class AdminApi:
    """Answers requests of those who run a simulated exchange.

    Besides `GET`, requests must come as `application/json`, and all to a name of this machine: no web page that its
    owner happens to look at can send such.
    """

    def __init__(self, exchange: SimExchange) -> None:
        self._exchange = exchange
        self._venue = exchange.venue
        self._routes: Mapping[str, Mapping[str, _Handler]] = {
            "/accounts": {"GET": self._accounts, "POST": self._open},
            "/accounts/*/keys": {"POST": self._register},
            "/accounts/*/deposit": {"POST": self._deposit},
            "/market": {"PUT": self._market},
            "/state": {"GET": self._state},
        }

    def handle(self, request: Request, now: datetime) -> Response:
        """Let time pass until `now` (UTC, by the clock), then answer. Bad requests are answered, never raised."""
        self._venue.advance(now)
        try:
            given = self._answer(request)
        except Refusal as refusal:
            given = refused(refusal)
        return Response(given.status, {"content-type": "application/json", **given.headers}, given.body)

    def _answer(self, request: Request) -> Answer:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not _LOOPBACK.fullmatch(headers.get("host", "")):
            raise Refusal(403, "", "this is for this machine only: call it 127.0.0.1 or localhost")
        route, name = _route(request.path)
        handlers = self._routes.get(route)
        if handlers is None:
            raise not_found("route")
        handler = handlers.get(request.method)
        if handler is None:
            raise wrong_method(request.method, handlers)
        if request.method != "GET" and headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Refusal(415, "", "send JSON, with the header content-type: application/json")
        return handler(request.body, name)

    def _accounts(self, _: bytes, __: str) -> Answer:
        return answer({"accounts": [self._view(account) for account in self._exchange.office.accounts()]})

    def _open(self, body: bytes, _: str) -> Answer:
        form = read_form(body, AccountForm)
        opening = form.opening()
        verify_key = None if form.public_key is None else read_public_key(form.public_key)
        try:
            account = self._exchange.office.open(opening, verify_key)
        except ValueError as error:
            raise Refusal(409, "", str(error)) from None
        keys = asdict(self._exchange.office.credentials(account))
        if form.public_key is not None:
            del keys["signing_key"]
        return answer(self._view(account) | keys, 201)

    def _register(self, body: bytes, name: str) -> Answer:
        account = self._account(name)
        verify_key = read_public_key(read_form(body, KeyForm).public_key)
        try:
            fingerprint = self._venue.register_key(account, verify_key)
        except ValueError as error:
            raise Refusal(409, "", str(error)) from None
        return answer({"name": account.name, "fingerprint": fingerprint}, 201)

    def _deposit(self, body: bytes, name: str) -> Answer:
        account = self._account(name)
        grant = read_form(body, DepositForm).grant()
        self._venue.deposit(account, grant.cash, grant.units)
        return answer(self._view(account))

    def _market(self, body: bytes, _: str) -> Answer:
        form = read_form(body, MarketForm)
        crowds = self._crowds(form.symbols)
        if form.market is None and not form.crowd and form.shock_hours is None:
            raise malformed("there is nothing to change in it: give market, crowd or shock_hours")
        if form.market is not None or form.crowd:
            configs = [_config(crowd, form) for crowd in crowds]  # all of them are made before any is used
            for crowd, config in zip(crowds, configs, strict=True):
                crowd.change(self._venue, config)
        if form.shock_hours is not None:
            for crowd in crowds:
                crowd.shock(self._venue, timedelta(hours=form.shock_hours))
        return answer({"markets": self._markets()})

    def _state(self, _: bytes, __: str) -> Answer:
        return answer(
            {
                "now": self._venue.now,
                "speed": self._venue.config.speed,
                "accounts": [self._view(account) for account in self._exchange.office.accounts()],
                "markets": self._markets(),
            }
        )

    def _account(self, name: str) -> Account:
        for account in self._exchange.office.accounts():
            if account.name == name:
                return account
        raise not_found("account")

    def _crowds(self, symbols: list[str] | None) -> list[Crowd]:
        if symbols is None:
            return list(self._exchange.crowds.values())
        for symbol in symbols:
            self._venue.market_by_symbol(symbol)
        return [self._exchange.crowds[symbol] for symbol in dict.fromkeys(symbols)]

    def _view(self, account: Account) -> dict[str, Any]:
        symbols = {market.instrument_id: market.symbol for market in self._venue.markets.values()}
        return {
            "name": account.name,
            "role": Role.of(account),
            "mode": account.mode,
            "account_id": account.account_id,
            "user_id": account.user_id,
            "fingerprints": list(account.verify_keys),
            "cash": {"available": usd(account.cash.available), "locked": usd(account.cash.locked)},
            "units": {
                symbols[instrument_id]: {"available": units.available, "locked": units.locked}
                for instrument_id, units in account.units.items()
                if units.total
            },
            "consumption_tokens": {
                symbols[instrument_id]: lots.tokens for instrument_id, lots in account.lots.items() if lots.tokens
            },
        }

    def _markets(self) -> list[dict[str, Any]]:
        return [
            {
                "symbol": market.symbol,
                "market_id": market.market_id,
                "best_bid": _price(market.book.bids.best_price),
                "best_ask": _price(market.book.asks.best_price),
                "last": None if market.trades.last is None else usd(market.trades.last.price),
                "supply_is_gone": self._exchange.crowds[market.symbol].shocked(self._venue.now),
                "crowd": asdict(self._exchange.crowds[market.symbol].config),
            }
            for market in self._venue.markets.values()
        ]


def _route(path: str) -> tuple[str, str]:
    """A path with its account's name taken out, and the name."""
    pieces = path.split("/")
    if len(pieces) == 4 and pieces[1] == "accounts":
        return f"/accounts/*/{pieces[3]}", unquote(pieces[2])
    return path, ""


def _config(crowd: Crowd, form: MarketForm) -> CrowdConfig:
    try:
        return changed(crowd.config if form.market is None else PRESETS[form.market], form.crowd)
    except ConfigError as error:
        raise malformed(str(error)) from None


def _price(micros: int | None) -> str | None:
    return None if micros is None else usd(micros)
