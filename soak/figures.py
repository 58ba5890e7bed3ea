"""What a series of kills came to."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from soak.points import POINTS

AT_RANDOM = "at random"
AT_START = "during a start"


@dataclass(slots=True)
class Figures:
    """Counts, and what was found wrong.

    Attributes:
        killed: how many bots were killed where.
        missed: bots that did not come by the point at which they were to die, and were killed all the same.
        restarts: how many bots were started.
        recoveries: seconds from the start of a process until its journal agreed with the exchange.
        orders: orders that the exchange took.
        fills: trades of theirs.
        transfers: transfers that the exchange took.
        violations: what must not be, in words, and when it was first seen.
    """

    killed: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    recoveries: list[float] = field(default_factory=list)
    orders: int = 0
    fills: int = 0
    transfers: int = 0
    violations: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """All of it, for people."""
        for place in (AT_RANDOM, AT_START, *POINTS):
            if times := self.killed[place]:
                yield f"  killed {place:<20} {times:>5}"
            if times := self.missed[place]:
                yield f"  never came by {place:<13} {times:>5}"
        rows = {"orders": self.orders, "fills": self.fills, "transfers": self.transfers, "starts": self.restarts}
        yield ", ".join(f"{count} {name}" for name, count in rows.items())
        if self.recoveries:
            median, most = statistics.median(self.recoveries), max(self.recoveries)
            yield f"reconciled after {median:.2f} s in the median and {most:.2f} s at most, process start included"
        yield f"violations: {len(self.violations)}"
        for violation, first in self.violations.items():
            yield f"  {first}: {violation}"
