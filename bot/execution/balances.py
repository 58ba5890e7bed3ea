"""Reads what Trading holds before a transfer is sent, and while it is unclear what came of one."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.account import Units
from bot.domain.transfer import Transfer, VenueTransfer
from bot.execution.blotter import Blotter
from bot.execution.evidence import SKEW, Baseline, Evidence, Shown, weigh
from bot.ports import Clock, Exchange


class Balances:
    """The Trading balances of the account. Units in Consumption are used up meanwhile, so those tell nothing."""

    def __init__(self, exchange: Exchange, blotter: Blotter, clock: Clock) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._instruments: dict[str, str] = {}

    async def before(self, instrument_id: str) -> tuple[Units, Baseline]:
        """What Trading holds of an instrument, right before a transfer of it. Raises `ExchangeError`."""
        newest_fill_at = self._blotter.newest_fill_at
        is_alone = not any(one.instrument_id == instrument_id for one in self._blotter.transfers)
        asked_at = self._clock.now()
        units = await self._held(instrument_id)
        return units, Baseline(units.total, asked_at, self._clock.now(), newest_fill_at, is_alone)

    async def evidence(self, transfer: Transfer, shown: Sequence[VenueTransfer]) -> Evidence:
        """Whether the units of an unclear transfer are still in Trading.

        `shown` is what the transfer history shows, but for what is stored as other transfers of ours. Raises
        `ExchangeError`.
        """
        before = self._blotter.baseline(transfer.key)
        if before is None:
            return Evidence.UNSURE
        asked_at = self._clock.now()
        units = await self._held(transfer.instrument_id)
        fills = [
            fill
            for fill in await self._exchange.fills(since=before.asked_at - SKEW)
            if await self._instrument(fill.market_id) == transfer.instrument_id
        ]
        ours = {one.transfer_id for one in self._blotter.transfers}
        others = [one for one in shown if one.instrument_id == transfer.instrument_id and one.transfer_id not in ours]
        return weigh(transfer.quantity, before, Shown(units.total, asked_at, fills, others))

    async def _held(self, instrument_id: str) -> Units:
        return (await self._exchange.trading_units()).get(instrument_id, Units(instrument_id))

    async def _instrument(self, market_id: str) -> str | None:
        if market_id not in self._instruments:
            self._instruments = {market.market_id: market.instrument_id for market in await self._exchange.markets()}
        return self._instruments.get(market_id)
