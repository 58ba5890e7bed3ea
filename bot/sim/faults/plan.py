"""What is to go wrong at an exchange."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sim.faults.kinds import Fault


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
