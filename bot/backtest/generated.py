"""Candles that are made up, for those who have none."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from bot.backtest.history import History
from bot.backtest.moments import nanos_of
from bot.domain.candle import Resolution
from bot.domain.market import Market

START = datetime(2026, 1, 5, tzinfo=UTC)
STEPS = 4
"""Prices in a candle: its open, two between, and its close."""

PULL = 0.002
"""The part of its distance from the mean by which a price comes back in a step."""

MARKET = Market("generated", "generated", "text-prime", Decimal("0.01"))


def generated(
    candles: int,
    *,
    seed: int = 1,
    market: Market = MARKET,
    resolution: Resolution = Resolution.M1,
    mean_price: Decimal = Decimal("2.00"),
    volatility: float = 0.002,
) -> History:
    """A history whose price walks at random around a mean; the same arguments give the same.

    The logarithm of the price follows an Ornstein-Uhlenbeck process (Uhlenbeck and Ornstein, 1930), so the price stays
    positive and comes back. No real market is like that: good for trying things, not for judging a strategy.

    Args:
        candles: how many.
        seed: all chance is drawn from it.
        market: whose candles they are; its tick is what prices are rounded to.
        resolution: how long a candle is; not a month, whose length differs.
        mean_price: what the price comes back to, USD per unit.
        volatility: standard deviation of the change in one candle, as a share of the price.

    Raises:
        DataError: there is to be no candle.
        ValueError: the resolution is the month.
    """
    if resolution.length is None:
        raise ValueError("candles of a month cannot be generated, for months differ in length")
    chance = np.random.default_rng(seed)
    steps = chance.normal(0.0, volatility / math.sqrt(STEPS - 1), candles * STEPS)
    logs = np.empty(len(steps))
    level = 0.0
    for number, step in enumerate(steps.tolist()):
        level += step - PULL * level
        logs[number] = level
    prices = np.maximum(np.exp(logs) * float(mean_price), float(market.tick)).reshape(-1, STEPS)
    length = int(resolution.length.total_seconds() * 1e9)
    return History.of_arrays(
        market,
        nanos_of(START) + length * np.arange(candles, dtype=np.int64),
        open=prices[:, 0],
        high=prices.max(axis=1),
        low=prices.min(axis=1),
        close=prices[:, -1],
        volume=chance.integers(0, 200, candles),
        resolution=resolution,
    )
