"""Columns of floats with a cursor: prices, and lines that are computed from them.

In a back-test a column holds the whole history from the start, a line is computed over all of it at once, and the
cursor says how much of both a hook may see. Live a column grows by a value at each candle, and its lines take a step.
A hook cannot tell the two apart.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from bot.errors import StrategyError

Floats: TypeAlias = npt.NDArray[np.float64]
Key: TypeAlias = tuple[Hashable, ...]

MOST_LINES = 500
"""Lines that a column may have: a hook that asks for another one at each candle would fill the memory."""


class Stepper(ABC):
    """A computation that takes one candle's values after another, and says what they come to so far.

    Subclass it for an indicator of your own, and get its line with `Series.line`.
    """

    @abstractmethod
    def update(self, *values: Any, **named: Any) -> float:
        """Take the next candle's value (one of each source, in order); NaN while there is nothing to say yet."""

    def over(self, *columns: Floats) -> Floats:
        """What `update` gives for each row of `columns`, from a fresh start.

        Override it where whole columns can be computed faster. A row's result must not depend on later rows.
        """
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return np.array([self.update(*row) for row in rows], dtype=np.float64)


class Cursor:
    """What the columns of one history of candles share: how many values are visible and, live, how they grow."""

    __slots__ = ("columns", "live", "shown")

    def __init__(self, *, live: bool) -> None:
        self.live = live
        self.shown = 0
        self.columns: list[Series] = []

    def grow(self, *values: float) -> None:
        """Add a value to each of the first columns; all others are lines, which step after their sources."""
        for column, value in zip(self.columns, values, strict=False):
            column.put(value)
        self.shown += 1
        for line in self.columns[len(values) :]:
            line.step()

    def forget(self, count: int) -> None:
        """Drop the oldest values of all columns."""
        for column in self.columns:
            column.drop(count)
        self.shown -= count


