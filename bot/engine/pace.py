"""How often the daemon does what it does, and how it stops or halts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class OnStop(StrEnum):
    """What becomes of a strategy's resting orders on a clean stop.

    CANCEL: all are cancelled.
    REDUCE: bids are cancelled; asks, which can only reduce what is held, keep resting.
    KEEP: all keep resting.
    """

    CANCEL = "cancel"
    REDUCE = "reduce"
    KEEP = "keep"


class OnDrift(StrEnum):
    """What is done when cash or units are gone that no trade and no transfer explains.

    HALT: trading is latched as halted.
    WARN: it is told, and taken into the books.
    """

    HALT = "halt"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the daemon does what it does, and how it stops.

    Attributes:
        poll: the longest time between two looks at live orders and open transfers; after a change it looks at once.
        poll_streaming: the same while the exchange's stream tells of changes.
        settle: the time between the looks that settle an unclear outcome.
        audit: how often everything is compared with the exchange, also when all is quiet.
        snapshot: how often balances are stored.
        stop: the most that a clean stop may take.
        on_stop: what becomes of resting orders on a clean stop.
        on_stop_of: the same for single strategy instances, by name.
        on_drift: what is done when something is gone unexplained.
        hook_failures: so many failed calls of one hook in a row pause a strategy instance.
    """

    poll: timedelta = timedelta(seconds=5)
    poll_streaming: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=10)
    audit: timedelta = timedelta(minutes=5)
    snapshot: timedelta = timedelta(minutes=15)
    stop: timedelta = timedelta(seconds=4)
    on_stop: OnStop = OnStop.CANCEL
    on_stop_of: Mapping[str, OnStop] = field(default_factory=dict)
    on_drift: OnDrift = OnDrift.HALT
    hook_failures: int = 10

    def stops(self, strategy: str) -> OnStop:
        """What becomes of the resting orders of a strategy instance on a clean stop."""
        return self.on_stop_of.get(strategy, self.on_stop)
