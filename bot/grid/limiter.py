"""Keeps what is sent within the exchange's limits, the urgent before the rest.

The exchange counts requests when they reach it, at a moment that is not known here but lies between sending and
answer. So a request counts from its sending until one whole span after its answer: then no span of the exchange's,
whether it slides or begins at fixed moments, can have more of them than the limit.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from bot.grid.routes import Route
from bot.ports import Clock

MINUTE = 60.0

_ABSURD = 1e15
"""Neither a count nor a moment, be it in milliseconds."""

SHORTEST_WAIT = 0.001
"""Seconds; a timer of less may come before the clock shows any change."""


class Kind(IntEnum):
    """What a request is for, the most urgent first."""

    CANCEL = 0
    ORDER = 1
    WRITE = 2
    READ = 3

    @classmethod
    @cache
    def of(cls, route: Route) -> Kind:
        """The kind of a route's requests; to replace an order counts as to place one."""
        if route.method == "GET":
            return cls.READ
        if route.method == "DELETE":
            return cls.CANCEL
        return cls.ORDER if route.resource.split("/")[0] == "orders" else cls.WRITE


@dataclass(frozen=True, slots=True)
class Limits:
    """The exchange's limits, a minute, and how requests share them.

    Attributes:
        requests_per_minute: requests of any kind.
        orders_per_minute: order placements.
        cancels_per_minute: cancels.
        cancel_share: the part of all requests that is kept free for cancels.
        write_share: the part of all requests that reads leave free for orders and transfers besides.
    """

    requests_per_minute: int = 100
    orders_per_minute: int = 50
    cancels_per_minute: int = 100
    cancel_share: float = 0.1
    write_share: float = 0.2


@dataclass(slots=True)
class _Window:
    """How many requests count at present, of at most `capacity` in any `span` seconds.

    `left` is how many more the exchange said that it would take until `left_until`.
    """

    capacity: int
    span: float = MINUTE
    in_flight: int = 0
    answered: deque[float] = field(default_factory=deque)
    left: int = 0
    left_until: float = -math.inf

    def wait(self, now: float, kept_free: int = 0) -> float:
        """Seconds until another one may be sent; infinite when that depends on an answer."""
        while self.answered and self.answered[0] + self.span <= now:
            self.answered.popleft()
        kept_free = min(kept_free, self.capacity - 1)
        told_to_wait = self.left_until - now if self.left <= kept_free else 0.0
        too_many = self.in_flight + len(self.answered) - (self.capacity - kept_free)
        if too_many < 0:
            return max(0.0, told_to_wait)
        if too_many >= len(self.answered):
            return math.inf
        return max(told_to_wait, self.answered[too_many] + self.span - now)

    def send(self) -> None:
        """One more is on its way."""
        self.in_flight += 1
        self.left -= 1

    def answer(self, now: float) -> None:
        """One on its way was answered, or nobody will answer it any more."""
        self.in_flight -= 1
        self.answered.append(now)

    def learn(self, limit: int | None, left: int | None, until: float, now: float) -> None:
        """What an answer says: the limit, how many are left of it, and when it starts afresh.

        Of two answers that come close together the older may come last, so within a span what is left only falls.
        """
        if limit:
            self.capacity = min(self.capacity, limit)
        if left is None:
            return
        left -= self.in_flight
        if self.left_until <= now or left < self.left or until >= self.left_until + 1:
            self.left, self.left_until = left, until


