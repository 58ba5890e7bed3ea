"""What waits to go out to one client of the stream."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count


class Outbox:
    """Frames in the order in which they go out, at most `limit`; of those put in under one key, only the newest."""

    __slots__ = ("_frames", "_limit", "_numbers")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._numbers = count()
        self._frames: OrderedDict[int | str, str] = OrderedDict()

    def put(self, frame: str, key: str | None = None) -> bool:
        """Add a frame behind all others; False, and nothing added, when there is no room.

        Of a key that waits already the older frame is dropped, so that what goes out is in the order of happening.
        """
        if key is not None:
            self._frames.pop(key, None)
        if len(self._frames) == self._limit:
            return False
        self._frames[next(self._numbers) if key is None else key] = frame
        return True

    def take(self) -> str | None:
        """The frame that goes out next; None when none waits."""
        return self._frames.popitem(last=False)[1] if self._frames else None

    def clear(self) -> None:
        """Drop everything."""
        self._frames.clear()
