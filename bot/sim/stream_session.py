"""One client's connection to the stream, as a pure function of its frames and of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.sim.auth import SignatureCheck
from bot.sim.faults.faults import Faults
from bot.sim.ledger import Account
from bot.sim.refusals import Refusal, malformed
from bot.sim.stream_audience import Audience, Follower, Topic
from bot.sim.stream_frames import (
    MARKET_TICKER,
    MARKET_TRADES,
    PHOENIX,
    TRADING,
    USER_ORDERS,
    Authenticate,
    Frame,
    StreamName,
    Subscription,
    ack,
    read_frame,
    read_payload,
    reply,
)
from bot.sim.stream_outbox import Outbox
from bot.sim.venue import Venue

MAX_WAITING = 1_000
"""How many frames may wait for a client; one that lets more wait is too slow, and is cut off."""

SILENCE = timedelta(seconds=60)
"""How long a client may send nothing; it is due to send a heartbeat every 30 seconds."""


class StreamSession:
    """Answers the frames of one client, and collects what it is told of what it follows.

    A client joins `ws:trading`, authenticates if it wants to follow its own orders, and subscribes. Of the streams
    that it asks for, those are left out of the acknowledgement, which is `partial` then, that do not exist, or that
    it may not follow, even when nothing remains. What cannot be done is answered with an error; what is no frame at
    all closes the connection, as do silence and slowness.

    Args:
        venue: the exchange.
        signatures: tells who has authenticated.
        audience: where it follows streams.
        now: when the connection was opened.
        stirred: called whenever there is something to take, and when the session has closed.
        faults: what goes wrong with what it is told of what it follows; None: nothing.
    """

    def __init__(
        self,
        venue: Venue,
        signatures: SignatureCheck,
        audience: Audience,
        now: datetime,
        stirred: Callable[[], None],
        faults: Faults | None = None,
    ) -> None:
        self._venue = venue
        self._signatures = signatures
        self._audience = audience
        self._stirred = stirred
        self._heard_at = now
        self._outbox = Outbox(MAX_WAITING)
        self._closed: str | None = None
        self._joined = False
        self._account: Account | None = None
        self._topics: dict[Topic, None] = {}
        self._faults = faults
        self._follower: Follower = self if faults is None else faults.follower(self)

    @property
    def closed(self) -> str | None:
        """Why the session has closed, for people; None while it is open."""
        return self._closed

    @property
    def expires_at(self) -> datetime:
        """When it closes unless the client sends something before."""
        return self._heard_at + SILENCE

    def receive(self, text: str, now: datetime) -> None:
        """Let time pass until `now` (UTC), then take in a frame of the client. Bad frames are answered, never raised.

        After the session has closed nothing happens.
        """
        self._venue.advance(now)
        if self._closed is not None:
            return
        self._heard_at = now
        try:
            frame = read_frame(text)
        except ValueError as error:
            self.close(str(error))
            return
        try:
            self.tell(self._answer(frame, now))
        except Refusal as refusal:
            self.tell(reply(frame, refusal.detail))

    def take(self) -> str | None:
        """The frame that goes out next; None when none waits. What waits when the session closes still goes out."""
        return self._outbox.take()

    def tell(self, frame: str, key: str | None = None) -> None:
        """Let a frame go out, after all that wait; it replaces one under the same key. Too many close the session."""
        if self._outbox.put(frame, key):
            self._stirred()
        else:
            self.cut(f"too slow: {MAX_WAITING} frames were waiting to be read")

    def cut(self, why: str) -> None:
        """Close, and drop what waits."""
        self._outbox.clear()
        self.close(why)

    def close(self, why: str) -> None:
        """Take in nothing any more. Of several reasons the first counts."""
        if self._closed is not None:
            return
        self._closed = why
        self._follow_nothing()
        self._stirred()

    def _answer(self, frame: Frame, now: datetime) -> str:
        if (frame.topic, frame.event) == (PHOENIX, "heartbeat"):
            return reply(frame)
        if frame.topic != TRADING:
            raise malformed(f"there is nothing on topic {frame.topic} but {TRADING}, and heartbeats on {PHOENIX}")
        if frame.event == "phx_join":
            self._join()
            return reply(frame)
        if not self._joined:
            raise malformed(f"join {TRADING} first")
        if frame.event == "authenticate":
            self._authenticate(read_payload(frame, Authenticate), now)
            return reply(frame)
        if frame.event in ("subscribe", "unsubscribe"):
            return self._subscribe(frame.event, read_payload(frame, Subscription))
        raise malformed(f"unknown event {frame.event}")

    def _join(self) -> None:
        """Begin anew: who joins again has to authenticate and to subscribe again, too."""
        self._follow_nothing()
        self._account = None
        self._joined = True

    def _authenticate(self, claim: Authenticate, now: datetime) -> None:
        timestamp = str(claim.timestamp)
        signed = f"{timestamp}{claim.fingerprint}".encode()
        shown = now if self._faults is None else self._faults.told_time(now)
        account = self._signatures.signer(timestamp, claim.fingerprint, claim.signature, signed, shown)
        if self._account not in (None, account):
            raise malformed("another account has authenticated already; join again first")
        self._account = account

    def _subscribe(self, action: str, asked: Subscription) -> str:
        granted = []
        for stream in asked.streams:
            topic = self._topic(stream)
            if topic is None:
                continue
            granted.append(stream)
            if action == "subscribe":
                self._audience.follow(topic, self._follower)
                self._topics[topic] = None
            else:
                self._audience.leave(topic, self._follower)
                self._topics.pop(topic, None)
        return ack(action, asked, granted)

    def _topic(self, stream: StreamName) -> Topic | None:
        """What a client means; None: it does not exist, or is not for this client."""
        if stream.name == USER_ORDERS:
            return None if self._account is None else (USER_ORDERS, self._account.account_id)
        if stream.name in (MARKET_TRADES, MARKET_TICKER):
            for market in self._venue.markets.values():
                if stream.market in (market.market_id, market.symbol):
                    return stream.name, market.market_id
        return None

    def _follow_nothing(self) -> None:
        for topic in self._topics:
            self._audience.leave(topic, self._follower)
        self._topics.clear()
