"""The prices at which somebody waits, in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

_LONGEST_RUN = 512


class Ladder:
    """Distinct whole numbers in ascending order.

    They are kept in runs of bounded length, so that adding or removing one among a hundred thousand moves a few hundred
    others at most: a bisection finds the run, another the place in it.

    Attributes:
        last: the greatest; None when there is none.
    """

    __slots__ = ("_runs", "_starts", "last")

    def __init__(self) -> None:
        self._runs: list[list[int]] = [[]]
        self._starts: list[int] = []  # of each run but the first: all in it are at least that, all before it less
        self.last: int | None = None

    def __reversed__(self) -> Iterator[int]:
        return (key for run in reversed(self._runs) for key in reversed(run))

    def add(self, key: int) -> None:
        """Put in one that is not there."""
        place = bisect_right(self._starts, key)
        run = self._runs[place]
        insort(run, key)
        if len(run) > _LONGEST_RUN:
            half = run[_LONGEST_RUN // 2 :]
            del run[_LONGEST_RUN // 2 :]
            self._runs.insert(place + 1, half)
            self._starts.insert(place, half[0])
        self.last = self._runs[-1][-1]

    def remove(self, key: int) -> None:
        """Take out one that is there."""
        place = bisect_right(self._starts, key)
        run = self._runs[place]
        del run[bisect_left(run, key)]
        if not run and self._starts:
            del self._runs[place]
            del self._starts[max(place - 1, 0)]
        highest = self._runs[-1]
        self.last = highest[-1] if highest else None
