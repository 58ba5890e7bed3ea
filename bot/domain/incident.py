"""Things that should not have happened, for people to read later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that should not have happened.

    Attributes:
        at: when it was noticed, UTC.
        kind: a word to count by: `late_order`, `invariant`, `drift`, `fenced`, ...
        detail: what happened, where, and what was done about it.
    """

    at: datetime
    kind: str
    detail: str
