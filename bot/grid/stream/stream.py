"""The exchange's stream, opened again whenever it breaks."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from bot.domain.stream import StreamDown, StreamEvent, StreamUp
from bot.errors import NotFound
from bot.grid.keys import SigningKey
from bot.grid.signing import sign_stream
from bot.grid.stream.beside import beside
from bot.grid.stream.frames import Frame
from bot.grid.stream.mailbox import Mailbox
from bot.grid.stream.pauses import Pauses
from bot.grid.stream.reader import Reader
from bot.grid.stream.session import Refused, Session
from bot.ports import Clock, Dialer

log = structlog.stdlib.get_logger("stream")

CAPACITY = 1000
"""How many events may wait for a slow listener before the socket is no longer read."""


class Stream:
    """Events of our orders and of markets, as the exchange sends them. It implements `bot.ports.MarketStream`.

    What happens between two connections is lost: `bot.grid.stream.GaplessStream` makes up for that. An order event that
    cannot be understood counts as lost, so it ends the connection. Orders may be told twice; trades are told again only
    where they have changed.

    Args:
        dialer: opens connections.
        key: proves who we are.
        clock: tells the time.
        chance: spreads the waits between connections.
        clock_offset: how far the exchange's clock is ahead of ours, seconds; asked at every connection.
        capacity: how many events may wait for a slow listener. While there are more, the socket is not read, which the
            exchange may answer by hanging up; of each market only the newest ticker waits.
    """

    def __init__(
        self,
        dialer: Dialer,
        key: SigningKey,
        clock: Clock,
        *,
        chance: random.Random,
        clock_offset: Callable[[], float] = lambda: 0.0,
        capacity: int = CAPACITY,
    ) -> None:
        self._dialer = dialer
        self._key = key
        self._clock = clock
        self._chance = chance
        self._clock_offset = clock_offset
        self._capacity = capacity

    @asynccontextmanager
    async def open(self, market_ids: Sequence[str] = ()) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Events of our orders and of these markets, while the block runs.

        Raises (when iterated):
            NotFound: the exchange serves no stream.
        """
        mailbox = Mailbox(self._capacity)
        async with beside(self._run(tuple(market_ids), Reader(), mailbox)):
            yield mailbox

    async def _run(self, market_ids: Sequence[str], reader: Reader, mailbox: Mailbox) -> None:
        pauses = Pauses(self._chance)
        while True:
            try:
                await self._connect(market_ids, reader, mailbox, pauses)
            except NotFound as error:
                mailbox.end(error)
                return
            except (Refused, ConnectionError, TimeoutError) as error:
                at, refused = self._clock.now(), isinstance(error, Refused)
                why = str(error) or type(error).__name__
            mailbox.post(StreamDown(at, why))
            wait = pauses.after(at, refused=refused)
            log.warning("the stream is down", why=why, wait_seconds=round(wait, 1))
            await self._clock.sleep(wait)
            await mailbox.room()

    async def _connect(self, market_ids: Sequence[str], reader: Reader, mailbox: Mailbox, pauses: Pauses) -> None:
        """Open one connection and listen until it ends, which it does with an error."""

        def take(frame: Frame) -> None:
            event = reader.event(frame, self._clock.now())
            if event is not None:
                mailbox.post(event)

        socket = await self._dialer.connect()
        try:
            session = Session(socket, self._clock, reader)
            await session.open(self._proof, market_ids)
            pauses.up(self._clock.now())
            mailbox.post(StreamUp(self._clock.now()))
            log.info("the stream is up", markets=len(market_ids))
            await session.listen(take, mailbox)
        finally:
            await socket.close()

    def _proof(self) -> dict[str, str]:
        return sign_stream(self._key, int(self._clock.now().timestamp() + self._clock_offset()))
