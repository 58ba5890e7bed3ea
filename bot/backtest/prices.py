"""Prices on a market's tick, as `Decimal` for hooks and as whole micro-dollars for the engine."""

from __future__ import annotations

from decimal import Decimal
from math import floor
from typing import Protocol

from bot.domain.money import MICROS_PER_USD, Rounding, micros_of, price_on_tick

_MOST_KEPT = 50_000
_CLEAR = 1e-5
"""Ticks that a float must be away from where rounding turns, to be rounded as a float: far more than its error."""
_CLEAR_BELOW = 1 - _CLEAR
_LARGEST = 1e9
"""Ticks up to which that holds."""


class OnTick(Protocol):
    """Puts a number on the tick of a market."""

    def __call__(self, value: float | Decimal, rounding: Rounding = ...) -> Decimal:
        """The price, USD per unit."""


class TickPrice(Decimal):
    """A price on the tick that knows how many micro-dollars it is."""

    __slots__ = ("micros",)

    micros: int


NO_PRICE = TickPrice(0)
NO_PRICE.micros = 0


class Prices:
    """The prices of one market. Each is made once and kept, for to make a `Decimal` takes its time.

    Attributes:
        on_tick: `(value, rounding=NEAREST)`, gives what `price_on_tick` gives, sooner; a `TickPrice` if it is positive.
    """

    def __init__(self, tick: int) -> None:
        self._tick = tick
        self._exact_tick = Decimal(tick) / MICROS_PER_USD
        self._kept: dict[int, TickPrice] = {}
        self.on_tick = self._rounding()

    def of(self, micros: int) -> TickPrice:
        """The price of so many micro-dollars, which are a whole number of ticks."""
        ticks = micros // self._tick
        return self._kept.get(ticks) or self._make(ticks)

    def _make(self, ticks: int) -> TickPrice:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        made = self._kept[ticks] = TickPrice(ticks * self._exact_tick)
        made.micros = ticks * self._tick
        return made

    def _rounding(self) -> OnTick:
        """`on_tick`, with all it needs at hand: looking that up would take longer than the arithmetic."""
        per_usd, exact_tick, kept, make, of = (
            MICROS_PER_USD / self._tick,
            self._exact_tick,
            self._kept,
            self._make,
            self.of,
        )
        nearest, up, largest = Rounding.NEAREST, Rounding.UP, _LARGEST / per_usd

        def on_tick(value: float | Decimal, rounding: Rounding = nearest) -> Decimal:
            if type(value) is float and 0.0 < value < largest:
                ticks = value * per_usd
                if rounding is nearest:
                    ticks += 0.5
                elif rounding is up:
                    ticks += 1.0
                whole = floor(ticks)
                if whole and _CLEAR < ticks - whole < _CLEAR_BELOW:
                    found = kept.get(whole)
                    return make(whole) if found is None else found
            price = price_on_tick(value, exact_tick, rounding)
            return of(micros_of(price)) if price > 0 else price

        return on_tick
