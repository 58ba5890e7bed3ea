"""What comes of a request whose way is broken."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from bot.ports import Response
from bot.sim.answers import refused
from bot.sim.faults.kinds import BrokenWay, Malformed, RateLimit, ServerError
from bot.sim.refusals import Refusal

_GATEWAY = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}


def spoiled(fault: BrokenWay, answer: Response | None, now: datetime) -> Response | None:
    """What the client hears instead of the exchange's answer, which is None where the request did not get there.

    None: nothing, or not the whole of it; the connection breaks. Gateways answer in HTML, the exchange in JSON.
    """
    match fault:
        case ServerError(status=500):
            return _told(Refusal(500, "", "internal server error"), now)
        case ServerError(status=status):
            body = f"<html><body><h1>{status} {_GATEWAY[status]}</h1></body></html>".encode()
            return Response(status, {"date": _date(now), "content-type": "text/html"}, body)
        case RateLimit(retry_after=seconds):
            wait = str(seconds)
            headers = {"retry-after": wait, "x-ratelimit-retry-after": wait}
            return _told(Refusal(429, "", f"too many requests; wait {wait} s", headers), now)
        case Malformed() if answer is not None:
            return Response(answer.status, answer.headers, half(answer.body))
        case _:
            return None


def half(body: bytes) -> bytes:
    """The first half, rounded down."""
    return body[: len(body) // 2]


def _told(refusal: Refusal, now: datetime) -> Response:
    answer = refused(refusal)
    headers = {"date": _date(now), "content-type": "application/json", **answer.headers}
    return Response(answer.status, headers, answer.body)


def _date(now: datetime) -> str:
    return format_datetime(now, usegmt=True)
