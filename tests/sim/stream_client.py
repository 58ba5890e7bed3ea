"""A client of the simulated exchange's stream, for tests; and the frames that such clients send."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime
from typing import Any

from nacl.signing import SigningKey

from bot.sim.ledger import fingerprint_of
from bot.sim.stream import StreamHub
from tests.sim.client import START

JOIN = '{"topic": "ws:trading", "event": "phx_join", "payload": {}, "ref": "1"}'
HEARTBEAT = '{"topic": "phoenix", "event": "heartbeat", "payload": {}, "ref": "h"}'
USER_ORDERS = {"name": "user.orders"}


def frame(event: str, payload: object, ref: object = "2") -> str:
    return json.dumps({"topic": "ws:trading", "event": event, "payload": payload, "ref": ref})


def claim(key: SigningKey, now: datetime = START) -> dict[str, str]:
    """The payload with which a client authenticates."""
    timestamp, fingerprint = str(int(now.timestamp())), fingerprint_of(bytes(key.verify_key))
    signature = b64encode(key.sign((timestamp + fingerprint).encode()).signature).decode()
    return {"timestamp": timestamp, "fingerprint": fingerprint, "signature": signature}


def trades(market: str) -> dict[str, str]:
    return {"name": "market.trades", "market": market}


def ticker(market: str) -> dict[str, str]:
    return {"name": "market.ticker", "market": market}


class StreamClient:
    """Speaks to a session of its own; `now` is its clock and the exchange's."""

    def __init__(self, hub: StreamHub, now: datetime = START) -> None:
        self.now = now
        self.session = hub.connect(now)

    def ask(self, text: str) -> list[Any]:
        """Send a frame; all that goes out until it is answered."""
        self.session.receive(text, self.now)
        return self.heard()

    def heard(self) -> list[Any]:
        """All that waits to go out."""
        return [json.loads(text) for text in iter(self.session.take, None)]

    def events(self) -> list[tuple[str, Any]]:
        """Names and payloads of all that waits to go out; of those that wrap their data, the data."""
        return [(heard["event"], heard["payload"].get("data", heard["payload"])) for heard in self.heard()]

    def join(self) -> StreamClient:
        self.ask(JOIN)
        return self

    def follow(self, *streams: object) -> StreamClient:
        self.ask(frame("subscribe", {"streams": streams, "request_id": "r"}))
        return self


def connected(hub: StreamHub, *streams: object, key: SigningKey | None = None) -> StreamClient:
    """A client that has joined, authenticated where it has a key, and follows these streams."""
    client = StreamClient(hub).join()
    if key is not None:
        client.ask(frame("authenticate", claim(key)))
    return client.follow(*streams)
