"""What the operations of one API have in common: who may ask, how it refuses, what its answers tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sim.openapi.answers import AT_THE_DOOR, MEANINGS, Described, headers_of
from bot.sim.openapi.operations import Operation
from bot.sim.openapi.schemas import Schema, ref

SECURITY_SCHEMES: Mapping[str, Described] = {
    "timestamp": {
        "type": "apiKey",
        "in": "header",
        "name": "x-thegrid-timestamp",
        "description": "Unix seconds, not far from the exchange's clock",
    },
    "fingerprint": {
        "type": "apiKey",
        "in": "header",
        "name": "x-thegrid-fingerprint",
        "description": "unpadded base64 of the SHA-256 of the 32 bytes of the public key",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "x-thegrid-signature",
        "description": "base64 of the Ed25519 signature of timestamp + METHOD + path without query + body",
    },
    "key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "the consumption key"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "the consumption key"},
}
"""How requests show whose they are."""


@dataclass(frozen=True, slots=True)
class Api:
    """One API.

    Attributes:
        name: tells its refusals from those of others.
        tag: under which its operations are listed.
        security: what a request must carry: one of these sets of schemes.
        refusals: statuses that any request can get.
        refusal: the name of the schema of its refusals.
        limited: whether its requests are counted.
        replays: whether an `Idempotency-Key` counts.
    """

    name: str
    tag: str
    security: tuple[tuple[str, ...], ...]
    refusals: tuple[int, ...]
    refusal: str
    limited: bool = False
    replays: bool = False

    def success(self, status: int, schema: Schema | None, *, streams: bool = False) -> Described:
        """A success; `schema` is None where it has no body, `streams` where it can come as server-sent events."""
        described = self._answer(status)
        if schema is not None:
            described["content"] = {"application/json": {"schema": schema}}
            if streams:
                described["content"]["text/event-stream"] = {}
        return described

    def refusals_of(self, operation: Operation) -> list[int]:
        """The statuses of all refusals that an operation can get."""
        at_the_door = () if operation.body is None else AT_THE_DOOR
        return sorted({*operation.refusals, *self.refusals, *at_the_door})

    def refused(self, status: int) -> Described:
        """A refusal."""
        schema = "Refusal" if status in AT_THE_DOOR else "AlreadyCancelled" if status == 500 else self.refusal
        return self._answer(status) | {"content": {"application/json": {"schema": ref(schema)}}}

    def _answer(self, status: int) -> dict[str, Any]:
        return {"description": MEANINGS[status], "headers": headers_of(status, limited=self.limited)}


def trading_api(*, limited: bool) -> Api:
    """The Trading API; `limited` where its requests are counted."""
    security = (("timestamp", "fingerprint", "signature"),)
    return Api("Trading", "Trading", security, (401, 429) if limited else (401,), "Refusal", limited, replays=True)


HEALTH = Api("Health", "Health", (), (), "Refusal")
"""What needs no signature."""

CHAT = Api("Chat", "Consumption", (("bearer",), ("key",)), (401,), "ChatRefusal")
"""The Consumption API in OpenAI's form."""

MESSAGES = Api("Messages", "Consumption", (("bearer",), ("key",)), (401,), "MessagesRefusal")
"""The Consumption API in Anthropic's form."""
