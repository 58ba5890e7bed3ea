"""An account with Consumption tokens, and a client that sends its inference requests, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from bot.clock import SeededIds
from bot.ports import Request
from bot.sim.config import VenueConfig
from bot.sim.inference import InferenceAnswer, InferenceApi
from bot.sim.lots import Lots
from bot.sim.venue import Venue
from tests.sim.client import START

KEY = "sim-key"
SUPPLIER = "http://supplier:2"
CHAT, MESSAGES, MODELS = "/v1/chat/completions", "/v1/messages", "/v1/models"


def chat(text: str = "Hello, world!", /, **fields: object) -> dict[str, object]:
    """A request in OpenAI's form; its prompt counts one token more than the text."""
    return {"model": "text-prime", "messages": [{"role": "user", "content": text}], **fields}


def message(text: str = "Hello, world!", /, **fields: object) -> dict[str, object]:
    """A request in Anthropic's form; its prompt counts one token more than the text."""
    return chat(text, max_tokens=100, **fields)


class User:
    """Has units of text-prime in Trading and, once `stock` was called, tokens in Consumption."""

    def __init__(self, config: VenueConfig | None = None) -> None:
        self.now = START
        self.venue = Venue(config or VenueConfig(symbols=("text-prime", "code-max")), start=START, ids=SeededIds(1))
        self.account = self.venue.add_account("user", units={"text-prime": 100})
        self.api = InferenceApi(self.venue, {KEY: self.account}, ids=SeededIds(2))
        self.instrument_id = self.venue.market_by_symbol("text-prime").instrument_id

    @property
    def lots(self) -> Lots:
        return self.account.lots[self.instrument_id]

    def transfer(self, units: int = 1) -> None:
        self.venue.transfer(self.account, self.instrument_id, units)

    def stock(self, tokens: int) -> None:
        """Have so many tokens in Consumption, all in one lot; at most a unit."""
        self.transfer()
        self.later(seconds=5)
        self.venue.consume(self.account, self.instrument_id, self.lots.tokens - tokens)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)
        self.venue.advance(self.now)

    def request(
        self, path: str, body: object = None, *, headers: Mapping[str, str] | None = None, method: str = ""
    ) -> Request:
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        method = method or ("GET" if body is None else "POST")
        return Request(method, path, headers=bearer() if headers is None else headers, body=raw)

    def at_front(self, request: Request) -> InferenceAnswer:
        return self.api.at_front_door(request, self.now, SUPPLIER)

    def at_supplier(self, request: Request) -> InferenceAnswer:
        return self.api.at_supplier(request, self.now)

    def ask(self, path: str, body: object) -> InferenceAnswer:
        """Send a request and follow its redirect without the key, as libraries do."""
        request = self.request(path, body)
        return self.at_supplier(redirected(request, self.at_front(request)))

    def whole(self, path: str, body: object) -> Any:
        """The JSON of an answer that must be 200."""
        answer = self.ask(path, body)
        assert answer.status == 200, answer
        return json_of(answer)


def bearer(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def redirected(request: Request, answer: InferenceAnswer, headers: Mapping[str, str] | None = None) -> Request:
    """The request that follows a redirect."""
    assert answer.status == 307, answer
    location = answer.headers["location"]
    assert location.startswith(f"{SUPPLIER}/")
    return replace(request, path=location.removeprefix(SUPPLIER), headers=headers or {})


def json_of(answer: InferenceAnswer) -> Any:
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(b"".join(answer.pieces))


def events_of(answer: InferenceAnswer) -> list[tuple[str, Any]]:
    """Server-sent events: their types, empty where they have none, and their data."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = []
    for event in b"".join(answer.pieces).decode().removesuffix("\n\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in event.split("\n"))
        data = lines["data"]
        events.append((lines.get("event", ""), data if data == "[DONE]" else msgspec.json.decode(data)))
    return events
