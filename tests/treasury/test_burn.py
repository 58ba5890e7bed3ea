"""Burn rate from observed balances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.strategy.snapshot import Consumption
from bot.treasury.burn import BurnMeter

START = datetime(2026, 1, 5, tzinfo=UTC)


def after(meter: BurnMeter, observations: list[tuple[float, int]]) -> float | None:
    for minutes, units in observations:
        meter.observe(START + timedelta(minutes=minutes), units)
    return meter.units_per_hour


def test_nothing_is_known_before_the_second_observation() -> None:
    assert after(BurnMeter(), [(0, 10)]) is None


def test_a_minute_says_nothing_of_an_hour() -> None:
    assert after(BurnMeter(), [(n, 10) for n in range(10)]) is None
    assert after(BurnMeter(), [(n, 10) for n in range(11)]) == 0.0


def test_a_steady_burn_is_its_rate() -> None:
    assert after(BurnMeter(), [(10 * n, 100 - n) for n in range(20)]) == pytest.approx(6.0)


def test_an_interval_in_which_units_arrived_is_left_out() -> None:
    assert after(BurnMeter(), [(0, 10), (10, 9), (20, 19), (30, 18)]) == pytest.approx(6.0)


def test_the_recent_counts_more_and_the_old_fades() -> None:
    meter = BurnMeter(half_life=timedelta(minutes=10))
    assert after(meter, [(0, 20), (10, 20), (20, 10)]) == pytest.approx(10 / (1 / 6 + 1 / 12))
    assert after(meter, [(10 * n, 10) for n in range(3, 30)]) == pytest.approx(0, abs=1e-3)


def test_observations_out_of_order_are_ignored() -> None:
    assert after(BurnMeter(), [(0, 10), (60, 8), (30, 0), (60, 0)]) == pytest.approx(2.0)


def test_runway_is_how_long_the_stock_lasts() -> None:
    assert Consumption(units=12, burn_per_hour=6.0).runway == timedelta(hours=2)
    assert Consumption(units=12, burn_per_hour=0.0).runway is None
    assert Consumption(units=12).runway is None
