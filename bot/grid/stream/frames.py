"""Frames of the stream: Phoenix channel messages, version 1, one JSON object each.

The exchange's documentation describes them: one channel, on which a client joins, proves who it is, subscribes and
then listens; heartbeats go to a topic of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import Raw, Struct

from bot.grid.refusals import shortened

T = TypeVar("T")

CHANNEL = "ws:trading"
"""The topic of all that concerns trading."""

ORDERS = "user.orders"
TRADES = "market.trades"
TICKER = "market.ticker"

REPLY = "phx_reply"
ACK = "ack"
GONE = frozenset({"phx_close", "phx_error"})
"""Events that end the channel, though the connection may live on."""

StreamKey: TypeAlias = tuple[str, str | None]
"""One thing that can be subscribed to: its name, and the market's id where it is of one market."""


class BadFrame(ValueError):
    """A frame, or what it carries, that cannot be understood."""


class Frame(Struct):
    """A message as it came in; what it carries is decoded by whoever knows its event."""

    event: str
    payload: Raw = Raw(b"null")
    ref: Any = None

    @property
    def is_end(self) -> bool:
        """Whether the exchange has closed the channel."""
        return self.event in GONE

    def is_reply_to(self, ref: str) -> bool:
        """Whether it answers the message that carried this reference."""
        return self.event == REPLY and str(self.ref) == ref


class Reply(Struct):
    """What a `phx_reply` carries."""

    status: str = ""
    response: Any = None

    @property
    def is_ok(self) -> bool:
        """Whether the exchange agrees."""
        return self.status == "ok"

    @property
    def reason(self) -> str:
        """Why it does not, in the exchange's words."""
        told = self.response
        if isinstance(told, dict):
            told = told.get("reason") or told.get("message") or told
        return shortened(str(told)) if told else "no reason given"


class Ack(Struct):
    """What the answer to a subscription carries. `status` is `ok`, or `partial` where `streams` are only some."""

    request_id: Any = None
    status: str = ""
    streams: list[Any] | None = None

    def missing(self, wanted: Sequence[StreamKey]) -> list[StreamKey]:
        """What was asked for, and is not delivered."""
        if self.status == "ok":
            return []
        delivered = {_key(one) for one in self.streams or ()} if self.status == "partial" else set()
        return [one for one in wanted if one not in delivered]


def decode(text: str) -> Frame:
    """Read a frame.

    Raises:
        BadFrame: it is none.
    """
    return _decoded(_FRAME, text)


def reply_of(frame: Frame) -> Reply:
    """What a `phx_reply` carries.

    Raises:
        BadFrame: something else.
    """
    return _decoded(_REPLY, frame.payload)


def ack_of(frame: Frame) -> Ack:
    """What an `ack` carries.

    Raises:
        BadFrame: something else.
    """
    return _decoded(_ACK, frame.payload)


def wanted(market_ids: Sequence[str]) -> list[StreamKey]:
    """What to subscribe to: our orders, and trades and ticker of each market."""
    return [(ORDERS, None), *((name, market) for market in market_ids for name in (TRADES, TICKER))]


def join(ref: str) -> str:
    """Ask for the channel."""
    return _encoded(CHANNEL, "phx_join", {}, ref)


def authenticate(ref: str, proof: Mapping[str, str]) -> str:
    """Prove who we are."""
    return _encoded(CHANNEL, "authenticate", proof, ref)


def subscribe(ref: str, request_id: str, streams: Sequence[StreamKey]) -> str:
    """Ask for events."""
    listed = [{"name": name} if market is None else {"name": name, "market": market} for name, market in streams]
    return _encoded(CHANNEL, "subscribe", {"streams": listed, "request_id": request_id}, ref)


def heartbeat(ref: str) -> str:
    """Ask for a sign of life."""
    return _encoded("phoenix", "heartbeat", {}, ref)


def _encoded(topic: str, event: str, payload: Mapping[str, Any], ref: str) -> str:
    return msgspec.json.encode({"topic": topic, "event": event, "payload": payload, "ref": ref}).decode()


_FRAME = msgspec.json.Decoder(Frame)
_REPLY = msgspec.json.Decoder(Reply)
_ACK = msgspec.json.Decoder(Ack)


def _decoded(decoder: msgspec.json.Decoder[T], text: str | Raw) -> T:
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame(str(error)) from error


def _key(listed: Any) -> StreamKey:
    if isinstance(listed, dict):
        market = listed.get("market") or listed.get("market_id")
        return str(listed.get("name")), None if market is None else str(market)
    name, _, market = str(listed).partition(":")
    return name, market or None
