"""One connection to the stream, from joining it to its end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import structlog

from bot.grid.stream import frames
from bot.grid.stream.beside import beside
from bot.grid.stream.frames import Ack, BadFrame, Frame, Reply, StreamKey
from bot.grid.stream.mailbox import Mailbox
from bot.grid.stream.reader import Reader
from bot.ports import Clock, Socket

log = structlog.stdlib.get_logger("stream")

T = TypeVar("T")

STEP_SECONDS = 10.0
"""How long the exchange may take to answer anything, heartbeats included."""

HEARTBEAT_SECONDS = 30.0
"""How often the exchange wants to hear from us."""


MAX_EARLY_FRAMES = 10_000
MAX_EARLY_BYTES = 16_000_000
"""About as much is kept of what comes before the answers to the first steps; more would fill the memory."""


class Refused(Exception):
    """The exchange does not let us in, and will not soon."""


class Session:
    """Talks to the exchange over one socket, which is closed by whoever opened it.

    Args:
        socket: the connection.
        clock: times the heartbeats.
        reader: makes sense of frames.
    """

    def __init__(self, socket: Socket, clock: Clock, reader: Reader) -> None:
        self._socket = socket
        self._clock = clock
        self._reader = reader
        self._refs = itertools.count(1)
        self._early: list[Frame] = []
        self._early_bytes = 0
        self._awaited = ""
        self._alive = asyncio.Event()
        self._is_reading = True
        self._pauses = 0

    async def open(self, proof: Callable[[], Mapping[str, str]], market_ids: Sequence[str]) -> None:
        """Join, prove who we are, and subscribe to our orders and to these markets.

        Raises:
            Refused: the exchange does not let us in.
            ConnectionError: the connection broke, or an answer did not come in time.
        """
        ref = self._ref()
        await self._agreed("join", frames.join(ref), ref)
        ref = self._ref()
        await self._agreed("authenticate", frames.authenticate(ref, proof()), ref)
        await self._subscribe(frames.wanted(market_ids))

    async def listen(self, take: Callable[[Frame], None], mailbox: Mailbox) -> None:
        """Hand over every frame, stopping to read while the mailbox is full, until the connection breaks.

        Raises:
            ConnectionError: it broke, or the exchange shows no sign of life.
        """
        for frame in self._early:
            take(frame)
        self._early.clear()
        async with beside(self._beat()):
            while True:
                await self._room_in(mailbox)
                frame = await self._receive()
                if frame.is_reply_to(self._awaited):
                    self._alive.set()
                take(frame)

    async def _subscribe(self, wanted: Sequence[StreamKey]) -> None:
        ref = self._ref()
        request_id = f"subscribe-{ref}"

        def answer(frame: Frame) -> Ack | None:
            if frame.is_reply_to(ref):
                _check("subscribe", frames.reply_of(frame))
            ack = frames.ack_of(frame) if frame.event == frames.ACK else None
            return ack if ack is not None and str(ack.request_id) == request_id else None

        ack = await self._answer("subscribe", frames.subscribe(ref, request_id, wanted), answer)
        missing = ack.missing(wanted)
        if (frames.ORDERS, None) in missing:
            raise Refused(f"the exchange does not stream our orders; it acknowledged with {ack.status!r}")
        for name, market in missing:
            log.warning("the exchange does not stream a market", stream=name, market_id=market)

    async def _agreed(self, step: str, message: str, ref: str) -> None:
        def answer(frame: Frame) -> Reply | None:
            return frames.reply_of(frame) if frame.is_reply_to(ref) else None

        _check(step, await self._answer(step, message, answer))

    async def _answer(self, step: str, message: str, read: Callable[[Frame], T | None]) -> T:
        """What comes before the answer is kept for later."""
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await self._socket.send(message)
                while (answer := read(frame := await self._receive())) is None:
                    self._keep(frame)
                return answer
        except TimeoutError:
            raise ConnectionError(f"no answer to {step!r} within {STEP_SECONDS:g} s") from None
        except BadFrame as error:
            raise ConnectionError(f"the answer to {step!r} cannot be understood: {error}") from error

    def _keep(self, frame: Frame) -> None:
        self._early.append(frame)
        self._early_bytes += len(bytes(frame.payload))
        if len(self._early) > MAX_EARLY_FRAMES or self._early_bytes > MAX_EARLY_BYTES:
            raise ConnectionError("too much comes before an answer does")

    async def _receive(self) -> Frame:
        while (frame := self._reader.frame(await self._socket.receive())) is None:
            pass
        if frame.is_end:
            raise ConnectionError("the exchange closed the channel")
        return frame

    async def _room_in(self, mailbox: Mailbox) -> None:
        if mailbox.is_full:
            self._is_reading = False
            await mailbox.room()
            self._is_reading = True
            self._pauses += 1

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT_SECONDS)
            self._awaited = self._ref()
            self._alive.clear()
            await self._show_life(frames.heartbeat(self._awaited))

    async def _show_life(self, heartbeat: str) -> None:
        """An answer is owed only where it would have been read: a full mailbox is not the exchange's fault."""
        pauses = self._pauses
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await self._socket.send(heartbeat)
                await self._alive.wait()
        except TimeoutError:
            if self._is_reading and pauses == self._pauses:
                raise ConnectionError(f"no answer to a heartbeat within {STEP_SECONDS:g} s") from None

    def _ref(self) -> str:
        return str(next(self._refs))


def _check(step: str, reply: Reply) -> None:
    if not reply.is_ok:
        raise Refused(f"the exchange refused to {step}: {reply.reason}")
