"""Exact money: `Decimal` USD prices and amounts, and integer micro-dollars where speed matters.

Units are whole numbers everywhere (one unit is a million tokens and the smallest lot), so price x quantity is
exact as long as prices are `Decimal`. Floats never hold money; `price_on_tick` is the one door from a float,
such as an indicator's value, to a price.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import StrEnum

TOKENS_PER_UNIT = 1_000_000
"""Tokens, input and output alike, in one unit."""

MICROS_PER_USD = 1_000_000
"""Micro-dollars in one US dollar."""

ZERO = Decimal(0)


class Rounding(StrEnum):
    """Which way a price goes when it lies between two ticks."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


def decimal_of(value: object) -> Decimal:
    """The exact value of a decimal string, an int or a Decimal; a float by its shortest decimal form.

    Raises:
        ValueError: not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ValueError(f"{value!r} is not a number")  # noqa: TRY004 - one error for every bad number
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


def on_tick(price: Decimal, tick: Decimal) -> bool:
    """Whether a price is a whole number of ticks."""
    return price % tick == 0


def price_on_tick(price: float | Decimal, tick: Decimal, rounding: Rounding = Rounding.NEAREST) -> Decimal:
    """The price as a whole number of ticks, USD per unit; ties go to the even tick.

    Round a bid DOWN and an ask UP to stay on the safe side of a computed limit.

    Raises:
        ValueError: the price is not finite, or the tick is not positive.
    """
    if tick <= 0:
        raise ValueError(f"a tick must be positive, not {tick}")
    ticks = decimal_of(price) / tick
    if rounding is Rounding.NEAREST:
        whole = ticks.to_integral_value(ROUND_HALF_EVEN)
    else:
        whole = ticks.to_integral_value(ROUND_FLOOR)
        if rounding is Rounding.UP and whole != ticks:
            whole += 1
    return whole * tick


def micros_of(usd: Decimal) -> int:
    """US dollars as whole micro-dollars.

    Raises:
        ValueError: the amount has more than six decimals.
    """
    micros = usd * MICROS_PER_USD
    if micros != micros.to_integral_value():
        raise ValueError(f"{usd} USD is not a whole number of micro-dollars")
    return int(micros)


def usd_of(micros: int) -> Decimal:
    """Micro-dollars as exact US dollars without trailing zeros beyond the cents."""
    amount = Decimal(micros) / MICROS_PER_USD
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.normalize()


def plain(number: Decimal) -> str:
    """A decimal as a plain string: no exponent, no needless zeros, at least the digits it needs."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
