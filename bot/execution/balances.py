"""Reads the balance that a transfer changes before it is sent, and while it is unclear what came of one."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.account import Units
from bot.domain.transfer import Transfer, VenueTransfer, Way
from bot.execution.blotter import Blotter
from bot.execution.evidence import SKEW, Baseline, Evidence, Shown, weigh, weigh_issued
from bot.execution.ways import held
from bot.ports import Clock, Exchange


class Balances:
    """Trading tells of transfers to Consumption, where units are used up meanwhile; the issuance account of others."""

    def __init__(self, exchange: Exchange, blotter: Blotter, clock: Clock) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._instruments: dict[str, str] = {}

    async def before(self, way: Way, instrument_id: str) -> tuple[Units, Baseline]:
        """What the balance holds of an instrument, right before a transfer of it. Raises `ExchangeError`."""
        newest_fill_at = self._blotter.newest_fill_at
        is_alone = not any(one.instrument_id == instrument_id for one in self._blotter.moves)
        asked_at = self._clock.now()
        units = await held(self._exchange, way, instrument_id)
        return units, Baseline(units.total, asked_at, self._clock.now(), newest_fill_at, is_alone)

    async def evidence(self, transfer: Transfer, shown: Sequence[VenueTransfer]) -> Evidence:
        """Whether an unclear transfer has changed the balance.

        `shown` is what the exchange's history shows, but for what is stored as other transfers of ours. Raises
        `ExchangeError`.
        """
        before = self._blotter.baseline(transfer.key)
        if before is None:
            return Evidence.UNSURE
        asked_at = self._clock.now()
        units = await held(self._exchange, transfer.way, transfer.instrument_id)
        if transfer.way is not Way.TO_CONSUMPTION:
            change = transfer.quantity if transfer.way is Way.ISSUE else -transfer.quantity
            return weigh_issued(change, before, units.total)
        fills = [
            fill
            for fill in await self._exchange.fills(since=before.asked_at - SKEW)
            if await self._instrument(fill.market_id) == transfer.instrument_id
        ]
        ours = {one.transfer_id for one in self._blotter.moves}
        others = [
            one
            for one in shown
            if (one.way, one.instrument_id) == (transfer.way, transfer.instrument_id) and one.transfer_id not in ours
        ]
        return weigh(transfer.quantity, before, Shown(units.total, asked_at, fills, others))

    async def _instrument(self, market_id: str) -> str | None:
        if market_id not in self._instruments:
            self._instruments = {market.market_id: market.instrument_id for market in await self._exchange.markets()}
        return self._instruments.get(market_id)
