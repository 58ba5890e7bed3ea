from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from bot.domain.account import Cash
from bot.domain.order import OrderState, Side
from bot.plain_data import iso, plain_data


class Colour(Enum):
    RED = Decimal(1)


class Login(BaseModel):
    name: str
    password: SecretStr


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        (math.inf, "inf"),
        ("x", "x"),
        (Decimal("2.50"), "2.5"),
        (Decimal("1E+3"), "1000"),
        (datetime(2026, 1, 5, 13, 30, tzinfo=timezone(timedelta(hours=1))), "2026-01-05T12:30:00Z"),
        (datetime(2026, 1, 5, microsecond=5000, tzinfo=UTC), "2026-01-05T00:00:00.005000Z"),
        (timedelta(minutes=1), 60),
        (timedelta(seconds=0.5), 0.5),
        (Side.BUY, "buy"),
        (Colour.RED, "1"),
        (Path("a/b"), "a/b"),
        (b"raw \xff", "raw \ufffd"),
        (SecretStr("hunter2"), "***"),
        (ValueError("no"), "ValueError: no"),
        (Cash, "<class 'bot.domain.account.Cash'>"),
        (Cash(Decimal(3)), {"total": "3", "available": "0", "locked": "0"}),
        (Login(name="ann", password=SecretStr("hunter2")), {"name": "ann", "password": "***"}),
        ({OrderState.OPEN: (1, {2})}, {"open": [1, [2]]}),
    ],
)
def test_every_kind_of_value_becomes_json(value: object, plain: object) -> None:
    assert plain_data(value) == plain
    assert type(plain_data(value)) is type(plain)
    json.dumps(plain_data(value), allow_nan=False)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_no_digit_of_a_decimal_is_lost(number: Decimal) -> None:
    text: Any = plain_data(number)
    assert Decimal(text) == number
    assert "E" not in text


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_can_be_read_back(at: datetime) -> None:
    assert datetime.fromisoformat(iso(at)) == at
