"""How answers are described: their headers, and what refusals look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from bot.sim.openapi.schemas import NAME, NULL, TEXT, Schema, Schemas, record, word, words

Described: TypeAlias = Mapping[str, Any]
"""A part of the description."""

REFUSAL_SCHEMAS: Schemas = {
    "Refusal": record(
        {
            "errors": record({"detail": TEXT}),
            "error": record(
                {
                    "code": words(
                        (
                            "VALIDATION_ERROR",
                            "INSUFFICIENT_BALANCE",
                            "DUPLICATE_CLIENT_ORDER_ID",
                            "auto_mode_trading_restricted",
                        )
                    ),
                    "message": TEXT,
                    "details": NULL,
                }
            ),
        },
        optional=("error",),
    ),
    "AlreadyCancelled": record({"errors": record({"detail": word("order_already_cancelled")})}),
}

MEANINGS: Mapping[int, str] = {
    200: "done",
    201: "made",
    202: "under way",
    204: "done; there is nothing to tell",
    307: "send the same request, with the same key, to where `location` says",
    400: "malformed, or there is not enough cash or units for it",
    401: "the signature or key is missing, wrong or out of date",
    402: "there are no tokens of the instrument in Consumption",
    403: "not for this account",
    404: "there is no such thing, or it is somebody else's",
    408: "the body did not come in time",
    409: "the order is closed",
    413: "the body is too large",
    422: "well-formed, but out of range",
    429: "too many requests in this minute",
    500: "the order is closed",
    503: "units are on their way to Consumption; try again",
}
"""What each status says."""

AT_THE_DOOR = (408, 413)
"""What is answered before a request is read; any request that has a body can get it."""

_TELLS_REQUEST = ("x-request-id", "date")
_TELLS_LIMIT = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
_TELLS_WAIT = ("retry-after", "x-ratelimit-retry-after")
_WHOLE: Schema = {"type": "integer", "minimum": 0}

HEADERS: Mapping[str, Described] = {
    "x-request-id": {"description": "names the request", "required": True, "schema": NAME},
    "date": {"description": "the exchange's time", "required": True, "schema": NAME},
    "x-ratelimit-limit": {"description": "of the tightest limit", "required": True, "schema": _WHOLE},
    "x-ratelimit-remaining": {"description": "requests left in this minute", "required": True, "schema": _WHOLE},
    "x-ratelimit-reset": {"description": "when the minute ends, Unix seconds", "required": True, "schema": _WHOLE},
    "retry-after": {"description": "seconds to wait", "required": True, "schema": _WHOLE},
    "x-ratelimit-retry-after": {"description": "seconds to wait", "required": True, "schema": _WHOLE},
    "location": {"description": "of the supplier", "required": True, "schema": NAME},
}
"""Headers of answers, by name."""


def headers_of(status: int, *, limited: bool) -> dict[str, Described]:
    """The headers that an answer of a status has for certain; `limited` where requests are counted."""
    if status in AT_THE_DOOR:
        return {}
    names = [*_TELLS_REQUEST]
    if limited and status != 401:
        names += _TELLS_LIMIT
    names += {307: ("location",), 429: _TELLS_WAIT, 503: ("retry-after",)}.get(status, ())
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
