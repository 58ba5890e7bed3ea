"""Prices on a market's tick, as `Decimal` for hooks and as whole micro-dollars for the engine."""

from __future__ import annotations

from decimal import Decimal

from bot.domain.money import MICROS_PER_USD, Rounding, micros_of, price_on_tick

_MOST_KEPT = 50_000
_CLEAR = 1e-5
"""Ticks that a float must be away from where rounding turns, to be rounded as a float: far more than its error."""
_CLEAR_BELOW = 1 - _CLEAR
_LARGEST = 1e9
"""Ticks up to which that holds."""

_NEAREST, _UP = Rounding.NEAREST, Rounding.UP
"""Looked up once: that takes longer than the arithmetic."""


class TickPrice(Decimal):
    """A price on the tick that knows how many micro-dollars it is."""

    __slots__ = ("micros",)

    micros: int


NO_PRICE = TickPrice(0)
NO_PRICE.micros = 0


class Prices:
    """The prices of one market. Each is made once and kept, for to make a `Decimal` takes its time."""

    def __init__(self, tick: int) -> None:
        self._tick = tick
        self._per_usd = MICROS_PER_USD / tick
        self._exact_tick = Decimal(tick) / MICROS_PER_USD
        self._kept: dict[int, TickPrice] = {}

    def of(self, micros: int) -> TickPrice:
        """The price of so many micro-dollars, which are a whole number of ticks."""
        found = self._kept.get(micros)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[micros] = TickPrice(micros // self._tick * self._exact_tick)
            found.micros = micros
        return found

    def on_tick(self, value: float | Decimal, rounding: Rounding = Rounding.NEAREST) -> Decimal:
        """What `price_on_tick` gives, sooner; a `TickPrice` if it is positive."""
        if type(value) is float:
            ticks = value * self._per_usd + (0.5 if rounding is _NEAREST else 1.0 if rounding is _UP else 0.0)
            if 2.0 < ticks < _LARGEST:
                whole = int(ticks)
                if _CLEAR < ticks - whole < _CLEAR_BELOW:
                    whole *= self._tick
                    return self._kept.get(whole) or self.of(whole)
        price = price_on_tick(value, self._exact_tick, rounding)
        return self.of(micros_of(price)) if price > 0 else price
