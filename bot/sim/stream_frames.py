"""The frames of the stream: Phoenix channels, version 1 of the wire form.

A frame is a JSON object `{topic, event, payload, ref}`. An answer carries the `ref` of its question, whatever JSON
that was; what comes unasked carries null.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from bot.sim.refusals import malformed

TRADING = "ws:trading"
"""The topic on which everything but heartbeats goes."""

PHOENIX = "phoenix"
"""The topic of heartbeats."""

USER_ORDERS = "user.orders"
"""The stream of the user's own orders."""

MARKET_TRADES = "market.trades"
"""The stream of all trades of a market."""

MARKET_TICKER = "market.ticker"
"""The stream of a market's best and last prices."""

MAX_FRAME_BYTES = 64 * 1024
"""The largest frame that a client may send."""

T = TypeVar("T")

_NULL = msgspec.Raw(b"null")


class Frame(msgspec.Struct, frozen=True):
    """A frame of a client; `payload` and `ref` are JSON as it came."""

    topic: str
    event: str
    payload: msgspec.Raw = msgspec.Raw(b"{}")
    ref: msgspec.Raw = _NULL


class Authenticate(msgspec.Struct, frozen=True):
    """Who the client is: Unix seconds, a key's fingerprint, and the key's signature of the two, one after the other.

    The seconds may be a number or a text of digits: what is signed is the same.
    """

    timestamp: str | int
    fingerprint: str
    signature: str


class StreamName(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stream; `market` is a market's id or symbol, for streams of markets."""

    name: str
    market: str | None = None


class Subscription(msgspec.Struct, frozen=True):
    """Streams that a client wants to follow, or not to follow any more; `request_id` is echoed as it came."""

    streams: list[StreamName]
    request_id: msgspec.Raw = _NULL


def read_frame(text: str) -> Frame:
    """A frame, from what a client sent.

    Raises:
        ValueError: it is no frame, or too large; the message says which, for people.
    """
    if len(text) > MAX_FRAME_BYTES or len(text.encode(errors="replace")) > MAX_FRAME_BYTES:
        raise ValueError(f"the frame is larger than {MAX_FRAME_BYTES} bytes")
    try:
        return msgspec.json.decode(text, type=Frame)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a frame: {error}") from None


def read_payload(frame: Frame, form: type[T]) -> T:
    """A frame's payload in one of the forms of this module.

    Raises:
        Refusal: it is not in this form.
    """
    try:
        return msgspec.json.decode(frame.payload, type=form)
    except (ValueError, RecursionError) as error:
        raise malformed(f"{frame.event}: {error}") from None


def reply(frame: Frame, reason: str | None = None) -> str:
    """The answer to a frame: ok, or an error for a reason."""
    status = "ok" if reason is None else "error"
    response = {} if reason is None else {"reason": reason}
    return _encoded(frame.topic, "phx_reply", {"status": status, "response": response}, frame.ref)


def push(event: str, payload: object) -> str:
    """A frame that comes unasked."""
    return _encoded(TRADING, event, payload, _NULL)


def ack(action: str, asked: Subscription, granted: list[StreamName]) -> str:
    """The answer to a change of subscriptions: `partial` when not all that was asked for is granted."""
    return push(
        "ack",
        {
            "type": "ack",
            "action": action,
            "request_id": asked.request_id,
            "status": "ok" if len(granted) == len(asked.streams) else "partial",
            "streams": granted,
        },
    )


def _encoded(topic: str, event: str, payload: object, ref: msgspec.Raw) -> str:
    return msgspec.json.encode({"topic": topic, "event": event, "payload": payload, "ref": ref}).decode()
