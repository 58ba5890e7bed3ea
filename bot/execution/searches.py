"""How often what is unclear was looked for in vain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class _Search:
    last: datetime
    looks: int = 0


class Searches:
    """Counts looks, of which only those count that are at least a settle delay apart.

    Args:
        settle_after: the settle delay.
    """

    def __init__(self, settle_after: timedelta) -> None:
        self._settle_after = settle_after
        self._searches: dict[str, _Search] = {}

    def count(self, keys: Collection[str], began: datetime) -> None:
        """Count a look that began at a moment, for what was unclear then; whatever else was searched is forgotten."""
        self._searches = {key: self._searches.get(key) or _Search(began) for key in keys}
        for search in self._searches.values():
            if began - search.last >= self._settle_after:
                search.looks += 1
                search.last = began

    def looks(self, key: str) -> int:
        """How many looks count."""
        search = self._searches.get(key)
        return 0 if search is None else search.looks
