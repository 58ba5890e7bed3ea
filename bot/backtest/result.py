"""What came of a back-test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.backtest.history import History
from bot.backtest.prices import Prices
from bot.backtest.views import fill_of
from bot.domain.fill import Fill
from bot.domain.money import MICROS_PER_USD, ZERO, micros_of, usd_of
from bot.domain.order import Side

if TYPE_CHECKING:
    import pandas as pd

Ints: TypeAlias = npt.NDArray[np.int64]

FILL_COLUMNS = ("candle", "order", "is_buy", "price", "quantity", "fee")
"""Number of the candle and of the order from 0 and from 1; price per unit and fee in micro-dollars."""


@dataclass(frozen=True, slots=True)
class Inference:
    """How inference was served from Consumption, in tokens.

    Attributes:
        asked: asked for.
        served: those of them that there was stock for; the others were refused and lost.
        received: moved into Consumption.
        expired: lost there unused: waste.
        stockouts: how often tokens were refused when those before had been served.
    """

    asked: int
    served: int
    received: int
    expired: int
    stockouts: int

    @property
    def served_share(self) -> float | None:
        """What share of the tokens asked for was served; None where none were asked for."""
        return self.served / self.asked if self.asked else None

    @property
    def waste_share(self) -> float | None:
        """What share of the tokens received expired; None where none were received."""
        return self.expired / self.received if self.received else None


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """What came of a back-test; arrays have one element for each candle, as it stood after it.

    Attributes:
        history: the candles.
        cash: USD, in micro-dollars.
        position: units in Trading.
        stock: whole units in Consumption.
        equity: cash and the units in Trading at the close, in micro-dollars. Units in Consumption can only be used up,
            and count nothing.
        orders: how many orders were placed.
        refused: how many orders and transfers were refused.
        inference: how inference was served.
        fill_rows: a row of whole numbers for each fill, oldest first, with the columns of `FILL_COLUMNS`.
    """

    history: History
    cash: Ints
    position: Ints
    stock: Ints
    equity: Ints
    orders: int
    refused: int
    inference: Inference
    fill_rows: Ints

    @cached_property
    def fills(self) -> tuple[Fill, ...]:
        """All fills, oldest first."""
        history, prices = self.history, Prices(micros_of(self.history.market.tick))
        return tuple(fill_of(history, prices, number, row) for number, row in enumerate(self.fill_rows.tolist()))

    def __repr__(self) -> str:
        return f"<BacktestResult of {len(self.history)} candles: {len(self.fill_rows)} fills, {self.final_equity} USD>"

    @property
    def final_equity(self) -> Decimal:
        """Cash and the units in Trading at the last close, USD."""
        return usd_of(int(self.equity[-1]))

    @property
    def fees(self) -> Decimal:
        """What all fills cost in fees, USD."""
        return sum((fill.fee for fill in self.fills), ZERO)

    @property
    def cost_per_unit(self) -> Decimal | None:
        """What a bought unit cost on the average, with its fee, USD; None where none was bought."""
        bought = [fill for fill in self.fills if fill.side is Side.BUY]
        units = sum(fill.quantity for fill in bought)
        return sum((fill.notional + fill.fee for fill in bought), ZERO) / units if units else None

    def frame(self) -> pd.DataFrame:
        """Candle by candle, as floats: close, cash and equity in USD; position and stock in units. Indexed by start."""
        import pandas as pd  # takes longer to import than a short back-test

        index = pd.DatetimeIndex(self.history.time.astype("datetime64[ns]"), tz="UTC", name="start")
        columns = {
            "close": self.history.close / MICROS_PER_USD,
            "cash": self.cash / MICROS_PER_USD,
            "position": self.position,
            "stock": self.stock,
            "equity": self.equity / MICROS_PER_USD,
        }
        return pd.DataFrame(columns, index=index)

    def fills_frame(self) -> pd.DataFrame:
        """Fill by fill, indexed by the start of its candle: side, price and fee in USD as floats, quantity in units."""
        import pandas as pd

        rows = [(str(fill.side), float(fill.price), fill.quantity, float(fill.fee)) for fill in self.fills]
        index = pd.DatetimeIndex([fill.executed_at for fill in self.fills], tz="UTC", name="start")
        return pd.DataFrame(rows, columns=["side", "price", "quantity", "fee"], index=index)


def filled_in(marks: Sequence[tuple[int, ...]], keys: Ints, column: int) -> Ints:
    """The newest mark's value at each key; `marks` begin with their keys, and both rise. 0 before the first."""
    table = np.array([mark[: column + 1] for mark in marks], dtype=np.int64).reshape(-1, column + 1)
    until = np.searchsorted(keys, table[:, 0], side="left")
    times = np.diff(until, prepend=0, append=len(keys))
    return np.repeat(np.concatenate([[0], table[:, column]]), times)
