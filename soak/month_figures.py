"""What samples of a rehearsal of weeks come to: pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from soak.month_sample import Sample

KB = 1024
MB = 1024 * KB

FEWEST_SAMPLES = 5
"""With fewer than these after the warm-up nothing can be said."""

GROWN_UP = 1.0
"""Days after which a life of the bot remembers all that it ever does: fills of a day, and 10,000 trades of markets."""

BOT_PER_DAY = 64 * KB
"""How much the bot's objects may grow a day from then on: moments differ by so much that a few days show no less."""

UNEXPLAINED_PER_DAY = 1 * MB
"""How much the process may grow a day beyond its objects and the database: an allocator does not fill every page."""

DATABASE_PER_DAY = 1 * MB
"""How much the database may grow a day."""

OFF_THE_LINE = 0.05
"""How far a database that grows ever faster may be from a straight line, as a part of what it has grown by: growth that
is square to time is 7 % off. One that grows more slowly, since the bot has less to do, is none the worse."""


@dataclass(frozen=True, slots=True)
class Line:
    """The straight line that fits best.

    Attributes:
        per_day: what is added a day.
        residual: how far from the line the farthest point is.
        speeds_up: whether more is added a day in the second half than in the first.
    """

    per_day: float
    residual: float
    speeds_up: bool


@dataclass(frozen=True, slots=True)
class Ends:
    """A count in the first sample after the warm-up, and in the last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Growth after the warm-up, which is the first third.

    Attributes:
        days: virtual days that it is told of.
        samples: looks in them.
        lives: of the bot, in them.
        rss: of the process, bytes a day; None where it could not be read.
        bot: of the bot's objects within a life, from its second day on, bytes a day; None where no life was so long.
        exchange: of the exchange's objects, bytes a day.
        database: of the bot's database, bytes.
        rows: of all its tables, rows.
        grown: bytes and rows by which the database has grown.
        tasks: alive.
        descriptors: open; None where they could not be counted.
        connections: to databases.
    """

    days: float
    samples: int
    lives: int
    rss: float | None
    bot: float | None
    exchange: float
    database: Line
    rows: Line
    grown: tuple[int, int]
    tasks: Ends
    descriptors: Ends | None
    connections: Ends

    @property
    def unexplained(self) -> float | None:
        """What the process grows by besides its objects and the database, bytes a day."""
        if self.rss is None:
            return None
        return self.rss - (self.bot or 0) - self.exchange - self.database.per_day


def figures_of(samples: Sequence[Sample], days: float) -> Figures | None:
    """The figures of a run of so many days; None when there are too few samples to tell."""
    late = [sample for sample in samples if sample.day > days / 3]
    if len(late) < FEWEST_SAMPLES:
        return None
    first, last = late[0], late[-1]
    rows = [sum(sample.rows.values()) for sample in (first, last)]
    return Figures(
        days=last.day - first.day,
        samples=len(late),
        lives=last.life - first.life + 1,
        rss=None if first.rss is None else line(late, lambda sample: sample.rss or 0).per_day,
        bot=growth_in_lives([sample for sample in late if sample.age >= GROWN_UP], lambda sample: sample.bot),
        exchange=line(late, lambda sample: sample.exchange).per_day,
        database=line(late, lambda sample: sample.database),
        rows=line(late, lambda sample: sum(sample.rows.values())),
        grown=(last.database - first.database, rows[1] - rows[0]),
        tasks=Ends(first.tasks, last.tasks),
        descriptors=None
        if first.descriptors is None or last.descriptors is None
        else Ends(first.descriptors, last.descriptors),
        connections=Ends(first.connections, last.connections),
    )


def line(samples: Sequence[Sample], of: Callable[[Sample], float]) -> Line:
    """The line through a value of the samples that least squares give."""
    days, values = [sample.day for sample in samples], [of(sample) for sample in samples]
    slope, first = statistics.linear_regression(days, values)
    residual = max(abs(value - first - slope * day) for day, value in zip(days, values, strict=True))
    half = len(days) // 2
    before = (values[half] - values[0]) / (days[half] - days[0])
    after = (values[-1] - values[half]) / (days[-1] - days[half])
    return Line(slope, residual, after > before)


def growth_in_lives(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float | None:
    """What is added a day within lives, by least squares: one slope, and a level of its own for each life.

    None where no life was sampled twice.

    A new life begins small, so a line through all of them would hide what each gathers.
    """
    over, under = 0.0, 0.0
    for _, group in groupby(samples, key=lambda sample: sample.life):
        life = list(group)
        day, value = statistics.fmean(one.day for one in life), statistics.fmean(of(one) for one in life)
        over += sum((one.day - day) * (of(one) - value) for one in life)
        under += sum((one.day - day) ** 2 for one in life)
    return over / under if under else None


def broken(figures: Figures) -> Iterator[str]:
    """The limits that are broken, in words."""
    if figures.bot is None:
        yield "no life of the bot is long enough to tell whether it grows; let there be fewer crashes, or more days"
    elif figures.bot > BOT_PER_DAY:
        yield f"the bot's memory grows by {figures.bot / KB:.0f} KB a day; {BOT_PER_DAY // KB} KB may be"
    if figures.unexplained is not None and figures.unexplained > UNEXPLAINED_PER_DAY:
        yield f"the process grows by {figures.unexplained / MB:.2f} MB a day that nothing explains"
    if figures.database.per_day > DATABASE_PER_DAY:
        yield f"the database grows by {figures.database.per_day / KB:.0f} KB a day; {DATABASE_PER_DAY // KB} KB may be"
    for name, fit, grown in zip(("size", "rows"), (figures.database, figures.rows), figures.grown, strict=True):
        if fit.speeds_up and fit.residual > OFF_THE_LINE * grown:
            yield f"the database's {name} is {fit.residual:.0f} off the line, of {grown} grown, and grows ever faster"
    for what in ("tasks", "descriptors", "connections"):
        ends: Ends | None = getattr(figures, what)
        if ends is not None and ends.last > ends.first:
            yield f"there are {ends.last} {what} at the end; there were {ends.first}"
