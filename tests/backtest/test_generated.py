"""Candles that are made up are sane, and the same for the same seed."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from bot.backtest import generated
from bot.domain.candle import Resolution
from bot.errors import DataError


def test_the_same_seed_gives_the_same_candles_and_another_seed_others() -> None:
    one, same, other = generated(500, seed=3), generated(500, seed=3), generated(500, seed=4)
    assert np.array_equal(one.close, same.close)
    assert not np.array_equal(one.close, other.close)


def test_prices_stay_around_the_mean_and_on_the_tick() -> None:
    history = generated(20_000, mean_price=Decimal("5.00"))
    assert 4.5e6 < history.close.mean() < 5.5e6
    assert (history.close % 10_000 == 0).all()
    assert len(history) == 20_000


def test_there_must_be_a_candle_and_its_length_be_known() -> None:
    with pytest.raises(DataError):
        generated(0)
    with pytest.raises(ValueError, match="month"):
        generated(10, resolution=Resolution.MONTH)
