"""Which error an answer other than a success is, and what a user can do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

from bot.errors import (
    AccessDenied,
    AuthenticationFailed,
    BadAnswer,
    DuplicateOrder,
    ExchangeError,
    ExchangeUnavailable,
    InsufficientFunds,
    InvalidRequest,
    NoStock,
    NotFound,
    OrderAlreadyClosed,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
)
from bot.grid.http_date import http_date
from bot.grid.signing import SIGNATURE_HEADERS
from bot.ports import Request, Response

READ = "GET"
"""The one method that changes nothing at the exchange."""

_LONGEST_DETAIL = 300
_DEFAULT_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 86_400.0
_MOMENTS_FROM = 1e9
"""Nobody is asked to wait for 30 years: such a number is a moment, Unix seconds."""
_MILLISECONDS_FROM = 1e11
_ALREADY_CANCELLED = "order_already_cancelled"

BY_STATUS: dict[int, type[RequestRefused]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    402: NoStock,
    403: AccessDenied,
    404: NotFound,
    422: InvalidRequest,
}
"""What the exchange says by a status alone; any other is a `RequestRefused`."""

_AUTO_MODE = "auto_mode_trading_restricted"
_AUTO_MODE_HINT = (
    "Switch the account from Auto Mode to Advanced Mode in the exchange's dashboard; "
    "orders of one's own are taken in Advanced Mode only."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What the exchange says is wrong: its code, or its words again where it gives none, and its words."""

    code: str
    detail: str


def error_of(request: Request, response: Response, now: datetime, *, if_not_found: str = "") -> ExchangeError:
    """The error that an answer other than 2xx is.

    Args:
        request: what it answers.
        response: the answer.
        now: the exchange's time, for a rate limit that ends at a moment.
        if_not_found: the hint for a 404; empty: the usual one.
    """
    problem = problem_of(response)
    words = f"{problem.code} {problem.detail}".lower()
    hint = if_not_found if response.status == HTTPStatus.NOT_FOUND else ""
    if _AUTO_MODE in words:
        hint = _AUTO_MODE_HINT
    facts = facts_of(request, response) | {"code": problem.code, "hint": hint}
    kind = _kind(request, response.status, words)
    if kind is RateLimited:
        return RateLimited(problem.detail, retry_after=wait_seconds(response, now), **facts)
    return kind(problem.detail, **facts)


def unclear(request: Request) -> type[ExchangeError]:
    """The error of a request that got no usable answer: a read can be repeated, a write may have been applied."""
    return ExchangeUnavailable if request.method == READ else OutcomeUnknown


def facts_of(request: Request, response: Response | None = None) -> dict[str, Any]:
    """What every error says of its request, which it carries without its signature."""
    unsigned = {name: value for name, value in request.headers.items() if not name.startswith(SIGNATURE_HEADERS)}
    facts: dict[str, Any] = {
        "method": request.method,
        "path": request.path,
        "request": replace(request, headers=unsigned),
    }
    if response is not None:
        facts |= {"status": response.status, "request_id": request_id(response)}
    return facts


def request_id(response: Response) -> str | None:
    """The exchange's id of a request, which the Messages form of inference calls by another name."""
    return response.headers.get("x-request-id") or response.headers.get("request-id")


def problem_of(response: Response) -> Problem:
    """What an error's body says, in any of the three forms that the exchange uses; its status where it says nothing."""
    try:
        body = msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
        body = None
    found = _problem(body) if isinstance(body, dict) else Problem("", "")
    code, detail = shortened(found.code), shortened(found.detail)
    return Problem(code or detail, detail or code or _phrase(response.status))


def shortened(text: str) -> str:
    """Foreign text, fit for one line of an error, and without what could take control of a terminal."""
    words = "".join(one if one.isprintable() else "?" for one in " ".join(text.split()))
    return words if len(words) <= _LONGEST_DETAIL else f"{words[:_LONGEST_DETAIL]}..."


def _problem(body: dict[str, Any]) -> Problem:
    match body:
        case {"error": {"message": str(message), **rest}}:
            return Problem(str(rest.get("code") or ""), message)
        case {"error": {"code": str(code)}}:
            return Problem(code, "")
        case {"errors": {"detail": str(detail)}}:
            return Problem("", detail)
        case {"message": str(message)}:
            return Problem(str(body.get("code") or ""), message)
        case {"errors": dict() | list() as faults}:
            return Problem("", msgspec.json.encode(faults).decode())
        case {"error": str(words)}:
            return Problem("", words)
    return Problem("", "")


def _kind(request: Request, status: int, words: str) -> type[ExchangeError]:
    if request.method == "DELETE" and (status == 409 or (status == 500 and _ALREADY_CANCELLED in words)):
        return OrderAlreadyClosed
    if status == 408 or status >= 500:
        return unclear(request)
    if status < 400:  # a redirect; following it would send a signed request elsewhere
        return BadAnswer if request.method == READ else OutcomeUnknown
    if status == 429:
        return RateLimited
    if status in (400, 409, 422) and "duplicate" in words and "client" in words:
        return DuplicateOrder
    if status in (400, 409, 422) and "insufficient" in words:
        return InsufficientFunds
    return BY_STATUS.get(status, RequestRefused)


def wait_seconds(response: Response, now: datetime) -> float:
    """How long an answer asks to wait; `now`, the exchange's, is for one that names the moment when that ends."""
    headers = response.headers
    for name in ("retry-after", "x-ratelimit-retry-after"):
        if (wait := _seconds(headers.get(name, ""), now)) is not None:
            return wait
    reset = _number(headers.get("x-ratelimit-reset", ""))
    return _DEFAULT_WAIT_SECONDS if reset is None else _seconds_until(reset, now)


def _seconds(text: str, now: datetime) -> float | None:
    """Seconds, written as such or as the moment at which they end."""
    number = _number(text)
    if number is not None:
        return min(number, _LONGEST_WAIT_SECONDS) if number < _MOMENTS_FROM else _seconds_until(number, now)
    at = http_date(text)
    return None if at is None else _seconds_until(at.timestamp(), now)


def _seconds_until(moment: float, now: datetime) -> float:
    """Seconds from now until a moment, Unix seconds or milliseconds."""
    at = moment / 1000 if moment >= _MILLISECONDS_FROM else moment
    return min(max(0.0, at - now.timestamp()), _LONGEST_WAIT_SECONDS)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "an answer without words"
