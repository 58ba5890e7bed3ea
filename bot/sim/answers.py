"""Answers before they are dressed as HTTP responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from bot.sim.refusals import Refusal

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status, a JSON body, and headers beside those that every answer has."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def telling(self, headers: Mapping[str, str]) -> Answer:
        """The same answer with more headers."""
        return replace(self, headers={**self.headers, **headers})


NO_CONTENT = Answer(204, b"")
"""A success that has nothing to tell."""


def answer(payload: object, status: int = 200) -> Answer:
    """A success, its payload as it is."""
    return Answer(status, _encoder.encode(payload))


def data(payload: object, status: int = 200, **about: Any) -> Answer:
    """A success, wrapped as the exchange wraps most; `about` goes beside the data."""
    return answer({"data": payload, **about}, status)


def refused(refusal: Refusal) -> Answer:
    """A refusal in the exchange's plain form and, where there is a code, also in the form that has room for it."""
    body: dict[str, object] = {"errors": {"detail": refusal.detail}}
    if refusal.code:
        body["error"] = {"code": refusal.code, "message": refusal.detail, "details": None}
    return answer(body, refusal.status).telling(refusal.headers)
