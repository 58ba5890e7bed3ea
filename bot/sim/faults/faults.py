"""A plan of faults, come to life at one exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.sim.faults.alarm import Alarm
from bot.sim.faults.chance import Dice, Window
from bot.sim.faults.follower import FaultyFollower, Line
from bot.sim.faults.kinds import (
    BrokenWay,
    ClockJump,
    Fault,
    LateFills,
    Latency,
    LateOrders,
    Maintenance,
    RequestFault,
    ServerError,
    StaleLists,
    StreamFault,
    Strike,
    TransferFault,
)
from bot.sim.faults.late import LateRows
from bot.sim.faults.pattern import matches, resource_of
from bot.sim.faults.plan import FaultPlan
from bot.sim.faults.trouble import CallTrouble
from bot.sim.ledger import Account
from bot.sim.venue import Venue

F = TypeVar("F", bound=Fault)
S = TypeVar("S", bound=Strike)
R = TypeVar("R", bound=RequestFault)

_CLOSED = "the exchange is down for maintenance"


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one request on its way: seconds until it gets to the exchange, and what breaks its way."""

    delay: float = 0.0
    broken: BrokenWay | None = None


class Faults:
    """What goes wrong at one exchange, from now on.

    The plan counts in the exchange's own time. The same plan and seed at the same exchange give the same faults to the
    same requests at the same times.

    Args:
        plan: what is to go wrong.
        venue: the exchange; its present is the start from which the plan counts.

    Attributes:
        injected: how many faults there were, by kind.
    """

    def __init__(self, plan: FaultPlan, venue: Venue) -> None:
        self.injected: Counter[str] = Counter()
        self._plan = plan
        self._venue = venue
        self._start = venue.now
        self._latencies = self._dice(Latency)
        self._ways = self._dice(BrokenWay)
        self._stale = self._dice(StaleLists)
        self._transfers = self._dice(TransferFault)
        self._events = self._dice(StreamFault)
        self._jumps = self._windows(ClockJump)
        self._maintenances = self._windows(Maintenance)
        self._late = LateRows(self._dice(LateOrders), self._dice(LateFills), self.injected)
        if self._late.are_planned:
            venue.listen(self._late)

    def fate(self, method: str, path: str, now: datetime) -> Fate:
        """What befalls a request, sent at a moment by the clock; of what breaks its way, the first that strikes."""
        if self.is_down(now):
            self.injected[Maintenance.kind] += 1
            return Fate(broken=ServerError(status=503))
        resource, now = resource_of(path), self._venue.tempo.at(now)
        delays = [one for one in self._latencies if _strikes(one, method, resource, now)]
        broken = [one.fault for one in self._ways if _strikes(one, method, resource, now)]
        self.injected.update(one.fault.kind for one in delays)
        self.injected.update(one.kind for one in broken[:1])
        return Fate(sum((one.seconds(one.fault.seconds) for one in delays), 0.0), next(iter(broken), None))

    def trouble(self, account: Account, method: str, resource: str) -> CallTrouble:
        """What goes wrong with a request inside the exchange, at its own present."""
        now = at = self._venue.now
        for one in self._stale:
            if _strikes(one, method, resource, now):
                at = min(at, now - timedelta(seconds=one.seconds(one.fault.seconds)))
                self.injected[one.fault.kind] += 1
        return CallTrouble(self._venue.history(account), now, at, self._late, self._transfers, self.injected)

    def told_time(self, now: datetime) -> datetime:
        """What the clock shows at the exchange at a moment."""
        jumps = [window.fault for window in self._jumps if window.holds(self._venue.tempo.at(now))]
        self.injected.update(jump.kind for jump in jumps)
        return now + timedelta(seconds=sum(jump.seconds for jump in jumps))

    def is_down(self, now: datetime) -> bool:
        """Whether the exchange is down for maintenance at a moment by the clock."""
        return any(window.holds(self._venue.tempo.at(now)) for window in self._maintenances)

    def at_maintenance(self, close: Callable[[str], None]) -> None:
        """Have somebody told when maintenance begins, and why that is."""
        for window in self._maintenances:
            self._venue.add_agent(Alarm(lambda _: close(_CLOSED)), window.begin)

    def follower(self, line: Line) -> FaultyFollower:
        """Who is to follow streams on behalf of a session."""
        return FaultyFollower(line, self._events, self._venue, self.injected)

    def told(self) -> str:
        """How many faults there were, of each kind that was planned, for people."""
        kinds = dict.fromkeys(fault.kind for fault in self._plan.faults)
        return ", ".join(f"{self.injected[kind]} {kind}" for kind in kinds)

    def _dice(self, kind: type[S]) -> list[Dice[S]]:
        return [
            Dice(fault, self._start, f"fault {number} {fault.kind} {self._plan.seed}")
            for number, fault in enumerate(self._plan.faults)
            if isinstance(fault, kind)
        ]

    def _windows(self, kind: type[F]) -> list[Window[F]]:
        return [Window(fault, self._start) for fault in self._plan.faults if isinstance(fault, kind)]


def _strikes(dice: Dice[R], method: str, resource: str, now: datetime) -> bool:
    return matches(dice.fault.route, method, resource) and dice.strikes(now)