class Series(NDArrayOperatorsMixin):
    """A column of floats of which the newest `series[-1]` belongs to the newest closed candle.

    `series[-2]` is the one before it, `series[-5:]` an array of the newest five, `len(series)` how many there are.
    numpy takes a series for an array: `np.median(close)`, `close - 1.0`, `close.values[-20:].max()`.
    A line derived from a series is as long as it, and NaN where it is not warm yet.

    Attributes:
        cursor: how much is visible, which candles and all their lines share.
        lines: the lines derived from this series so far, by their keys.
    """

    __slots__ = ("_array", "_error", "_floats", "_sources", "_stepper", "cursor", "lines")

    # All values, shown or not, behind a NaN: what comes before the first value compares false with everything.
    # Not set before a scalar is read (a list takes four times the place of an array), and no more after an error.
    _floats: list[float]

    def __init__(
        self,
        cursor: Cursor,
        array: Floats | None = None,
        *,
        stepper: Stepper | None = None,
        sources: tuple[Series, ...] = (),
    ) -> None:
        self.lines: dict[Key, Series] = {}
        self.cursor = cursor
        self._array = array
        self._error: Exception | None = None
        self._stepper = stepper
        self._sources = sources
        if cursor.live:
            self._floats = [math.nan]
            cursor.columns.append(self)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> Floats: ...
    def __getitem__(self, index: int | slice) -> float | Floats:
        if type(index) is int:
            shown = self.cursor.shown
            at = index + shown + 1 if index < 0 else index + 1  # one further, for the NaN in front
            if 0 < at <= shown:
                try:
                    return self._floats[at]
                except AttributeError:
                    return self._all()[at]
            raise IndexError(f"[{index}] of a series that has {shown} values so far; compare with len(series) first")
        if isinstance(index, slice):
            return self.values[index]
        return self[operator.index(index)]

    def __iter__(self) -> Iterator[float]:
        return iter(self.values.tolist())

    def __len__(self) -> int:
        return self.cursor.shown

    def __repr__(self) -> str:
        newest = f", newest {self[-1]:.10g}" if len(self) else ""
        return f"<Series of {len(self)} values{newest}>"

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:  # noqa: FBT001
        return np.array(self.values, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> Any:
        return getattr(ufunc, method)(*(x.values if isinstance(x, Series) else x for x in inputs), **named)

    @property
    def values(self) -> Floats:
        """What is visible, oldest first: a read-only array."""
        if self._array is None:
            self._array = np.array(self._all()[1:], dtype=np.float64)
            self._array.flags.writeable = False
        return self._array[: self.cursor.shown]

    def mean(self, **numpy: Any) -> float:
        """The mean of what is visible; NaN when nothing is. Takes what the method of numpy arrays takes, by name."""
        return float(self.values.mean(**numpy)) if len(self) else math.nan

    def min(self, **numpy: Any) -> float:
        """The least value that is visible; NaN when nothing is, or one is NaN."""
        return float(self.values.min(**numpy)) if len(self) else math.nan

    def max(self, **numpy: Any) -> float:
        """The greatest value that is visible; NaN when nothing is, or one is NaN."""
        return float(self.values.max(**numpy)) if len(self) else math.nan

    def std(self, **numpy: Any) -> float:
        """The standard deviation of what is visible (of the population: divided by n); NaN when nothing is."""
        return float(self.values.std(**numpy)) if len(self) else math.nan

    def sum(self, **numpy: Any) -> float:
        """The sum of what is visible."""
        return float(self.values.sum(**numpy))

    def line(self, key: Key, make: Callable[[], Stepper]) -> Series:
        """The line of this name, derived from this series with a stepper that is made when it is first asked for.

        Args:
            key: the indicator's name and its parameters: `("momentum", 5)`.
            make: makes a fresh stepper. Live it starts with the oldest candle that is still kept.
        """
        return derived(self.lines, key, (self,), make)

    def put(self, value: float) -> None:
        """Add a value behind the newest one, live."""
        self._floats.append(value)
        self._array = None

    def step(self) -> None:
        """Let a live line take its sources' newest values.

        An author's stepper may fail. Others trade on these candles too, so the error waits for the hook that reads the
        line next.
        """
        assert self._stepper is not None, "only lines step"
        if self._error is not None:
            return
        try:
            self.put(float(self._stepper.update(*(source[-1] for source in self._sources))))
        except Exception as error:  # noqa: BLE001 - raised by `_all`
            self._error = error
            self._array = None
            del self._floats

    def drop(self, count: int) -> None:
        """Drop the oldest values, live."""
        if self._error is None:
            del self._floats[1 : count + 1]
            self._array = None

    def _all(self) -> list[float]:
        """`_floats`, which are made first where need be. Raises what a stepper's failure comes to."""
        if self._error is not None:
            raise StrategyError(
                f"an indicator failed at a candle: {type(self._error).__name__}: {self._error}. Mend its update()"
            ) from self._error
        if self._array is not None and not self.cursor.live:
            self._floats = [math.nan, *self._array.tolist()]
        return self._floats


def derived(lines: dict[Key, Series], key: Key, sources: tuple[Series, ...], make: Callable[[], Stepper]) -> Series:
    """The line in `lines` under `key`, which is computed from `sources` if it is not there yet.

    Raises:
        StrategyError: there are `MOST_LINES` already, the sources are of different candles, or a stepper's `over` gave
            another number of values than it got.
    """
    known = lines.get(key)
    if known is not None:
        return known
    if len(lines) >= MOST_LINES:
        raise StrategyError(
            f"{key[0]}: {MOST_LINES} lines are kept for this series already, one for each indicator and parameter: "
            "ask for the same few again, not for another one at each candle"
        )
    stepper, cursor = make(), sources[0].cursor
    if any(source.cursor is not cursor for source in sources):
        raise StrategyError(f"{key[0]}: a line is derived from columns of the same candles, not of different ones")
    if cursor.live:
        past = [float(stepper.update(*row)) for row in zip(*sources, strict=True)]
        line = Series(cursor, stepper=stepper, sources=sources)
        for value in past:
            line.put(value)
    else:
        columns = [source._array for source in sources if source._array is not None]  # noqa: SLF001 - hidden from hooks
        array = read_only(stepper.over(*columns))
        if array.shape != columns[0].shape:
            raise StrategyError(f"{key[0]}: over() gave an array of {array.shape} for columns of {columns[0].shape}")
        line = Series(cursor, array)
    lines[key] = line
    return line


def read_only(values: npt.ArrayLike) -> Floats:
    """`values` as floats that cannot be written to; whoever has them already still can."""
    array = np.asarray(values, dtype=np.float64).view()
    array.flags.writeable = False
    return array
