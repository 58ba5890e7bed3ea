"""The named moments at which a bot can be killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain.transfer import TransferState
from bot.ports import Request


class When(StrEnum):
    """Before a call has begun, while it is on its way, or when it has come back and nobody was told of it."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of certain calls of one method, of the store's or of the transport's `send`.

    Attributes:
        when: which moment.
        method: of which method.
        is_meant: of which calls, by their arguments.
    """

    when: When
    method: str
    is_meant: Callable[..., bool] = lambda *_: True


def _event(name: str) -> Callable[..., bool]:
    return lambda _order, record: record.event == name


def _state(state: TransferState) -> Callable[..., bool]:
    return lambda transfer: transfer.state is state


def _request(method: str, resource: str) -> Callable[[Request], bool]:
    return lambda request: request.method == method and f"/{resource}" in request.path


def _more_to_come(_fill: Any, order: Any, _record: Any) -> bool:
    return bool(order.remaining)


POINTS: dict[str, Point] = {
    "run begun": Point(When.AFTER, "begin_run"),
    "state saved": Point(When.AFTER, "save_state"),
    "order decided": Point(When.BEFORE, "add_order"),
    "order journaled": Point(When.AFTER, "add_order"),
    "order in hand": Point(When.BEFORE, "send", _request("POST", "orders")),
    "order sent": Point(When.DURING, "send", _request("POST", "orders")),
    "order answered": Point(When.AFTER, "send", _request("POST", "orders")),
    "order stored": Point(When.AFTER, "save_order", _event("Accepted")),
    "doubt stored": Point(When.AFTER, "save_order", _event("Unclear")),
    "doubt settled": Point(When.AFTER, "save_order", _event("NeverArrived")),
    "fill read": Point(When.BEFORE, "add_fill"),
    "fill stored": Point(When.AFTER, "add_fill", _more_to_come),
    "order closed": Point(When.AFTER, "save_order", _event("Closed")),
    "cancel stored": Point(When.AFTER, "save_order", _event("CancelRequested")),
    "cancel sent": Point(When.DURING, "send", _request("DELETE", "orders")),
    "cancel answered": Point(When.AFTER, "send", _request("DELETE", "orders")),
    "transfer decided": Point(When.BEFORE, "add_transfer"),
    "transfer journaled": Point(When.AFTER, "add_transfer"),
    "transfer in hand": Point(When.BEFORE, "send", _request("POST", "transfers")),
    "transfer sent": Point(When.DURING, "send", _request("POST", "transfers")),
    "transfer answered": Point(When.AFTER, "send", _request("POST", "transfers")),
    "transfer stored": Point(When.AFTER, "save_transfer", _state(TransferState.PENDING)),
    "transfer done": Point(When.AFTER, "save_transfer", _state(TransferState.COMPLETED)),
}
"""By name. "Fill stored" is the first part of an order that fills in parts, the others being read already."""

FOLLOWS = {"doubt stored": "order answered", "doubt settled": "order journaled"}
"""Points that only a bot comes by whose predecessor was killed at a certain other one."""

PASSED_OFTEN = frozenset(name for name in POINTS if name.startswith(("state", "order", "fill", "cancel")))
"""Points that a bot comes by several times in a few seconds."""