class Limiter:
    """Admits requests one by one, as the limits allow.

    Who waits is admitted by urgency, then by order of arrival: cancels before orders, orders before other writes,
    reads last. The answers' headers teach lower limits, what is left of them, and, when a limit was broken after all,
    how long to send nothing.

    What counts is the event loop's time, which nobody sets: a machine whose clock is put right, forward or back, keeps
    to the limits all the same, and waits no longer.

    Args:
        limits: what to keep to.
        clock: tells the moments that headers speak of.
    """

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._all = _Window(limits.requests_per_minute)
        self._windows = {kind: [self._all] for kind in Kind}
        self._windows[Kind.ORDER].append(_Window(limits.orders_per_minute))
        self._windows[Kind.CANCEL].append(_Window(limits.cancels_per_minute))
        self._blocked_until = -math.inf
        self._waiting: dict[Kind, deque[asyncio.Event]] = {kind: deque() for kind in Kind}

    async def admit(self, kind: Kind) -> None:
        """Wait until a request of this kind may be sent; it counts as on its way until `done` is told of it."""
        await self._turn(kind)
        for window in self._windows[kind]:
            window.send()

    def done(self, kind: Kind) -> None:
        """A request that was admitted has been answered, or nobody waits for its answer any more."""
        now = self._now()
        for window in self._windows[kind]:
            window.answer(now)
        self._wake()

    def learn(self, kind: Kind, headers: Mapping[str, str], server_offset: float = 0.0) -> None:
        """Take in what an answer's headers say of limits; `server_offset` is how far the exchange's clock is ahead.

        They do not say of which limit they speak. What an order's or a cancel's answer says is held to be of orders
        or cancels: should it be of all requests, it is at least as strict.
        """
        if "x-ratelimit-limit" not in headers and "x-ratelimit-remaining" not in headers:
            return
        limit, left = _whole(headers, "x-ratelimit-limit"), _whole(headers, "x-ratelimit-remaining")
        reset, now = _whole(headers, "x-ratelimit-reset"), self._now()
        at_server = self._clock.now().timestamp() + server_offset
        until = now + (MINUTE if reset is None else min(MINUTE, reset - at_server))
        (self._windows[kind][1:2] or [self._all])[0].learn(limit, left, until, now)

    def learn_order_rate(self, orders: int, seconds: float) -> None:
        """Place at most so many orders in any span of so many seconds; of several such limits all are kept."""
        if orders >= 1 and seconds > 0:
            windows = self._windows[Kind.ORDER]
            same = next((window for window in windows[1:] if window.span == seconds), None)
            if same is None:
                sent = windows[1]
                windows.append(_Window(orders, seconds, sent.in_flight, deque(sent.answered)))
            else:
                same.capacity = min(same.capacity, orders)

    def block(self, seconds: float) -> None:
        """Send nothing for so long: the exchange has refused a request because of a limit."""
        self._blocked_until = max(self._blocked_until, self._now() + seconds)

    async def _turn(self, kind: Kind) -> None:
        if not any(self._waiting.values()) and self._room(kind) <= 0:
            return
        queue, changed = self._waiting[kind], asyncio.Event()
        queue.append(changed)
        try:
            while (wait := self._wait(kind, changed)) > 0:
                changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wait == math.inf else max(wait, SHORTEST_WAIT)):
                        await changed.wait()
        finally:
            queue.remove(changed)
            self._wake()

    def _wait(self, kind: Kind, changed: asyncio.Event) -> float:
        """Seconds until it is this one's turn; infinite when something else must happen first."""
        if self._waiting[kind][0] is not changed:
            return math.inf
        wait = self._room(kind)
        if wait <= 0 and any(self._waiting[other] and self._room(other) <= 0 for other in Kind if other < kind):
            return math.inf
        return wait

    def _room(self, kind: Kind) -> float:
        now = self._now()
        everything, *others = self._windows[kind]
        wait = max(self._blocked_until - now, everything.wait(now, self._kept_free(kind)))
        return max(wait, *(window.wait(now) for window in others)) if others else wait

    def _kept_free(self, kind: Kind) -> int:
        """Requests that this kind leaves to those that are more urgent."""
        if kind is Kind.CANCEL:
            return 0
        share = self._limits.cancel_share
        if kind is Kind.READ:
            share += self._limits.write_share
        return math.ceil(round(self._all.capacity * share, 6))

    def _wake(self) -> None:
        """Let the first of each kind look again; whoever is behind is woken when the one before has gone."""
        for queue in self._waiting.values():
            if queue:
                queue[0].set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    """A header's number, cut to a whole one and never below 0; None where it has none."""
    try:
        number = float(headers.get(name, ""))
    except ValueError:
        return None
    return max(0, math.floor(number)) if abs(number) < _ABSURD else None
