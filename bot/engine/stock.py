"""What is in Consumption, how fast it burns, and when it expires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.domain.account import Units
from bot.strategy.snapshot import Consumption
from bot.treasury.burn import BurnMeter
from bot.treasury.lots import LotBook

LOT_LIFETIME = timedelta(hours=4)
"""How long units can be used once they are in Consumption."""


class StockMeter:
    """Watches the balances of Consumption."""

    def __init__(self) -> None:
        self._burn: dict[str, BurnMeter] = {}
        self._lots: dict[str, LotBook] = {}

    def observe(self, at: datetime, balances: Mapping[str, Units]) -> None:
        """Take note of all balances, by instrument id."""
        for instrument_id, units in balances.items():
            self._burn.setdefault(instrument_id, BurnMeter()).observe(at, units.available)
            self._lots.setdefault(instrument_id, LotBook(LOT_LIFETIME)).observe(at, units.available)

    def consumption(self, instrument_id: str, units: int, in_transfer: int) -> Consumption:
        """The stock of an instrument as strategies see it."""
        burn, lots = self._burn.get(instrument_id), self._lots.get(instrument_id)
        return Consumption(
            units=units,
            in_transfer=in_transfer,
            burn_per_hour=burn.units_per_hour if burn else None,
            lots=lots.lots if lots else (),
        )
