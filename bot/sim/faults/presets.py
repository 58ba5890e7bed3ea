"""Ready-made plans of faults."""

from __future__ import annotations

from pathlib import Path

from bot.errors import DataError
from bot.sim.faults.file import read_faults
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
from bot.sim.faults.plan import FaultPlan

_NETWORK: tuple[Fault, ...] = (
    Latency(probability=0.1, seconds=(0.05, 2.0)),
    Latency(probability=0.005, seconds=(8.0, 20.0)),
    Refused(probability=0.01),
    ResetBeforeApply(probability=0.01),
    ResetAfterApply(probability=0.01),
    Truncated(probability=0.01),
    ServerError(probability=0.01, status=502),
    ServerError(probability=0.01, status=504, applied=True),
)

_EXCHANGE: tuple[Fault, ...] = (
    RateLimit(probability=0.01, retry_after=2),
    ServerError(probability=0.01, status=500),
    ServerError(probability=0.01, status=500, applied=True),
    ServerError(probability=0.01, status=503),
    Malformed(probability=0.01),
    StaleLists(probability=0.05, seconds=(1.0, 5.0)),
    LateOrders(probability=0.1, seconds=(0.5, 5.0)),
    LateFills(probability=0.1, seconds=(0.5, 5.0)),
    PartialTransfer(probability=0.1),
    FailedTransfer(probability=0.1),
    ClockJump.model_validate({"seconds": 120, "from": "20m", "until": "25m"}),
    Maintenance.model_validate({"from": "1h", "until": "1h5m"}),
)

_STREAM: tuple[Fault, ...] = (
    StreamCut(probability=0.005),
    StreamDuplicate(probability=0.05),
    StreamReorder(probability=0.05, window=3),
    StreamDelay(probability=0.05, seconds=(0.1, 3.0)),
)

PRESETS = {
    "none": FaultPlan(),
    "network": FaultPlan(_NETWORK),
    "exchange": FaultPlan(_EXCHANGE),
    "stream": FaultPlan(_STREAM),
    "all": FaultPlan((*_NETWORK, *_EXCHANGE, *_STREAM)),
}
"""Plans by name: what goes wrong on the way, at the exchange, on its stream, or all of it."""


def plan_of(name: str) -> FaultPlan:
    """The preset of this name, or else the plan in the file of this name.

    Raises:
        DataError: there is neither, or the file is malformed.
    """
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name)
    if not path.exists():
        raise DataError(f"there are no faults '{name}': neither a file, nor one of {', '.join(PRESETS)}")
    return read_faults(path)
