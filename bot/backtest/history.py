"""The candles of one market that a back-test runs through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.backtest.checks import check_candles, check_columns, check_ends, check_finite
from bot.backtest.moments import SECOND, moment_of, nanos_of
from bot.backtest.spans import ends_of, resolution_of
from bot.candle_file import read_rows
from bot.domain.candle import Candle, Resolution
from bot.domain.market import Market
from bot.domain.money import MICROS_PER_USD, micros_of, price_on_tick
from bot.errors import DataError
from bot.strategy.candles import Candles, Column

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Gap:
    """Candles that are missing between two that are there.

    Attributes:
        after: start of the last candle before the gap.
        until: start of the first candle after it.
    """

    after: datetime
    until: datetime


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """Closed candles of one market, oldest first, with exact prices. Made by `of`, `of_arrays` or `read`.

    Attributes:
        market: whose candles they are; all prices are on its tick.
        resolution: how long a candle is.
        time: when each begins, nanoseconds since 1970.
        end: when each has closed, nanoseconds since 1970.
        open: prices of the first trades, micro-dollars per unit.
        high: highest prices, micro-dollars per unit.
        low: lowest prices, micro-dollars per unit.
        close: prices of the last trades, micro-dollars per unit.
        volume: units traded.
    """

    market: Market
    resolution: Resolution
    time: Ints
    end: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Floats

    @classmethod
    def of(cls, market: Market, candles: Iterable[Candle], resolution: Resolution | None = None) -> History:
        """The history that these candles make up.

        Args:
            market: whose they are.
            candles: oldest first, on the market's tick.
            resolution: how long they are; without it, the time that mostly lies between two of them.

        Raises:
            DataError: there are none, they are out of order, or one is insane; says which.
        """
        rows = list(candles)
        for number, row in enumerate(rows):
            if row.start.tzinfo is None:
                raise DataError(f"candle {number}: its start {row.start} names no time zone; give it one, such as UTC")
        columns = {name: _micros([getattr(row, name) for row in rows], name) for name in PRICES}
        times = np.array([nanos_of(row.start) for row in rows], dtype=np.int64)
        volumes = np.array([row.volume for row in rows], dtype=np.float64)
        return cls._checked(market, resolution, times, columns, volumes)

    @classmethod
    def of_arrays(
        cls,
        market: Market,
        time: npt.ArrayLike,
        *,
        open: npt.ArrayLike,  # noqa: A002 - the column's name
        high: npt.ArrayLike,
        low: npt.ArrayLike,
        close: npt.ArrayLike,
        volume: npt.ArrayLike | None = None,
        resolution: Resolution | None = None,
    ) -> History:
        """The history that these columns make up.

        Args:
            market: whose candles they are.
            time: when each begins: numpy times in UTC, or whole nanoseconds since 1970.
            open: prices of the first trades, USD per unit; like all prices rounded to the market's tick.
            high: highest prices.
            low: lowest prices.
            close: prices of the last trades.
            volume: units traded; zeros where it is not known.
            resolution: how long they are; without it, the time that mostly lies between two of them.

        Raises:
            DataError: the columns are empty or of different lengths, out of order, or a candle is insane; says which.
        """
        times = np.asarray(time)
        if times.dtype.kind == "M":
            times = times.astype("datetime64[ns]").astype(np.int64)
        elif times.dtype.kind not in "iu":
            raise DataError(f"times must be numpy times or whole nanoseconds since 1970, not {times.dtype}")
        tick = _tick(market)
        columns = {}
        for name, given in zip(PRICES, (open, high, low, close), strict=True):
            floats = np.asarray(given, dtype=np.float64)
            check_finite(floats, name)
            columns[name] = np.rint(floats * (MICROS_PER_USD / tick)).astype(np.int64) * tick
        volumes = np.zeros(len(times)) if volume is None else np.asarray(volume, dtype=np.float64)
        return cls._checked(market, resolution, times.astype(np.int64), columns, volumes)

    @classmethod
    def read(
        cls, path: Path, market: Market, *, scale: Decimal = Decimal(1), resolution: Resolution | None = None
    ) -> History:
        """Read a candle file (.csv, .csv.gz): the first column is the time; open, high, low, close, maybe volume.

        Args:
            path: the file.
            market: whose candles they are to be.
            scale: what a foreign price is multiplied with to make it one of this market, before it is rounded to the
                market's tick.
            resolution: how long they are; without it, the time that mostly lies between two of them.

        Raises:
            DataError: the file is malformed, out of order or insane; file and line are named.
        """
        lines: list[int] = []
        times: list[int] = []
        volumes: list[float] = []
        columns: dict[str, list[int]] = {name: [] for name in PRICES}
        _tick(market)
        for row, candle in read_rows(path):
            for name in PRICES:
                price = price_on_tick(getattr(candle, name) * scale, market.tick)
                if price <= 0:
                    raise row.fault(f"{name}: {getattr(candle, name)} x {scale} rounds to 0 on the tick {market.tick}")
                columns[name].append(micros_of(price))
            lines.append(row.line)
            times.append(nanos_of(candle.at))
            volumes.append(float(candle.volume))
        arrays = {name: np.array(column, dtype=np.int64) for name, column in columns.items()}
        return cls._checked(
            market,
            resolution,
            np.array(times, dtype=np.int64),
            arrays,
            np.array(volumes),
            where=lambda number: f"{path}, line {lines[number]}",
        )

    @classmethod
    def _checked(
        cls,
        market: Market,
        resolution: Resolution | None,
        times: Ints,
        prices: dict[str, Ints],
        volume: Floats,
        where: Callable[[int], str] = "candle {}".format,
    ) -> History:
        """The history of these columns. Raises `DataError` unless they are whole, in order and sane."""
        check_columns(times, {**prices, "volume": volume})
        check_candles(times, prices, volume, _tick(market), where)
        resolution = resolution or resolution_of(times)
        ends = ends_of(resolution, times)
        check_ends(times, ends, resolution, where)
        for column in (times, ends, *prices.values(), volume):
            column.flags.writeable = False
        return cls(market, resolution, times, ends, **prices, volume=volume)

    def __len__(self) -> int:
        return len(self.time)

    def __repr__(self) -> str:
        span = f"{moment_of(int(self.time[0]))} to {moment_of(int(self.end[-1]))}"
        return f"<History of {self.market.symbol}: {len(self)} candles of {self.resolution}, {span}>"

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Where candles are missing: nothing traded, the market was closed, or the data is incomplete."""
        after = np.flatnonzero(self.time[1:] != self.end[:-1])
        return tuple(Gap(moment_of(int(self.time[i])), moment_of(int(self.time[i + 1]))) for i in after)

    def candles(self) -> Candles:
        """The columns as hooks see them, none of them visible yet; prices are USD as floats."""
        columns: dict[str, Column] = {name: partial(np.divide, getattr(self, name), MICROS_PER_USD) for name in PRICES}
        return Candles(self.resolution, starts=self.time // SECOND, columns=columns | {"volume": self.volume})

    def first(self, count: int) -> History:
        """The history that ends after so many candles. Raises `DataError` when none is left."""
        if count < 1:
            raise DataError("a history needs at least one candle")
        cut = {name: getattr(self, name)[:count] for name in ("time", "end", *PRICES, "volume")}
        return History(self.market, self.resolution, **cut)


def _tick(market: Market) -> int:
    """The market's tick in micro-dollars."""
    try:
        return micros_of(market.tick)
    except ValueError:
        raise DataError(
            f"{market.symbol}: a back-test counts in micro-dollars; a tick of {market.tick} USD is too fine"
        ) from None


def _micros(prices: Iterable[Decimal], name: str) -> Ints:
    found = []
    for number, price in enumerate(prices):
        try:
            found.append(micros_of(price))
        except ValueError as error:
            raise DataError(f"candle {number}: {name}: {error}") from None
    return np.array(found, dtype=np.int64)
