"""Whatever comes in is answered: no fault, no hang, and nothing left behind.

2,000 inputs are made up; `GRIDBOT_FUZZ=50` makes up fifty times as many.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import msgspec

from bot.clock import SeededIds
from bot.ports import Request
from bot.sim.build import Scenario, build_exchange
from bot.sim.config import VenueConfig
from tests.sim.client import START, Client
from tests.sim.effort import EFFORT
from tests.sim.traffic import Sent, Traffic

INPUTS = 2000 * EFFORT
LONGEST_SECONDS = 5.0
KEPT_BYTES = 20
ODD_TEXTS = ("", "0", "-1", "null", "NaN", "9" * 400, "1e999", "é", "🙂", "\x00", "\udcff", "%", "a/b", "..", " x ")
ODD_NAMES = ("limit", "next", "prev", "page", "depth", "from", "start_datetime", "order_by[]", "filters[0][field]")
ODD_VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    2**63,
    2**64,
    1.5,
    1e308,
    "",
    "x" * 5000,
    [],
    {},
    [[]],
    {"a": {"b": []}},
    "\x00",
    "٣",
)
ODD_BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b"\x00" * 100,
    b"[" * 20_000,
    b'{"a":' * 5000,
    b'{"quantity": 1e999999999, "price": 1e-999999999}',
    b'{"quantity": ' + b"9" * 5000 + b"}",
    b'{"quantity": 1, "quantity": 2}',
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY", "get", "")


class Vandal:
    """Damages requests, most of them before they are signed."""

    def __init__(self, chance: random.Random, client: Client) -> None:
        self.chance = chance
        self.client = client

    def damaged(self, sent: Sent) -> Sent:
        damage = self.chance.choice(
            (self.method, self.path, self.query, self.headers, self.body, self.bits, self.field, self.field, self.field)
        )
        request = damage(sent.request)
        if not sent.inference and damage is not self.headers:
            request = self.client.signed(request.method, request.path, query=request.query, body=request.body)
        return replace(sent, request=request)

    def method(self, request: Request) -> Request:
        return replace(request, method=self.chance.choice(METHODS))

    def path(self, request: Request) -> Request:
        parts = request.path.split("/")
        odd = (*ODD_TEXTS, "v1", "orders", "trading", "x" * 9000)
        parts[self.chance.randrange(len(parts))] = self.chance.choice(odd)
        return replace(request, path="/".join(parts).partition("?")[0])

    def query(self, request: Request) -> Request:
        names = self.chance.choices(ODD_NAMES, k=self.chance.randrange(1, 4))
        more = [(name, self.chance.choice(ODD_TEXTS)) for name in names]
        return replace(request, query=(*request.query, *more))

    def headers(self, request: Request) -> Request:
        headers = dict(request.headers)
        name = self.chance.choice([*headers, "Idempotency-Key", "authorization", "x-api-key", "\x00"])
        headers[name] = self.chance.choice((*ODD_TEXTS, headers.get(name, "")[::-1], "Bearer", "Bearer  x"))
        if self.chance.random() < 0.5:
            del headers[self.chance.choice([*headers])]
        return replace(request, headers=headers)

    def body(self, request: Request) -> Request:
        return replace(request, body=self.chance.choice((*ODD_BODIES, self.chance.randbytes(60))))

    def bits(self, request: Request) -> Request:
        body = bytearray(request.body or b"{}")
        for _ in range(self.chance.randrange(1, 5)):
            body[self.chance.randrange(len(body))] = self.chance.randrange(256)
        return replace(request, body=bytes(body))

    def field(self, request: Request) -> Request:
        if not request.body:
            return self.query(request)
        return replace(request, body=msgspec.json.encode(self.changed(msgspec.json.decode(request.body))))

    def changed(self, value: object) -> object:
        """A value with something odd somewhere in it."""
        if self.chance.random() < 0.7:
            if isinstance(value, dict) and value:
                name = self.chance.choice([*value])
                return value | {name: self.changed(value[name])}
            if isinstance(value, list) and value:
                return [self.changed(value[0]), *value[1:]]
        return self.chance.choice(ODD_VALUES)


class Target:
    """An exchange under fire."""

    def __init__(self, seed: int = 1) -> None:
        config = VenueConfig(symbols=("text-prime", "code-max"), rate_limits=None, closed_cancel_status=409)
        scenario = Scenario(config, seed=seed, cash=Decimal(10**9), units={"text-prime": 10**6, "code-max": 10**6})
        exchange = build_exchange(scenario, start=START, ids=SeededIds(seed))
        self.traffic = Traffic(exchange, random.Random(seed), Client(exchange.api, exchange.keys.signing))
        self.vandal = Vandal(random.Random(seed), self.traffic.client)
        self.statuses: Counter[int] = Counter()

    def next(self) -> Sent:
        sent = self.traffic.next()
        return sent if self.vandal.chance.random() < 0.2 else self.vandal.damaged(sent)

    def hit(self, sent: Sent) -> int:
        began = time.perf_counter()
        answer = self.traffic.answer(sent)
        assert time.perf_counter() - began < LONGEST_SECONDS, sent
        assert 200 <= answer.status < 500 or answer.status == 503, (sent, answer)
        self.statuses[answer.status] += 1
        return answer.status


def growth(act: Callable[[], object]) -> int:
    """How many more bytes are held after an action than before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        act()
        after, _ = tracemalloc.get_traced_memory()
        return after - before
    finally:
        tracemalloc.stop()


def test_whatever_comes_in_is_answered() -> None:
    target = Target()
    for _ in range(INPUTS):
        target.hit(target.next())
    assert target.statuses.keys() >= {200, 201, 202, 204, 307, 400, 401, 404, 405, 422}
    assert target.statuses[400] + target.statuses[422] > INPUTS / 10


def test_what_is_refused_leaves_nothing_behind() -> None:
    target = Target()
    refused = [sent for sent in (target.next() for _ in range(INPUTS // 2)) if target.hit(sent) >= 400]

    def again() -> None:
        for sent in refused:
            target.hit(sent)

    again()
    assert growth(again) < KEPT_BYTES * len(refused)
