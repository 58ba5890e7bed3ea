"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Iterator


def doubling(first: float, most: float) -> Iterator[float]:
    """Waits, each twice the one before, from `first` up to `most`."""
    while True:
        yield first
        first = min(2 * first, most)


def spread(wait: float, chance: random.Random) -> float:
    """A wait less a random part of it, half at most: so clients that failed together do not come back together."""
    return wait * chance.uniform(0.5, 1.0)
