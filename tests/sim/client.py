"""A client of the simulated exchange that signs its requests, for tests."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from nacl.signing import SigningKey

from bot.ports import Request, Response
from bot.sim.api import ExchangeApi
from bot.sim.ledger import Account, fingerprint_of

START = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Got:
    """A response with its JSON decoded."""

    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.response.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def detail(self) -> str:
        return str(self.json["errors"]["detail"])


class Client:
    """Sends signed requests straight to the request handler; `now` is its clock and the exchange's."""

    def __init__(self, api: ExchangeApi, key: SigningKey, now: datetime = START) -> None:
        self.api = api
        self.key = key
        self.now = now

    @property
    def account(self) -> Account:
        account = self.api.venue.account_of_key(fingerprint_of(bytes(self.key.verify_key)))
        assert account is not None
        return account

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def signed(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        path, _, tail = path.partition("?")
        query = [*parse_qsl(tail, keep_blank_values=True), *query]
        timestamp = str(int(self.now.timestamp()))
        signature = self.key.sign(f"{timestamp}{method}{path}".encode(errors="surrogateescape") + body).signature
        signing = {
            "X-TheGrid-Timestamp": timestamp,
            "X-TheGrid-Fingerprint": fingerprint_of(bytes(self.key.verify_key)),
            "X-TheGrid-Signature": b64encode(signature).decode(),
        }
        return Request(method, path, tuple(query), signing | dict(headers or {}), body)

    def send(self, request: Request) -> Got:
        return Got(self.api.handle(request, self.now))

    def get(self, path: str, *query: tuple[str, str]) -> Got:
        return self.send(self.signed("GET", path, query=query))

    def delete(self, path: str, *query: tuple[str, str]) -> Got:
        return self.send(self.signed("DELETE", path, query=query))

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Got:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.send(self.signed("POST", path, body=raw, headers=headers))

    def put(self, path: str, body: object) -> Got:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.send(self.signed("PUT", path, body=raw))

    def order(self, symbol: str = "text-prime", /, **fields: object) -> Got:
        """Place an order; what is not given makes it a limit buy of one unit at 1.00 USD."""
        market_id = self.api.venue.market_by_symbol(symbol).market_id
        order = {"market_id": market_id, "side": "buy", "type": "limit", "quantity": 1, "price": "1.00"}
        return self.post("/v1/trading/orders", order | fields)


def open_account(api: ExchangeApi, name: str, **options: Any) -> Client:
    """The client of a new account with 1,000 USD and 100 units of text-prime; `options` are those of `add_account`."""
    key = SigningKey(name.encode().ljust(32, b"."))
    begin: dict[str, Any] = {"cash": Decimal(1000), "units": {"text-prime": 100}}
    api.venue.add_account(name, verify_key=bytes(key.verify_key), **begin | options)
    return Client(api, key)
