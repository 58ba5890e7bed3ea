"""Ready-made plans of faults."""

from __future__ import annotations

from pathlib import Path

from bot.errors import DataError
from bot.sim.faults import kinds
from bot.sim.faults.file import read_faults
from bot.sim.faults.plan import FaultPlan

_NETWORK: tuple[kinds.Fault, ...] = (
    kinds.Latency(probability=0.1, seconds=(0.05, 2.0)),
    kinds.Latency(probability=0.005, seconds=(8.0, 20.0)),
    kinds.Refused(probability=0.01),
    kinds.ResetBeforeApply(probability=0.01),
    kinds.ResetAfterApply(probability=0.01),
    kinds.Truncated(probability=0.01),
    kinds.ServerError(probability=0.01, status=502),
    kinds.ServerError(probability=0.01, status=504, applied=True),
)

_EXCHANGE: tuple[kinds.Fault, ...] = (
    kinds.RateLimit(probability=0.01, retry_after=2),
    kinds.ServerError(probability=0.01, status=500),
    kinds.ServerError(probability=0.01, status=500, applied=True),
    kinds.ServerError(probability=0.01, status=503),
    kinds.Malformed(probability=0.01),
    kinds.StaleLists(probability=0.05, seconds=(1.0, 5.0)),
    kinds.LateOrders(probability=0.1, seconds=(0.5, 5.0)),
    kinds.LateFills(probability=0.1, seconds=(0.5, 5.0)),
    kinds.PartialTransfer(probability=0.1),
    kinds.FailedTransfer(probability=0.1),
    kinds.ClockJump.model_validate({"seconds": 120, "from": "20m", "until": "25m"}),
    kinds.Maintenance.model_validate({"from": "1h", "until": "1h5m"}),
)

_STREAM: tuple[kinds.Fault, ...] = (
    kinds.StreamCut(probability=0.005),
    kinds.StreamDuplicate(probability=0.05),
    kinds.StreamReorder(probability=0.05, window=3),
    kinds.StreamDelay(probability=0.05, seconds=(0.1, 3.0)),
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
