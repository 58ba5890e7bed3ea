"""Carries plans out: journal first, send once, store what came of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import structlog

from bot.domain.intents import Place, Stock
from bot.domain.order import NewOrder, Order, OrderState
from bot.domain.transfer import Transfer, TransferState
from bot.domain.transitions import (
    Accepted,
    CancelRefused,
    CancelRequested,
    NeverArrived,
    Refused,
    Unclear,
)
from bot.errors import BadAnswer, DuplicateOrder, NotSentError, OrderAlreadyClosed, OutcomeUnknown, RequestRefused
from bot.execution.blotter import Blotter
from bot.execution.planner import CANCELLABLE, Plan
from bot.ports import Clock, Exchange, Ids

log = structlog.stdlib.get_logger("desk")


class Desk:
    """Sends orders, cancels and transfers for strategies.

    The journal row is committed before the request goes out. A request is sent once; when its outcome is unclear, the
    order or transfer becomes UNKNOWN, and its market or instrument takes nothing new until the reconciler has settled
    it.
    """

    def __init__(self, exchange: Exchange, blotter: Blotter, clock: Clock, ids: Ids) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._ids = ids
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def carry_out(self, plan: Plan, strategy: str) -> None:
        """Do what a plan says, for the strategy instance of that name."""
        for client_order_id in plan.cancels:
            await self.cancel(client_order_id)
        for stock in plan.transfers:
            await self.transfer(stock, strategy)
        for place in plan.orders:
            await self.place(place, strategy)

    async def place(self, place: Place, strategy: str) -> None:
        """Place an order, unless its market has an order whose outcome is unclear."""
        async with self._turns[place.market_id]:
            if self._is_unsettled(place.market_id):
                log.warning("order held back: an earlier one on its market is not settled", strategy=strategy)
                return
            order = self._new_order(place, strategy)
            await self._blotter.add_order(order)
            event = await self._submit(order)
            await self._blotter.change_order(order, event)
        if not isinstance(event, Accepted):
            log.warning("order not placed", strategy=strategy, order=order.client_order_id, why=event.reason)

    async def cancel(self, client_order_id: str) -> None:
        """Ask for a cancel; that it is closed is stored once the exchange's lists say so."""
        order = self._blotter.get(client_order_id)
        if order is None or order.order_id is None:
            return
        if await self._blotter.change_order(order, CancelRequested(), only_in=CANCELLABLE) is None:
            return
        try:
            await self._exchange.cancel(order.order_id)
        except OrderAlreadyClosed:
            return
        except (NotSentError, RequestRefused) as error:
            await self._cancel_failed(order, CancelRefused(str(error)))
        except (OutcomeUnknown, BadAnswer) as error:
            await self._cancel_failed(order, Unclear(str(error)))

    async def transfer(self, stock: Stock, strategy: str) -> None:
        """Move units to Consumption, unless the instrument has a transfer whose outcome is unclear."""
        async with self._turns[stock.instrument_id]:
            if any(
                transfer.instrument_id == stock.instrument_id and transfer.is_unsettled
                for transfer in self._blotter.transfers
            ):
                log.warning("transfer held back: an earlier one of its instrument is not settled", strategy=strategy)
                return
            now = self._clock.now()
            transfer = Transfer(self._ids.new("gbt"), strategy, stock.instrument_id, stock.quantity, now, now)
            await self._blotter.add_transfer(transfer)
            await self._send(transfer)

    def _new_order(self, place: Place, strategy: str) -> Order:
        now = self._clock.now()
        return Order(
            client_order_id=self._ids.new("gb"),
            strategy=strategy,
            market_id=place.market_id,
            side=place.side,
            quantity=place.quantity,
            price=place.price,
            created_at=now,
            updated_at=now,
        )

    def _is_unsettled(self, market_id: str) -> bool:
        return any(order.market_id == market_id and order.is_unsettled for order in self._blotter.orders)

    async def _submit(self, order: Order) -> Accepted | Refused | Unclear | NeverArrived:
        try:
            answer = await self._exchange.place(
                NewOrder(order.client_order_id, order.market_id, order.side, order.quantity, order.price)
            )
        except NotSentError as error:
            return NeverArrived(str(error))
        except DuplicateOrder as error:  # it is there already, so only the exchange's lists can say how it stands
            return Unclear(str(error))
        except RequestRefused as error:
            return Refused(str(error))
        except (OutcomeUnknown, BadAnswer) as error:
            return Unclear(str(error))
        return Accepted(answer.order_id)

    async def _cancel_failed(self, order: Order, event: CancelRefused | Unclear) -> None:
        """A cancel that failed says nothing of an order that was closed meanwhile."""
        if await self._blotter.change_order(order, event, only_in=(OrderState.CANCELLING,)):
            log.warning("cancel failed", order=order.client_order_id, why=event.reason)

    async def _send(self, transfer: Transfer) -> None:
        try:
            answer = await self._exchange.transfer_to_consumption(
                transfer.instrument_id, transfer.quantity, key=transfer.key
            )
        except NotSentError as error:
            await self._settle(transfer, TransferState.NOT_SENT, error)
        except RequestRefused as error:
            await self._settle(transfer, TransferState.REFUSED, error)
        except (OutcomeUnknown, BadAnswer) as error:
            await self._settle(transfer, TransferState.UNKNOWN, error)
        else:
            await self._blotter.change_transfer(transfer, TransferState.PENDING, transfer_id=answer.transfer_id)

    async def _settle(self, transfer: Transfer, state: TransferState, error: Exception) -> None:
        await self._blotter.change_transfer(transfer, state, reason=str(error))
        log.warning("transfer failed", strategy=transfer.strategy, state=state, why=str(error))
