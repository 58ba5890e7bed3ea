"""The exchange's stream: all its clients, told what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.sim.auth import SignatureCheck
from bot.sim.faults.faults import Faults
from bot.sim.stream_audience import Audience
from bot.sim.stream_session import StreamSession
from bot.sim.venue import Venue


class StreamHub:
    """Serves the stream of one exchange.

    What its clients follow waits in their sessions until it is taken. There is no replay. The same frames at the same
    times to the same exchange get the same frames back. `faults` are what goes wrong on it on request.
    """

    def __init__(self, venue: Venue, faults: Faults | None = None) -> None:
        self._venue = venue
        self._faults = faults
        if faults is not None:
            faults.at_maintenance(self.close)
        self._signatures = SignatureCheck(venue.account_of_key, venue.config.timestamp_tolerance_seconds)
        self._audience = Audience(venue)
        self._sessions: list[StreamSession] = []

    @property
    def due_at(self) -> datetime | None:
        """When something will next happen by itself, on the exchange or to a session; None: never."""
        moments = [session.expires_at for session in self._sessions if session.closed is None]
        if self._venue.due_at is not None:
            moments.append(self._venue.due_at)
        return min(moments, default=None)

    def connect(self, now: datetime, *, stirred: Callable[[], None] = lambda: None) -> StreamSession:
        """Open a session; `stirred` is called whenever it has something to give, and when it has closed.

        Raises:
            ConnectionRefusedError: the exchange is down for maintenance, by its faults.
        """
        self.advance(now)
        if self._faults is not None and self._faults.is_down(now):
            raise ConnectionRefusedError("the exchange is down for maintenance")
        session = StreamSession(self._venue, self._signatures, self._audience, now, stirred, self._faults)
        self._sessions.append(session)
        return session

    def advance(self, now: datetime) -> None:
        """Let time pass until `now` (UTC), and close the sessions whose clients have been silent for too long."""
        self._venue.advance(now)
        for session in self._sessions:
            if session.expires_at <= now:
                session.close("nothing was heard for too long; send a heartbeat every 30 seconds")
        self._sessions = [session for session in self._sessions if session.closed is None]

    def close(self, why: str) -> None:
        """Close all sessions."""
        for session in self._sessions:
            session.close(why)
        self._sessions.clear()
