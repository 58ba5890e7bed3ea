"""What a strategy is told when something that it wanted did not happen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.intents import Intent
from bot.domain.order import Order


class ProblemKind(StrEnum):
    """What went wrong.

    REFUSED: the exchange refused an order or a transfer; it was not applied.
    HELD_BACK: the risk gate let something through no further.
    HOOK_FAILED: one of the instance's hooks raised, or ran out of time; what it wanted was dropped.
    """

    REFUSED = "refused"
    HELD_BACK = "held_back"
    HOOK_FAILED = "hook_failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong, as `on_error` gets it.

    Attributes:
        kind: what went wrong.
        why: the reason, in words.
        hook: the hook that failed; empty where none did.
        order: the order that was refused; None where it was none.
        intent: what was held back; None where it was nothing.
    """

    kind: ProblemKind
    why: str
    hook: str = ""
    order: Order | None = None
    intent: Intent | None = None
