"""Money is exact, and only one door leads from a float to a price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import Rounding, decimal_of, micros_of, on_tick, plain, price_on_tick, usd_of

TICK = Decimal("0.01")
prices = st.decimals(min_value=0, max_value=10_000, places=6)


@given(prices, st.sampled_from([Decimal("0.01"), Decimal("0.005"), Decimal("0.0001"), Decimal(1)]))
def test_a_price_on_the_tick_is_a_whole_number_of_ticks_and_less_than_one_tick_away(
    price: Decimal, tick: Decimal
) -> None:
    for rounding in Rounding:
        rounded = price_on_tick(price, tick, rounding)
        assert on_tick(rounded, tick)
        assert abs(rounded - price) < tick
    assert price_on_tick(price, tick, Rounding.DOWN) <= price <= price_on_tick(price, tick, Rounding.UP)


def test_a_float_becomes_the_price_that_it_reads_as() -> None:
    assert price_on_tick(1.1, TICK) == Decimal("1.10")
    assert price_on_tick(0.285, Decimal("0.005"), Rounding.DOWN) == Decimal("0.285")


def test_ties_go_to_the_even_tick() -> None:
    assert price_on_tick(Decimal("1.005"), TICK) == Decimal("1.00")
    assert price_on_tick(Decimal("1.015"), TICK) == Decimal("1.02")


@pytest.mark.parametrize("value", ["abc", "", None, True, "nan", float("inf"), [1]])
def test_what_is_not_a_finite_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        decimal_of(value)


def test_a_tick_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        price_on_tick(1.0, Decimal(0))


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_micro_dollars_go_both_ways(micros: int) -> None:
    assert micros_of(usd_of(micros)) == micros


def test_an_amount_finer_than_a_micro_dollar_is_refused_and_not_rounded() -> None:
    with pytest.raises(ValueError, match="micro"):
        micros_of(Decimal("0.0000001"))


@pytest.mark.parametrize(
    ("number", "text"), [("1.50", "1.5"), ("100", "100"), ("1E+2", "100"), ("0.000001", "0.000001"), ("2.0", "2")]
)
def test_a_plain_decimal_has_no_exponent_and_no_needless_zeros(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text
