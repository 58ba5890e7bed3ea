"""How often what is unclear was looked for in vain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class _Search:
    unclear_since: datetime
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

    def count(self, unclear_since: Mapping[str, datetime], began: datetime) -> None:
        """Count a look that began at a moment, for what was unclear then; whatever else was searched is forgotten.

        What has become unclear once more, as by a second try, is looked for anew.
        """
        before, self._searches = self._searches, {}
        for key, since in unclear_since.items():
            search = before.get(key)
            if search is None or search.unclear_since != since:
                search = _Search(since, began)
            self._searches[key] = search
            if began - search.last >= self._settle_after:
                search.looks += 1
                search.last = began

    def looks(self, key: str) -> int:
        """How many looks count."""
        search = self._searches.get(key)
        return 0 if search is None else search.looks
