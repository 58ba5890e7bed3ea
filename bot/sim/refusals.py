"""How the simulated exchange says no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):
    """A request that the exchange refuses; nothing was changed.

    Attributes:
        status: the HTTP status it answers with.
        code: the exchange's error code, such as `INSUFFICIENT_BALANCE`; empty where its documentation names none.
        detail: what is wrong, in words.
        headers: what its answer tells beside that.
    """

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] = _NONE) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers


def malformed(detail: str) -> Refusal:
    """A request that cannot be understood (400)."""
    return Refusal(400, "VALIDATION_ERROR", detail)


def insufficient(detail: str) -> Refusal:
    """Not enough cash or units (400)."""
    return Refusal(400, "INSUFFICIENT_BALANCE", detail)


def duplicate(client_order_id: str) -> Refusal:
    """The account has used the client order id before (400)."""
    return Refusal(400, "DUPLICATE_CLIENT_ORDER_ID", f"client_order_id {client_order_id} was used before")


def unauthorized(detail: str) -> Refusal:
    """A missing, stale or wrong signature (401)."""
    return Refusal(401, "", detail)


def forbidden(detail: str, code: str = "") -> Refusal:
    """What the account may not do (403)."""
    return Refusal(403, code, detail)


def auto_mode_restricted() -> Refusal:
    """An order of an account in Auto Mode (403)."""
    return forbidden("auto_mode_trading_restricted", "auto_mode_trading_restricted")


def not_found(what: str) -> Refusal:
    """An order, market, instrument, account or route that does not exist, or is not the caller's (404)."""
    return Refusal(404, "", f"{what} not found")


def wrong_method(method: str, allowed: Iterable[str]) -> Refusal:
    """A route that exists, but not for this method (405)."""
    return Refusal(405, "", f"{method} is not allowed here", {"allow": ", ".join(allowed)})


def out_of_range(detail: str) -> Refusal:
    """A request that is understood, but asks for what the rules forbid (422)."""
    return Refusal(422, "", detail)


def already_closed(status: int) -> Refusal:
    """A cancel of an order that is closed; the live exchange answers it with 500."""
    return Refusal(status, "", "order_already_cancelled")


def not_open(status: str) -> Refusal:
    """A change of an order that is closed, and in which state (409)."""
    return Refusal(409, "", f"the order is {status} and cannot be changed any more")
