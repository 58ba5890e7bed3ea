"""Moves units to Consumption: journal first, send once, store what came of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

import structlog

from bot.domain.intents import Stock
from bot.domain.transfer import Transfer, TransferState
from bot.errors import BadAnswer, ExchangeError, NotSentError, OutcomeUnknown, RequestRefused
from bot.execution.balances import Balances
from bot.execution.blotter import Blotter
from bot.ports import Clock, Exchange, Ids

log = structlog.stdlib.get_logger("desk")

NOT_OURS_TO_SEND = "not sent: another process holds the lease"


class Mover:
    """Sends transfers for the desk, one at a time for each instrument.

    Args:
        exchange: where they go.
        blotter: the journal.
        clock: stamps what is journaled.
        ids: for new transfers.
        may_send: asked before every request; while it says no, nothing goes out.
        stopped: asked for every transfer when its turn has come: why it may not go any more, or nothing.
    """

    def __init__(
        self,
        exchange: Exchange,
        blotter: Blotter,
        clock: Clock,
        ids: Ids,
        *,
        may_send: Callable[[], bool],
        stopped: Callable[[Stock], str],
    ) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._ids = ids
        self._may_send = may_send
        self._stopped = stopped
        self._balances = Balances(exchange, blotter, clock)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def move(self, stock: Stock, strategy: str) -> None:
        """Move units, unless the instrument has a transfer whose outcome is unclear.

        Trading must show that it holds them; what it showed tells later whether an unclear transfer was made.
        """
        async with self._turns[stock.instrument_id]:
            if why := self._stopped(stock):
                log.warning("transfer held back", strategy=strategy, why=why)
                return
            if self._is_unsettled(stock.instrument_id):
                log.warning("transfer held back: an earlier one of its instrument is not settled", strategy=strategy)
                return
            again = self._blotter.not_sent.transfer_like(stock, strategy)
            transfer = await self._journaled(stock, strategy, again)
            if transfer is not None:
                await self._send(transfer, is_again=again is not None)

    def _is_unsettled(self, instrument_id: str) -> bool:
        return any(one.instrument_id == instrument_id and one.is_unsettled for one in self._blotter.transfers)

    async def _journaled(self, stock: Stock, strategy: str, again: Transfer | None) -> Transfer | None:
        """The transfer that is about to go out; None when it may not, for want of units or of an answer."""
        try:
            held, baseline = await self._balances.before(stock.instrument_id)
        except ExchangeError as error:
            log.warning("transfer held back: the Trading balance cannot be read", strategy=strategy, why=str(error))
            return None
        if not 0 < stock.quantity <= held.available:
            log.warning(
                "transfer held back: Trading does not hold so many units",
                strategy=strategy,
                units=stock.quantity,
                available=held.available,
            )
            return None
        if again is not None:
            return await self._blotter.resend_transfer(again, baseline)
        now = self._clock.now()
        transfer = Transfer(self._ids.new("gbt"), strategy, stock.instrument_id, stock.quantity, now, now)
        await self._blotter.add_transfer(transfer, baseline)
        return transfer

    async def _send(self, transfer: Transfer, *, is_again: bool) -> None:
        if not self._may_send():
            await self._failed(transfer, TransferState.NOT_SENT, NOT_OURS_TO_SEND)
            return
        try:
            answer = await self._exchange.transfer_to_consumption(
                transfer.instrument_id, transfer.quantity, key=transfer.key
            )
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
                transfer_id=answer.transfer_id,
            )

    async def _failed(self, transfer: Transfer, state: TransferState, why: str) -> None:
        await self._blotter.change_transfer(transfer, state, only_in=(TransferState.SUBMITTING,), reason=why)
        log.warning("transfer failed", strategy=transfer.strategy, state=state, why=why)
