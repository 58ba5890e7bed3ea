"""Moves and issues units: journal first, send once, store what came of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.domain.intents import Issue, Stock
from bot.domain.transfer import Transfer, TransferState, Way
from bot.errors import BadAnswer, ExchangeError, NotSentError, OutcomeUnknown, RequestRefused
from bot.execution.balances import Balances
from bot.execution.blotter import Blotter
from bot.execution.ways import sent
from bot.ports import Clock, Exchange, Ids

log = structlog.stdlib.get_logger("desk")

NOT_OURS_TO_SEND = "not sent: another process holds the lease"

BRING_AGAIN_AFTER = timedelta(minutes=1)
"""How long issued units that could not be moved to Trading are left where they are before that is tried again."""


class Mover:
    """Sends transfers and issues for the desk, one at a time for each instrument.

    Args:
        exchange: where they go.
        blotter: the journal.
        clock: stamps what is journaled.
        ids: for new transfers.
        may_send: asked before every request; while it says no, nothing goes out.
        stopped: asked for everything when its turn has come: why it may not go any more, or nothing.
    """

    def __init__(
        self,
        exchange: Exchange,
        blotter: Blotter,
        clock: Clock,
        ids: Ids,
        *,
        may_send: Callable[[], bool],
        stopped: Callable[[Stock | Issue], str],
    ) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._ids = ids
        self._may_send = may_send
        self._stopped = stopped
        self._balances = Balances(exchange, blotter, clock)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._again_at: dict[tuple[str, str], datetime] = {}

    async def move(self, stock: Stock, strategy: str) -> None:
        """Move units to Consumption, unless something of the instrument is unclear.

        Trading must show that it holds them; what it showed tells later whether an unclear transfer was made.
        """
        await self._carry_out(Way.TO_CONSUMPTION, stock, strategy)

    async def issue(self, issue: Issue, strategy: str) -> None:
        """Issue units, unless something of the instrument is unclear."""
        await self._carry_out(Way.ISSUE, issue, strategy)

    async def bring(self) -> None:
        """Move to Trading all that was issued and is not on its way there, whenever it was issued."""
        for owner, units in tuple(self._blotter.to_bring.items()):
            strategy, instrument_id = owner
            now = self._clock.now()
            if self._is_unsettled(instrument_id) or now < self._again_at.get(owner, now):
                continue
            await self._carry_out(Way.TO_TRADING, Stock(instrument_id, units), strategy)
            if owner in self._blotter.to_bring:
                self._again_at[owner] = now + BRING_AGAIN_AFTER

    async def _carry_out(self, way: Way, wanted: Stock | Issue, strategy: str) -> None:
        bound = log.bind(strategy=strategy, way=str(way))
        async with self._turns[wanted.instrument_id]:
            if why := self._stopped(wanted):
                bound.warning("transfer held back", why=why)
                return
            if self._is_unsettled(wanted.instrument_id):
                bound.warning("transfer held back: an earlier one of its instrument is not settled")
                return
            again = self._blotter.not_sent.transfer_like(way, wanted, strategy)
            transfer = await self._journaled(way, wanted, strategy, again)
            if transfer is not None:
                await self._send(transfer, is_again=again is not None)

    def _is_unsettled(self, instrument_id: str) -> bool:
        return any(one.instrument_id == instrument_id and one.is_unsettled for one in self._blotter.moves)

    async def _journaled(
        self, way: Way, wanted: Stock | Issue, strategy: str, again: Transfer | None
    ) -> Transfer | None:
        """The transfer that is about to go out; None when it may not, for want of units or of an answer."""
        bound = log.bind(strategy=strategy, way=str(way))
        try:
            held, baseline = await self._balances.before(way, wanted.instrument_id)
        except ExchangeError as error:
            bound.warning("transfer held back: the balance cannot be read", why=str(error))
            return None
        most = wanted.quantity if way is Way.ISSUE else held.available
        if not 0 < wanted.quantity <= most:
            bound.warning(
                "transfer held back: there are not so many units", units=wanted.quantity, available=held.available
            )
            return None
        if again is not None:
            return await self._blotter.resend_transfer(again, baseline)
        now = self._clock.now()
        key = self._ids.new("gbt")
        transfer = Transfer(key, strategy, wanted.instrument_id, wanted.quantity, now, now, way=way)
        await self._blotter.add_transfer(transfer, baseline)
        return transfer

    async def _send(self, transfer: Transfer, *, is_again: bool) -> None:
        if not self._may_send():
            await self._failed(transfer, TransferState.NOT_SENT, NOT_OURS_TO_SEND)
            return
        try:
            transfer_id = await sent(self._exchange, transfer)
        except NotSentError as error:
            await self._failed(transfer, TransferState.NOT_SENT, str(error))
        except RequestRefused as error:
            if is_again:  # a refusal of this try says nothing of the first one
                await self._failed(transfer, TransferState.NOT_SENT, str(error))
                self._blotter.not_sent.send_no_more(transfer.key)
            else:
                await self._failed(transfer, TransferState.REFUSED, str(error))
        except (OutcomeUnknown, BadAnswer) as error:
            await self._failed(transfer, TransferState.UNKNOWN, str(error))
        else:
            await self._blotter.change_transfer(
                transfer,
                TransferState.PENDING,
                only_in=(TransferState.SUBMITTING,),
                transfer_id=transfer_id,
            )

    async def _failed(self, transfer: Transfer, state: TransferState, why: str) -> None:
        await self._blotter.change_transfer(transfer, state, only_in=(TransferState.SUBMITTING,), reason=why)
        log.warning("transfer failed", strategy=transfer.strategy, way=str(transfer.way), state=state, why=why)
