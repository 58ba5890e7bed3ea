"""How requests and streams prove who sends them; the exchange's documentation describes both."""

from __future__ import annotations

from base64 import b64encode

from bot.grid.keys import SigningKey

SIGNATURE_HEADERS = "x-thegrid-"
"""What the names of the headers that sign a request begin with."""


def sign(key: SigningKey, method: str, path: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that sign a request: its signature covers `timestamp + METHOD + path + body`.

    Args:
        key: the trading key.
        method: HTTP method; it is signed in upper case.
        path: the full URL path as it is sent, percent-encoded, without the query.
        body: the exact bytes that are sent; empty for none.
        timestamp: Unix seconds; the exchange refuses what is more than 30 s from its own time.
    """
    message = f"{timestamp}{method.upper()}{path}".encode() + body
    return {
        "x-thegrid-timestamp": str(timestamp),
        "x-thegrid-fingerprint": key.fingerprint,
        "x-thegrid-signature": _signature(key, message),
    }


def sign_stream(key: SigningKey, timestamp: int) -> dict[str, str]:
    """The payload of a stream's `authenticate` frame: its signature covers `timestamp + fingerprint`."""
    return {
        "timestamp": str(timestamp),
        "fingerprint": key.fingerprint,
        "signature": _signature(key, f"{timestamp}{key.fingerprint}".encode()),
    }


def _signature(key: SigningKey, message: bytes) -> str:
    return b64encode(key.sign(message)).decode()
