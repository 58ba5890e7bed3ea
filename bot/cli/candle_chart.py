"""Candles drawn with text: a price axis, a candle a column, what was traded below, and a time axis.

A character shows two half rows, so a chart of 16 lines tells 32 prices apart. A candle's body, from its first price
to its last, is drawn heavy and its wick light.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.candle import Candle

_NONE, _WICK, _BODY = 0, 1, 2
_CELLS = {
    (_NONE, _NONE): " ",
    (_WICK, _WICK): "│",
    (_BODY, _BODY): "┃",
    (_NONE, _WICK): "╷",
    (_WICK, _NONE): "╵",
    (_NONE, _BODY): "╻",
    (_BODY, _NONE): "╹",
    (_WICK, _BODY): "╽",
    (_BODY, _WICK): "╿",
}
_BLOCKS = " ▁▂▃▄▅▆▇█"
_VOLUMES = "units"
_TICK_ROWS = 4
"""Every so many rows the price axis has a price."""

Paint = Callable[[Candle, str], str]


def fitting(candles: Sequence[Candle], width: int) -> Sequence[Candle]:
    """The newest of the candles, as many as a chart of this width has columns for."""
    while len(candles) > (room := max(1, width - _axis_width(candles))):
        candles = candles[-room:]  # fewer candles may have prices that are longer to write
    return candles


def chart(
    candles: Sequence[Candle],
    *,
    width: int,
    height: int,
    moment: str = "%m-%d %H:%M",
    paint: Paint = lambda _, cell: cell,
) -> list[str]:
    """The lines of the chart, none wider than `width` columns.

    Args:
        candles: oldest first, at least one, and no more than `fitting` leaves.
        width: columns that there are.
        height: lines for the prices, at least 2; the axis of time and the volumes take three more.
        moment: how moments are written on the time axis, as `strftime` has it.
        paint: colours a character that belongs to a candle.
    """
    scale = _Scale(*_range(candles), 2 * height)
    axis = _axis_width(candles)
    stride = 2 if 2 * len(candles) <= width - axis else 1
    gap = " " * (stride - 1)
    lines = []
    for row in range(height):
        top = 2 * (height - row) - 1
        is_last = row == height - 1
        label = scale.label(0 if is_last else top) if is_last or row % _TICK_ROWS == 0 else ""
        cells = (paint(candle, _cell(scale.spans(candle), top)) for candle in candles)
        lines.append(f"{label:>{axis - 2}} {'┤' if label else '│'}{gap.join(cells)}".rstrip())
    ticks, labels = _time_axis([candle.start for candle in candles], moment, stride, width - axis)
    lines.append(f"{'':{axis - 1}}└{ticks}")
    lines.append(f"{'':{axis}}{labels}".rstrip())
    most = max(candle.volume for candle in candles)
    volumes = gap.join(paint(candle, _block(candle.volume, most)) for candle in candles)
    lines.append(f"{_VOLUMES:>{axis - 2}}  {volumes}".rstrip())
    return lines


class _Scale:
    """Prices as half rows, counted from the lowest."""

    def __init__(self, low: Decimal, high: Decimal, rows: int) -> None:
        self._low, self._high, self._rows = low, high, rows

    def row(self, price: Decimal) -> int:
        """The half row of a price."""
        return int((price - self._low) * (self._rows - 1) / (self._high - self._low) + Decimal("0.5"))

    def label(self, row: int) -> str:
        """The price of a half row, as exact as the lines are apart."""
        price = self._low + (self._high - self._low) * row / (self._rows - 1)
        return _priced(price, self._low, self._high)

    def spans(self, candle: Candle) -> tuple[int, int, int, int]:
        """The half rows of its low, the bottom and the top of its body, and its high."""
        bottom, top = sorted((candle.open, candle.close))
        low, body, roof, high = map(self.row, (candle.low, bottom, top, candle.high))
        return low, body, roof, high


def _cell(spans: tuple[int, int, int, int], top: int) -> str:
    return _CELLS[_mark(spans, top), _mark(spans, top - 1)]


def _mark(spans: tuple[int, int, int, int], row: int) -> int:
    low, bottom, roof, high = spans
    if bottom <= row <= roof:
        return _BODY
    return _WICK if low <= row <= high else _NONE


def _block(volume: int, most: int) -> str:
    """A volume of some size is seen, however small it is beside the largest."""
    return _BLOCKS[max(1, volume * 8 // most)] if volume else _BLOCKS[0]


def _range(candles: Sequence[Candle]) -> tuple[Decimal, Decimal]:
    """The lowest and the highest price, with some room around a price that never moved."""
    low, high = min(candle.low for candle in candles), max(candle.high for candle in candles)
    margin = Decimal(0) if low < high else low / 50 or Decimal(1)
    return low - margin, high + margin


def _priced(price: Decimal, low: Decimal, high: Decimal) -> str:
    apart = -((high - low) / 10).adjusted()  # so that two prices of the axis never read the same
    places = max(2, apart, *(-int(end.normalize().as_tuple().exponent) for end in (low, high)))
    return f"{price:.{min(places, 6)}f}"


def _axis_width(candles: Sequence[Candle]) -> int:
    low, high = _range(candles)
    return max(len(_VOLUMES), *(len(_priced(price, low, high)) for price in (low, high))) + 2


def _time_axis(starts: Sequence[datetime], moment: str, stride: int, room: int) -> tuple[str, str]:
    """The line with its ticks, and the moments below them, each beginning under its tick."""
    ticks, labels = "", ""
    for number, start in enumerate(starts):
        column, label = number * stride, start.strftime(moment)
        due = (not labels or column >= len(labels) + 3) and column + len(label) <= room
        if due:
            labels = f"{labels:{column}}{label}"
        ticks = f"{ticks:─<{column}}{'┬' if due else '─'}"
    return ticks, labels
