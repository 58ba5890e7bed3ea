"""What the charts are drawn from: parts of the shared data, scaled to a market of inference."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd

from bot.backtest import History
from bot.domain.candle import Resolution
from bot.domain.market import Market
from bot.sim.traces import DemandTrace, read_trace

MARKET = Market("m-1", "i-1", "text-prime", Decimal("0.01"))

PRICE_SCALE = 0.00005
"""USD per unit for a dollar of the candle file's: 40,000 become 2."""

VOLUME_SCALE = 6e-6
"""Units for one of the candle file's: 16 a minute in the mean, as the crowd of the simulated exchange trades."""


class Shared:
    """The folder of shared data.

    Attributes:
        candles: one-minute candles of January 2022.
        demand: what 50 clients asked for in 14 days, in slots of ten minutes.
    """

    def __init__(self, folder: Path) -> None:
        self.candles = folder / "data/candles/btc_perp_1m.csv.gz"
        self.demand = folder / "data/demand/servegen_14d_10min.csv.gz"

    def history(self, start: str, length: timedelta, resolution: Resolution = Resolution.M1) -> History:
        """Candles of a span that begins at `start`, UTC."""
        frame = pd.read_csv(self.candles, index_col=0, parse_dates=True)
        begin = pd.Timestamp(start)
        frame = frame[(frame.index >= begin) & (frame.index < begin + length)]
        columns = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        rows = frame.resample(str(resolution).replace("m", "min")).agg(columns)
        prices = {name: rows[name].to_numpy() * PRICE_SCALE for name in ("open", "high", "low", "close")}
        volume = rows["volume"].to_numpy() * VOLUME_SCALE
        return History.of_arrays(
            MARKET, rows.index.to_numpy().astype("datetime64[ns]"), **prices, volume=volume, resolution=resolution
        )

    def cut(self, start: str, hours: int, folder: Path) -> Path:
        """A candle file of a span only, for the simulated exchange to follow."""
        frame = pd.read_csv(self.candles, index_col=0, parse_dates=True)
        begin = pd.Timestamp(start)
        frame = frame[(frame.index >= begin) & (frame.index < begin + pd.Timedelta(hours=hours))]
        frame.to_csv(folder / "candles.csv")
        return folder / "candles.csv"

    def trace(self, client: str, *, day: int = 0) -> DemandTrace:
        """What a client asks for, from a day on."""
        whole = read_trace(self.demand, client)
        return DemandTrace(whole.slot_seconds, whole.slots[day * 24 * 3600 // whole.slot_seconds :])

    def busiest(self, client: str, slots: int) -> DemandTrace:
        """The part of so many slots in which a client asks for the most."""
        whole = read_trace(self.demand, client)
        start = max(range(len(whole.slots) - slots + 1), key=lambda first: sum(whole.slots[first : first + slots]))
        return DemandTrace(whole.slot_seconds, whole.slots[start : start + slots])
