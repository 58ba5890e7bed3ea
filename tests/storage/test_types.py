"""What is stored is exact, or refused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.money import plain
from bot.errors import StoreError
from bot.ports import BalanceSnapshot
from bot.storage.store import SqlStore
from bot.storage.types import LARGEST, from_scaled, strict_json, to_scaled
from tests.storage.samples import START

with_a_database = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

scaled = st.integers(-LARGEST, LARGEST)
amounts = scaled.map(from_scaled)
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def held(total: Decimal, at: datetime = START, asset: str = "USD") -> BalanceSnapshot:
    return BalanceSnapshot(at, "cash", asset, total, total, Decimal(0))


@given(scaled)
def test_every_64_bit_number_of_hundred_millionths_is_an_amount(number: int) -> None:
    assert to_scaled(from_scaled(number)) == number
    assert from_scaled(number) == Decimal(number) / 10**8


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**10), max_value=10**10))
def test_an_amount_with_eight_decimals_comes_back_exactly(amount: Decimal) -> None:
    assert from_scaled(to_scaled(amount)) == amount


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_an_amount_comes_back_exactly_or_is_refused(amount: Decimal) -> None:
    try:
        number = to_scaled(amount)
    except ValueError:
        return
    assert from_scaled(number) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [("100", "100.00"), ("1.5", "1.50"), ("0.125", "0.125"), ("0.00000001", "0.00000001"), ("-0.10", "-0.10")],
)
def test_an_amount_comes_back_with_the_digits_it_needs_and_its_cents(amount: str, text: str) -> None:
    assert format(from_scaled(to_scaled(Decimal(amount))), "f") == text


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Decimal("0.123456789"), "0.123456789 cannot be stored exactly: it has more than 8 decimals"),
        (Decimal("1E-30"), "more than 8 decimals"),
        (Decimal("92233720368.54775808"), "the largest amount is 92233720368.54775807"),
        (Decimal("-1E+11"), "the largest amount"),
        (Decimal("1E+999"), "the largest amount"),
        (Decimal("NaN"), "a finite Decimal is needed"),
        (Decimal("Infinity"), "a finite Decimal is needed"),
        (0.1, "0.1 is not an exact amount"),
    ],
)
async def test_an_amount_that_does_not_fit_is_refused_by_name(store: SqlStore, amount: Any, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        await store.save_balances([held(amount)])
    assert await store.latest_balances() == []


@with_a_database
@given(amount=amounts, at=moments)
async def test_amounts_and_moments_come_back_from_the_database_exactly(
    store: SqlStore, amount: Decimal, at: datetime
) -> None:
    asset = f"{amount} at {at}"
    await store.save_balances([held(amount, at, asset)])
    (found,) = [snapshot for snapshot in await store.latest_balances() if snapshot.asset == asset]
    assert (found.total, found.at) == (amount, at)
    assert plain(found.total) == plain(amount)
    assert found.at.utcoffset() == timedelta(0)


async def test_a_moment_without_a_time_zone_is_refused(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="2026-03-01T12:00:00 has no time zone"):
        await store.save_balances([held(Decimal(1), datetime(2026, 3, 1, 12))])  # noqa: DTZ001 - the point


@with_a_database
@given(state=st.dictionaries(st.text(), json_values, max_size=4))
async def test_any_json_state_comes_back_as_it_was(store: SqlStore, state: dict[str, Any]) -> None:
    await store.save_state("maker", state, START)
    assert await store.load_state("maker") == state


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({1: "one"}, "would not come back as it was"),
        ({"pair": (1, 2)}, "would not come back as it was"),
        ({"nan": float("nan")}, "not JSON compliant"),
        ({"price": Decimal("1.5")}, "Decimal is not JSON serializable"),
    ],
)
async def test_a_state_that_would_come_back_changed_is_refused(store: SqlStore, value: Any, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        await store.save_state("maker", value, START)
    assert await store.load_state("maker") == {}


def test_strict_json_is_plain_json() -> None:
    assert strict_json({"a": [1, None, "x"]}) == '{"a": [1, null, "x"]}'
