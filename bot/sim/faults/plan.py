"""What is to go wrong at an exchange."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sim.faults.kinds import (
    ClockJump,
    FailedTransfer,
    Fault,
    LateFills,
    Latency,
    LateOrders,
    Maintenance,
    Malformed,
    PartialTransfer,
    RateLimit,
    Refused,
    ResetAfterApply,
    ResetBeforeApply,
    ServerError,
    StaleLists,
    StreamCut,
    StreamDelay,
    StreamDuplicate,
    StreamReorder,
    Truncated,
)

KINDS: dict[str, type[Fault]] = {
    kind.kind: kind
    for kind in (
        Latency,
        Refused,
        ResetBeforeApply,
        ResetAfterApply,
        ServerError,
        RateLimit,
        Malformed,
        Truncated,
        StaleLists,
        LateOrders,
        LateFills,
        PartialTransfer,
        FailedTransfer,
        StreamCut,
        StreamDuplicate,
        StreamReorder,
        StreamDelay,
        ClockJump,
        Maintenance,
    )
}
"""Every kind of fault, by its name in files."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What is to go wrong.

    Attributes:
        faults: each on its own: none changes when another strikes, but of those that break a request's way only the
            first that strikes does.
        seed: what chance is drawn from.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 1
