"""What a busy client might send: requests of every kind, at random, about what the exchange has."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.ports import Request, Response
from bot.sim.build import SimExchange
from bot.sim.inference import InferenceAnswer
from bot.sim.served import SERVED
from tests.sim.client import Client
from tests.sim.inference import CHAT, MESSAGES, MODELS, bearer, chat, message

SUPPLIER = "http://supplier:2"
ORDER = {"time_in_force": ("gtc", "gtc", "ioc", "fok"), "side": ("buy", "sell"), "type": ("limit", "limit", "market")}
QUERIES = {
    "limit": ("1", "3", "100"),
    "order_direction": ("asc", "desc"),
    "status": ("active", "open", "filled", "cancelled"),
    "side": ("buy", "sell"),
    "depth": ("1", "20", "100"),
    "page": ("1", "2"),
    "page_size": ("2", "50"),
    "resolution": ("1m", "1h", "1d", "1M"),
    "start_datetime": ("2026-07-01", "2026-07-01T00:31:00Z", "1782866000"),
    "next": ("row-1", "row-7"),
}


@dataclass(frozen=True)
class Sent:
    """A request, and whether it is for inference."""

    request: Request
    inference: bool = False


class Traffic:
    """Makes up requests of an exchange's user; `now` is its clock and the exchange's."""

    def __init__(self, exchange: SimExchange, chance: random.Random, client: Client) -> None:
        self.exchange = exchange
        self.chance = chance
        self.client = client
        self.history = exchange.venue.history(exchange.account)
        self.kinds: list[Callable[[], Sent]] = [self.read] * 4 + [self.order] * 3
        self.kinds += [self.change, self.cancel, self.cancel_several, self.move, self.infer]

    def next(self) -> Sent:
        """Another request, some moments after the one before."""
        self.client.later(milliseconds=self.chance.choice((0, 1, 40, 900, 20_000)))
        return self.chance.choice(self.kinds)()

    def answer(self, sent: Sent) -> Response | InferenceAnswer:
        exchange, now = self.exchange, self.client.now
        if not sent.inference:
            return exchange.api.handle(sent.request, now)
        if sent.request.path.startswith("/route/"):
            return exchange.inference.at_supplier(sent.request, now)
        return exchange.inference.at_front_door(sent.request, now, SUPPLIER)

    def read(self) -> Sent:
        pattern = self.chance.choice([pattern for pattern, methods in SERVED.items() if "GET" in methods])
        names = self.chance.sample([*QUERIES], self.chance.randrange(4))
        query = [(name, self.chance.choice(QUERIES[name])) for name in names]
        if "price" in pattern:
            query.append(("market_id", self.market_id()))
        return self.signed("GET", pattern, query=query)

    def order(self) -> Sent:
        order = {name: self.chance.choice(words) for name, words in ORDER.items()}
        price = f"{self.chance.randrange(180, 220) / 100:.2f}"
        fields = {"quantity": self.chance.randrange(1, 30), "market_id": self.market_id(), "post_only": None}
        if self.chance.random() < 0.3:
            fields["client_order_id"] = f"mine-{self.chance.randrange(200)}"
        return self.posted("orders", order | fields | ({} if order["type"] == "market" else {"price": price}))

    def change(self) -> Sent:
        terms = {"price": f"{self.chance.randrange(180, 220) / 100:.2f}", "quantity": self.chance.randrange(1, 40)}
        return self.signed("PUT", "orders/{}", body=msgspec.json.encode(terms))

    def cancel(self) -> Sent:
        return self.signed("DELETE", "orders/{}")

    def cancel_several(self) -> Sent:
        return self.signed("DELETE", self.chance.choice(("orders", "markets/{}/orders")))

    def move(self) -> Sent:
        way = self.chance.choice(("transfers/trading-to-consumption", "transfers/consumption-to-trading"))
        instrument_id = self.exchange.venue.market(self.market_id()).instrument_id
        return self.posted(way, {"instrument_id": instrument_id, "quantity": self.chance.randrange(1, 4)})

    def infer(self) -> Sent:
        model = self.chance.choice(self.exchange.venue.config.symbols)
        text = " ".join(self.chance.choices(("Grid", "is", "a", "market", "été", "🙂"), k=self.chance.randrange(1, 40)))
        stream = self.chance.random() < 0.5
        chats = (CHAT, chat(text, model=model, stream=stream)), (MESSAGES, message(text, model=model, stream=stream))
        path, body = self.chance.choice((*chats, (MODELS, None)))
        raw = b"" if body is None else msgspec.json.encode(body)
        key = bearer(self.exchange.keys.consumption)
        return Sent(Request("GET" if body is None else "POST", path, headers=key, body=raw), inference=True)

    def posted(self, resource: str, body: object) -> Sent:
        key = {"Idempotency-Key": f"key-{self.chance.randrange(300)}"} if self.chance.random() < 0.2 else {}
        return self.signed("POST", resource, body=msgspec.json.encode(body), headers=key)

    def signed(self, method: str, pattern: str, **parts: Any) -> Sent:
        layout = self.chance.choice(("/v1/", "/v1/trading/"))
        return Sent(self.client.signed(method, layout + pattern.replace("{}", self.known(pattern)), **parts))

    def market_id(self) -> str:
        return self.chance.choice([*self.exchange.venue.markets])

    def known(self, pattern: str) -> str:
        """The id of something that a pattern's parameter can stand for."""
        market = self.exchange.venue.market(self.market_id())
        kind = pattern.partition("/")[0]
        found = {
            "markets": [market.market_id],
            "instruments": [market.symbol if "symbol" in pattern else market.instrument_id],
            "orders": [*self.history.open, *(order.order_id for order in self.history.orders[-5:])],
            "trades": [fill.trade.trade_id for fill in self.history.fills[-30:]],
        }.get(kind)
        return self.chance.choice(found or ["unknown"])
