"""A market's candles, made of its trades as they happen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.candle import Resolution
from bot.sim.bars import Bar, Bars
from bot.sim.periods import DAY, MINUTE, first_from, period_of

_DAYS_OF_MINUTES = 32
_MADE_OF_DAYS = (Resolution.D1, Resolution.W1, Resolution.MONTH)


class PriceHistory:
    """Candles of one market at every resolution.

    Minutes are kept for 32 days, the present one included, and days for as long as the market lives (20 kB a year):
    candles shorter than a day are made of the minutes, the others of the days. A span without a trade has no candle.
    The candle of the present span is there as it is so far.
    """

    __slots__ = ("_days", "_minute_ends", "_newest_prices", "_newest_quantities", "_summed_up", "_with_older_trades")

    def __init__(self) -> None:
        self._with_older_trades = Bars()
        self._newest_prices: list[int] = []  # of trades in the last of these minutes that are not in its bar yet
        self._newest_quantities: list[int] = []
        self._days = Bars()  # but for the day of the newest trade
        self._summed_up: tuple[int, int, Bar] | None = None
        self._minute_ends = datetime.min.replace(tzinfo=UTC)

    def record(self, at: datetime, price: int, quantity: int) -> None:
        """Take in a trade (micro-dollars per unit, units), which must not be older than the last."""
        if at >= self._minute_ends:
            self._begin_minute(at, price)
        self._newest_prices.append(price)
        self._newest_quantities.append(quantity)

    def last_24_hours(self, now: datetime) -> Bar | None:
        """The last 24 hours, to the minute, as one bar; None when nothing traded."""
        minutes = self._minutes
        first, newest = minutes.place(int(now.timestamp()) - DAY + 1), len(minutes) - 1
        if first > newest:
            return None
        present = minutes.total(newest, newest + 1, minutes.start(newest))
        return present if first == newest else self._before_the_newest(first).joined(present)

    def candles(self, resolution: Resolution, start: int | None = None, end: int | None = None) -> Candles:
        """The candles that begin from `start` to `end` (Unix seconds, both inclusive), oldest first."""
        bars = self._all_days() if resolution in _MADE_OF_DAYS else self._minutes
        first = 0 if start is None else bars.place(first_from(resolution, start))
        last = len(bars) if end is None else bars.place(period_of(resolution, end)[1])
        return Candles(resolution, bars, first, max(first, last))

    @property
    def _minutes(self) -> Bars:
        """All minutes; many trades are summed up faster together than one by one."""
        if self._newest_prices:
            self._with_older_trades.trade(self._newest_prices, self._newest_quantities)
            self._newest_prices.clear()
            self._newest_quantities.clear()
        return self._with_older_trades

    def _before_the_newest(self, first: int) -> Bar:
        """The minutes from a place to before the newest, as one bar; worked out anew only when a minute has begun."""
        begins, ends = self._minutes.start(first), self._minutes.start(-1)
        if self._summed_up is None or (begins, ends) != self._summed_up[:2]:
            self._summed_up = begins, ends, self._minutes.total(first, len(self._minutes) - 1, begins)
        return self._summed_up[2]

    def _begin_minute(self, at: datetime, price: int) -> None:
        start = int(at.timestamp()) // MINUTE * MINUTE
        today = start // DAY * DAY
        minutes = self._minutes
        if len(minutes) and minutes.start(-1) < today:
            self._days.append(self._newest_day())
            minutes.forget(minutes.place(today - (_DAYS_OF_MINUTES - 1) * DAY))
        minutes.append(Bar(start, price, price, price, price, 0, 0))
        self._minute_ends = datetime.fromtimestamp(start + MINUTE, UTC)

    def _newest_day(self) -> Bar:
        start = self._minutes.start(-1) // DAY * DAY
        return self._minutes.total(self._minutes.place(start), len(self._minutes), start)

    def _all_days(self) -> Bars:
        return self._days.followed_by(self._newest_day()) if len(self._minutes) else self._days


class Candles:
    """Candles of one resolution, oldest first, each summed up when it is asked for. Its length is their number."""

    __slots__ = ("_bars", "_edges", "_resolution")

    def __init__(self, resolution: Resolution, bars: Bars, first: int, last: int) -> None:
        self._resolution = resolution
        self._bars = bars
        self._edges = range(first, last + 1) if resolution is Resolution.M1 else _edges(resolution, bars, first, last)

    def __len__(self) -> int:
        return len(self._edges) - 1

    def __getitem__(self, place: int) -> Bar:
        first, end = self._edges[place], self._edges[place + 1]
        start, _ = period_of(self._resolution, self._bars.start(first))
        return self._bars.total(first, end, start)


def _edges(resolution: Resolution, bars: Bars, first: int, last: int) -> Sequence[int]:
    """The places of the bars that begin a new candle, and `last`."""
    edges = [first]
    while edges[-1] < last:
        _, ends = period_of(resolution, bars.start(edges[-1]))
        edges.append(min(bars.place(ends), last))
    return edges
