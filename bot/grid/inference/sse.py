"""Server-sent events, as the WHATWG HTML standard has them, read from pieces of any size."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_EVENT_BYTES = 16_000_000
"""The largest event that is read; a longer one would fill the memory."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its data, and its name, which is empty where it has none."""

    data: str
    name: str = ""


class EventReader:
    """Turns bytes into events. However the bytes are cut into chunks, the events are the same."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_return = False
        self._at_start = True
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that this chunk completes.

        Raises:
            ValueError: an event is longer than `MAX_EVENT_BYTES`.
        """
        if not chunk:
            return []
        if self._after_return and chunk.startswith(b"\n"):  # the second half of a line end that was cut in two
            chunk = chunk[1:]
        self._after_return = chunk.endswith(b"\r")
        first, *others = _LINE_END.split(chunk)
        self._grow(first)
        events = []
        for following in others:
            if event := self._end_line():
                events.append(event)
            self._grow(following)
        return events

    def finish(self) -> list[Event]:
        """The event that was not yet closed by an empty line when the bytes ended, if it is whole."""
        event = None if self._line else self._dispatch()
        return [event] if event else []

    def _grow(self, part: bytes) -> None:
        self._line += part
        if self._size + len(self._line) > MAX_EVENT_BYTES:
            raise ValueError(f"an event of more than {MAX_EVENT_BYTES:,} bytes")

    def _end_line(self) -> Event | None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._at_start = False
        if not line:
            return self._dispatch()
        field, _, value = line.decode(errors="replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._size += len(line)
        elif field == "event":
            self._name = value
        return None

    def _dispatch(self) -> Event | None:
        event = Event("\n".join(self._data), self._name) if self._data else None
        self._data, self._name, self._size = [], "", 0
        return event
