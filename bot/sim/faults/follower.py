"""The way of the stream's events to one client, with what goes wrong on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from bot.sim.faults.alarm import Alarm
from bot.sim.faults.chance import Dice
from bot.sim.faults.kinds import StreamCut, StreamDelay, StreamDuplicate, StreamFault, StreamReorder
from bot.sim.venue import Venue

LONGEST_HOLD = timedelta(seconds=1)
"""How long an event waits to be overtaken."""

Event: TypeAlias = tuple[str, str | None]
"""A frame, and the key under which it replaces those that wait; see `Line.tell`."""


class Line(Protocol):
    """A session, as far as events go."""

    @property
    def closed(self) -> str | None:
        """Why it is closed; None while it is open."""
        ...

    def tell(self, frame: str, key: str | None = None) -> None:
        """Let a frame go out."""
        ...

    def cut(self, why: str) -> None:
        """Close, and drop what waits."""
        ...


class FaultyFollower:
    """Follows streams on behalf of a session, and tells it late, twice, in another order, or not at all.

    What waits here is let go by the exchange's own timetable.
    """

    def __init__(self, line: Line, dice: Sequence[Dice[StreamFault]], venue: Venue, injected: Counter[str]) -> None:
        self._line = line
        self._dice = dice
        self._venue = venue
        self._injected = injected
        self._lags_until: datetime | None = None
        self._lagging: list[Event] = []
        self._held: list[_Held] = []

    def tell(self, frame: str, key: str | None = None) -> None:
        """Take in an event; of the faults that strike, the first befalls it."""
        now = self._venue.now
        struck = [one for one in self._dice if one.strikes(now)]
        if not struck:
            self._pass((frame, key))
            return
        dice = struck[0]
        self._injected[dice.fault.kind] += 1
        match dice.fault:
            case StreamCut():
                self._line.cut("the connection is cut, as a fault on request")
            case StreamDuplicate():
                self._pass((frame, None))
                self._pass((frame, None))
            case StreamReorder(window=window):
                self._hold(_Held((frame, None), window), now)
            case StreamDelay(seconds=between):
                self._lag(now + timedelta(seconds=dice.seconds(between)))
                self._pass((frame, key))

    def _pass(self, event: Event) -> None:
        if self._lags_until is None:
            self._give(event)
        else:
            self._lagging.append(event)

    def _give(self, event: Event) -> None:
        if self._line.closed is None:
            self._line.tell(*event)
        for held in list(self._held):
            held.overtakers -= 1
            if not held.overtakers:
                self._release(held)

    def _hold(self, held: _Held, now: datetime) -> None:
        self._held.append(held)
        self._venue.add_agent(Alarm(lambda _: self._release(held)), now + LONGEST_HOLD)

    def _release(self, held: _Held) -> None:
        if held in self._held:
            self._held.remove(held)
            self._pass(held.event)

    def _lag(self, until: datetime) -> None:
        if self._lags_until is None:
            self._venue.add_agent(Alarm(self._catch_up), until)
        self._lags_until = max(until, self._lags_until or until)

    def _catch_up(self, now: datetime) -> datetime | None:
        if self._lags_until is not None and now < self._lags_until:
            return self._lags_until
        events, self._lagging, self._lags_until = self._lagging, [], None
        for event in events:
            self._give(event)
        return None


@dataclass(eq=False)
class _Held:
    """An event that waits until so many others have gone before it."""

    event: Event
    overtakers: int
