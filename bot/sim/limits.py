"""How many requests the exchange takes in a minute, by the key that signs them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.sim.refusals import Refusal

WINDOW_SECONDS = 60
"""How long requests are counted; the next window begins with the first request after that."""

_WINDOW = timedelta(seconds=WINDOW_SECONDS)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Kind(StrEnum):
    """What is counted."""

    REQUEST = "requests"
    ORDER = "order placements"
    CANCEL = "cancels"


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How many requests one signing key may send in a minute.

    Attributes:
        requests: of any kind.
        orders: orders placed or replaced; every one is a request, too.
        cancels: cancels of one order or of several at once; every one is a request, too.
    """

    requests: int = 100
    orders: int = 50
    cancels: int = 100

    def times(self, factor: float) -> RateLimits:
        """So many times as many of each."""
        return RateLimits(*(round(limit * factor) for limit in (self.requests, self.orders, self.cancels)))

    def of(self, kind: Kind) -> int:
        """The limit of one kind."""
        return {Kind.REQUEST: self.requests, Kind.ORDER: self.orders, Kind.CANCEL: self.cancels}[kind]


DOCUMENTED_LIMITS = RateLimits()
"""What the exchange documents."""


@dataclass(slots=True)
class _Window:
    """What was counted since the window began."""

    kind: Kind
    limit: int
    ends: datetime = _NEVER
    used: int = 0

    def left(self, now: datetime) -> int:
        """How many more fit in, or into the next one if this one is over."""
        return self.limit - (self.used if now < self.ends else 0)

    def add(self, now: datetime) -> None:
        """Count one; if this window is over, the next one begins with it."""
        if now >= self.ends:
            self.ends, self.used = now + _WINDOW, 0
        self.used += 1

    def headers(self) -> dict[str, str]:
        """What answers tell of it."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.limit - self.used),
            "x-ratelimit-reset": str(math.ceil(self.ends.timestamp())),
        }


class Meter:
    """Counts requests in fixed windows of a minute, each of which begins with its first request."""

    def __init__(self, limits: RateLimits | None) -> None:
        self._limits = limits
        self._windows: dict[tuple[str, Kind], _Window] = {}

    def count(self, fingerprint: str, method: str, resource: str, now: datetime) -> Mapping[str, str]:
        """Count a request; answers the headers that tell of the tightest limit that it counts against.

        Args:
            fingerprint: of the key that signed it.
            method: its HTTP method.
            resource: its path without what comes before the resource.
            now: when it came.

        Raises:
            Refusal: one of the limits is exhausted; the request is not counted.
        """
        if self._limits is None:
            return {}
        windows = [self._window(fingerprint, kind, self._limits) for kind in _kinds_of(method, resource)]
        full = [window for window in windows if window.left(now) < 1]
        if full:
            raise _too_many(max(full, key=lambda window: window.ends), now)
        for window in windows:
            window.add(now)
        return min(windows, key=lambda window: window.left(now)).headers()

    def _window(self, fingerprint: str, kind: Kind, limits: RateLimits) -> _Window:
        window = self._windows.get((fingerprint, kind))
        if window is None:
            window = self._windows[fingerprint, kind] = _Window(kind, limits.of(kind))
        return window


def _kinds_of(method: str, resource: str) -> tuple[Kind, ...]:
    """What a request counts as, the most general first."""
    if method == "DELETE":
        return (Kind.REQUEST, Kind.CANCEL)
    if method in ("POST", "PUT") and resource.split("/", 1)[0] == "orders":
        return (Kind.REQUEST, Kind.ORDER)
    return (Kind.REQUEST,)


def _too_many(window: _Window, now: datetime) -> Refusal:
    wait = str(math.ceil((window.ends - now).total_seconds()))
    headers = window.headers() | {"retry-after": wait, "x-ratelimit-retry-after": wait}
    return Refusal(429, "", f"more than {window.limit} {window.kind} a minute; wait {wait} s", headers)
