"""The other end of the stream's connections, scripted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.ports import Socket

Answer: TypeAlias = Callable[["Peer", dict[str, Any]], None]
"""What a peer does when it is sent a frame."""


def ok(peer: Peer, frame: dict[str, Any]) -> None:
    peer.say("phx_reply", {"status": "ok", "response": {}}, ref=frame["ref"])


def no(reason: str) -> Answer:
    def answer(peer: Peer, frame: dict[str, Any]) -> None:
        peer.say("phx_reply", {"status": "error", "response": {"reason": reason}}, ref=frame["ref"])

    return answer


def ack(peer: Peer, frame: dict[str, Any], **changes: Any) -> None:
    asked = frame["payload"]
    peer.say("ack", {"type": "ack", "action": "subscribe", "status": "ok", **asked, **changes})


def silence(_peer: Peer, _frame: dict[str, Any]) -> None:
    pass


@dataclass
class Peer:
    """One connection, as the exchange sees it; `answers` are to the events that it is sent."""

    answers: dict[str, Answer] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False
    _waiting: list[str] = field(default_factory=list)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _broken: str = ""

    def say(self, event: str, payload: object, ref: str | None = None) -> None:
        self.say_text(json.dumps({"topic": "ws:trading", "event": event, "payload": payload, "ref": ref}))

    def say_text(self, frame: str) -> None:
        self._waiting.append(frame)
        self._stirred.set()

    def hang_up(self, why: str = "hung up") -> None:
        """What was said before can still be read."""
        self._broken = why
        self._stirred.set()

    @property
    def unread(self) -> int:
        return len(self._waiting)

    def events(self) -> list[str]:
        return [frame["event"] for frame in self.sent]

    async def send(self, frame: str) -> None:
        await asyncio.sleep(0)
        if self._broken or self.closed:
            raise ConnectionResetError(self._broken or "closed")
        self.sent.append(json.loads(frame))
        event = self.sent[-1]["event"]
        self.answers.get(event, ack if event == "subscribe" else ok)(self, self.sent[-1])

    async def receive(self) -> str:
        while not self._waiting:
            if self._broken or self.closed:
                raise ConnectionResetError(self._broken or "closed")
            self._stirred.clear()
            await self._stirred.wait()
        return self._waiting.pop(0)

    async def close(self) -> None:
        self.closed = True
        self._stirred.set()


class Switchboard:
    """A dialer that connects to the peers in turn, an error among them being raised, and to the last one's like after.

    `make` is called for a connection when they have run out.
    """

    def __init__(self, peers: Iterable[Peer | Exception] = (), make: Callable[[], Peer | Exception] = Peer) -> None:
        self._left = list(peers)
        self._make = make
        self.connected: list[Peer | Exception] = []

    async def connect(self) -> Socket:
        peer = self._left.pop(0) if self._left else self._make()
        self.connected.append(peer)
        await asyncio.sleep(0)
        if isinstance(peer, Exception):
            raise peer
        return peer
