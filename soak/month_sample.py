"""What a rehearsal of weeks looks like at a moment: memory, database, tasks, descriptors, connections."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.rehearsal.plan import START
from bot.rehearsal.world import World
from bot.sim.stream_session import StreamSession
from soak.month_heap import heap

DAY = timedelta(days=1)

SETTLED = timedelta(hours=1)
"""How long a life must have lasted before it is looked at."""

_STATUS = Path("/proc/self/status")
_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the process.

    Attributes:
        day: virtual days since the start.
        life: how many lives of the bot have begun.
        age: virtual days since the last of them was first seen.
        rss: bytes of the process in memory; None where this cannot be read.
        bot: bytes of Python objects that are not the exchange's.
        exchange: bytes of the exchange's, which keeps all history, and of the rehearsal's.
        database: bytes of the bot's database, which is in memory.
        rows: in each of its tables.
        tasks: the fewest that were alive at any look since the last sample, requests under way apart.
        descriptors: open files and sockets, likewise the fewest; None where they cannot be counted.
        connections: to databases.
        streams: connections to the exchange's stream.
    """

    day: float
    life: int
    age: float
    rss: int | None
    bot: int
    exchange: int
    database: int
    rows: Mapping[str, int]
    tasks: int
    descriptors: int | None
    connections: int
    streams: int


class Sampler:
    """Takes a sample whenever one is due and the bot has lived undisturbed for a while; an onlooker of a rehearsal.

    Args:
        every: how often one is due, virtual time.
        settled: how long a life must have lasted.
        tell: called with each sample as it is taken.
    """

    def __init__(
        self, every: timedelta, settled: timedelta = SETTLED, tell: Callable[[Sample], None] = lambda _: None
    ) -> None:
        self.samples: list[Sample] = []
        self._every = every
        self._settled = settled
        self._tell = tell
        self._due = START + every
        self._life = 0
        self._born_at = START
        self._tasks: list[int] = []
        self._descriptors: list[int] = []

    def __call__(self, world: World, now: datetime) -> None:
        """Look; every look counts tasks and descriptors, and some look at everything."""
        (life,) = world.database.raw.execute("SELECT count(*) FROM runs").fetchone()
        if life != self._life:
            self._life, self._born_at = life, now
        if now < self._born_at + self._settled:
            return
        self._tasks.append(len(asyncio.all_tasks() - world.tasks()))
        self._descriptors += [] if (descriptors := _descriptors()) is None else [descriptors]
        if now >= self._due:
            self.samples.append(self._sample(world, now))
            self._tell(self.samples[-1])
            self._tasks.clear()
            self._descriptors.clear()
            self._due += ((now - self._due) // self._every + 1) * self._every

    def _sample(self, world: World, now: datetime) -> Sample:
        database, held = world.database.raw, heap()
        return Sample(
            day=(now - START) / DAY,
            life=self._life,
            age=(now - self._born_at) / DAY,
            rss=_rss(),
            bot=held.bot,
            exchange=held.exchange,
            database=_value(database, "PRAGMA page_count") * _value(database, "PRAGMA page_size"),
            rows={name: _value(database, f'SELECT count(*) FROM "{name}"') for name in _tables(database)},
            tasks=min(self._tasks),
            descriptors=min(self._descriptors, default=None),
            connections=sum(isinstance(one, sqlite3.Connection) for one in gc.get_objects()),
            streams=sum(isinstance(one, StreamSession) and one.closed is None for one in gc.get_objects()),
        )


def _value(database: sqlite3.Connection, query: str) -> int:
    return int(database.execute(query).fetchone()[0])


def _tables(database: sqlite3.Connection) -> list[str]:
    return [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def _rss() -> int | None:
    """The part of the process that is in memory, bytes."""
    if not _STATUS.exists():
        return None
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


def _descriptors() -> int | None:
    """Open descriptors, but for the one that it takes to count them."""
    return sum(1 for _ in _DESCRIPTORS.iterdir()) - 1 if _DESCRIPTORS.exists() else None
