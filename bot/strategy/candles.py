"""The closed candles of a market as columns of floats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.domain.candle import Candle
from bot.strategy.series import Cursor, Floats, Key, Series, Stepper, derived, read_only

if TYPE_CHECKING:
    import pandas as pd

Times: TypeAlias = npt.NDArray[np.datetime64]
Column: TypeAlias = Floats | Callable[[], Floats]

COLUMNS = ("open", "high", "low", "close", "volume")


class Candles:
    """The closed candles of a market, oldest first; the one that is still running is never among them.

    Live they are made empty and grow with `append`. In a back-test they are made of a whole history with `of`, and
    `show` says how much of it is visible. Lines are computed once and kept as long as the candles are, so each run of
    a sweep over parameters takes `Candles` of its own; they may share their arrays.

    Attributes:
        resolution: how long a candle is, in the exchange's words ("1m", "1h").
        cursor: how much is visible, which all columns and lines share.
        lines: the lines derived from several columns so far, by their keys.
    """

    def __init__(
        self,
        resolution: str,
        keep: int = 500,
        *,
        starts: npt.NDArray[np.int64] | None = None,
        columns: Mapping[str, Column] | None = None,
    ) -> None:
        """Candles that grow: of those that came, at least `keep` are kept, and less than twice as many.

        With `starts` (seconds since 1970) and `columns` (by name: values, or what makes them once a hook reads them)
        they are a whole history, of which `of` checks that it is in order.
        """
        if keep < 1:
            raise ValueError(f"keep at least one candle, not {keep}")
        self.resolution = resolution
        self.lines: dict[Key, Series] = {}
        self._keep = keep
        self._starts: list[int] | npt.NDArray[np.int64] = [] if starts is None else starts
        self.cursor = cursor = Cursor(live=starts is None)
        self._columns = {} if columns is None else columns
        if columns is None:
            self.open, self.high, self.low, self.close, self.volume = (Series(cursor) for _ in COLUMNS)

    # Columns of a whole history are made when they are first read: those that no hook reads take no memory.

    @cached_property
    def open(self) -> Series:
        """Prices of the first trades, USD per unit."""
        return self._column("open")

    @cached_property
    def high(self) -> Series:
        """Highest prices, USD per unit."""
        return self._column("high")

    @cached_property
    def low(self) -> Series:
        """Lowest prices, USD per unit."""
        return self._column("low")

    @cached_property
    def close(self) -> Series:
        """Prices of the last trades, USD per unit."""
        return self._column("close")

    @cached_property
    def volume(self) -> Series:
        """Units traded."""
        return self._column("volume")

    @classmethod
    def of(
        cls,
        resolution: str,
        time: npt.ArrayLike,
        open: npt.ArrayLike,  # noqa: A002 - the field's word
        high: npt.ArrayLike,
        low: npt.ArrayLike,
        close: npt.ArrayLike,
        volume: npt.ArrayLike,
    ) -> Self:
        """A whole history, of which nothing is visible before `show`.

        Args:
            resolution: how long a candle is.
            time: when the candles begin, UTC, as datetime64 or whole seconds since 1970.
            open: prices of the first trades, USD per unit.
            high: highest prices, USD per unit.
            low: lowest prices, USD per unit.
            close: prices of the last trades, USD per unit.
            volume: units traded.

        Raises:
            ValueError: columns of different lengths, a value that is no finite number, or candles out of order.
        """
        starts = np.asarray(time).astype("datetime64[s]").astype(np.int64)
        columns = {"open": open, "high": high, "low": low, "close": close, "volume": volume}
        return cls(resolution, starts=starts, columns=_checked(starts, columns))

    def append(self, candle: Candle) -> None:
        """Add a closed candle, live. Raises `ValueError` unless it begins after the newest one."""
        if not isinstance(self._starts, list):
            raise ValueError("these candles are a whole history: show more of them")  # noqa: TRY004
        start = int(candle.start.timestamp())
        if self._starts and start <= self._starts[-1]:
            raise ValueError(f"a candle of {candle.start:%F %T} after the one of {self.starts_at():%F %T}")
        if len(self._starts) == 2 * self._keep - 1:
            del self._starts[: self._keep]
            self.cursor.forget(self._keep)
        self._starts.append(start)
        self.cursor.grow(
            float(candle.open), float(candle.high), float(candle.low), float(candle.close), float(candle.volume)
        )

    def show(self, n: int) -> None:
        """Make the first `n` candles of a whole history visible. Raises `ValueError` when there are not so many."""
        if self.cursor.live:
            raise ValueError("these candles grow, and show all that they have")
        if not 0 <= n <= len(self._starts):
            raise ValueError(f"cannot show {n} candles of {len(self._starts)}")
        self.cursor.shown = n

    def __len__(self) -> int:
        return self.cursor.shown

    def __repr__(self) -> str:
        newest = f", newest {self.starts_at():%F %T}" if len(self) else ""
        return f"<Candles: {len(self)} of {self.resolution}{newest}>"

    @property
    def time(self) -> Times:
        """When the candles begin, UTC: a read-only array of datetime64[s]."""
        starts = np.asarray(self._starts, dtype=np.int64)[: self.cursor.shown].view("datetime64[s]")
        starts.flags.writeable = False
        return starts

    def starts_at(self, i: int = -1) -> datetime:
        """When a candle begins, UTC; the newest by default. Raises `IndexError` when there is no such candle."""
        shown = self.cursor.shown
        at = i + shown if i < 0 else i
        if not 0 <= at < shown:
            raise IndexError(f"[{i}] of {shown} candles")
        return datetime.fromtimestamp(int(self._starts[at]), UTC)

    def frame(self) -> pd.DataFrame:
        """What is visible as a table: columns open, high, low, close and volume, indexed by the start in UTC."""
        import pandas as pd  # takes longer to import than the rest of a bot

        index = pd.DatetimeIndex(self.time, tz="UTC", name="start")
        columns = {name: getattr(self, name).values for name in COLUMNS}
        return pd.DataFrame(columns, index=index, copy=True)

    def _column(self, name: str) -> Series:
        column = self._columns[name]
        return Series(self.cursor, read_only(column() if callable(column) else column))

    def line(self, key: Key, columns: tuple[Series, ...], make: Callable[[], Stepper]) -> Series:
        """The line of this name, derived from several columns; see `Series.line`.

        Args:
            key: the indicator's name and its parameters: `("atr", 14)`.
            columns: what the stepper takes at each candle, in order: `(candles.high, candles.low)`.
            make: makes a fresh stepper.
        """
        return derived(self.lines, key, columns, make)


def _checked(starts: npt.NDArray[np.int64], columns: dict[str, npt.ArrayLike]) -> dict[str, Column]:
    checked: dict[str, Column] = {}
    for name, column in columns.items():
        values = read_only(column)
        if values.shape != starts.shape:
            raise ValueError(f"{name} has {values.shape} values for {starts.shape} candles")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} of candle {int(np.argmin(np.isfinite(values)))} is no finite number")
        checked[name] = values
    late = np.diff(starts) <= 0
    if late.any():
        raise ValueError(f"candle {int(np.argmax(late)) + 1} does not begin after the one before it")
    return checked
