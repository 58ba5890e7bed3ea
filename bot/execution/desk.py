"""Carries plans out: journal first, send once, store what came of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

import structlog

from bot.domain.intents import Issue, Place, Stock
from bot.domain.order import NewOrder, Order, OrderState, Side
from bot.domain.transitions import (
    Accepted,
    CancelRefused,
    CancelRequested,
    NeverArrived,
    Refused,
    Resent,
    Unclear,
)
from bot.errors import (
    BadAnswer,
    DuplicateOrder,
    NotSentError,
    OrderAlreadyClosed,
    OutcomeUnknown,
    RequestRefused,
)
from bot.execution.blotter import Blotter
from bot.execution.mover import NOT_OURS_TO_SEND, Mover
from bot.execution.planner import CANCELLABLE, Plan
from bot.ports import Clock, Exchange, Ids

log = structlog.stdlib.get_logger("desk")

CANCEL_PAUSE = 0.25
"""Seconds between two rounds of cancels, while orders are left that cannot be cancelled yet."""


class Desk:
    """Sends orders, cancels, transfers and issues for strategies.

    The journal row is committed before the request goes out. A request is sent once; when its outcome is unclear, the
    order or transfer becomes UNKNOWN, and its market or instrument takes nothing new until the reconciler has settled
    it. What was judged never sent, and is wanted again just so, goes out again as the same order or transfer, so that
    the exchange can tell it from a second one if the first had got there after all.

    Args:
        exchange: where everything goes.
        blotter: the journal.
        clock: stamps what is journaled.
        ids: for new orders and transfers.
        may_send: asked before every request; while it says no, nothing goes out.
        stopped: asked for every order and transfer when its turn has come: why it may not go any more, or nothing. A
            plan may take minutes, and trading may be halted meanwhile. Cancels always go.
    """

    def __init__(
        self,
        exchange: Exchange,
        blotter: Blotter,
        clock: Clock,
        ids: Ids,
        *,
        may_send: Callable[[], bool] = lambda: True,
        stopped: Callable[[Place | Stock | Issue], str] = lambda _: "",
    ) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._ids = ids
        self._may_send = may_send
        self._stopped = stopped
        self._mover = Mover(exchange, blotter, clock, ids, may_send=may_send, stopped=stopped)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._bringing = asyncio.Lock()
        self._brings_no_more = False

    async def carry_out(self, plan: Plan, strategy: str) -> None:
        """Do what a plan says, for the strategy instance of that name."""
        await self.cancel_each(plan.cancels)
        for stock in plan.transfers:
            await self.transfer(stock, strategy)
        for issue in plan.issues:
            await self.issue(issue, strategy)
        for place in plan.orders:
            await self.place(place, strategy)

    async def place(self, place: Place, strategy: str) -> None:
        """Place an order, unless its market has an order of which it is unclear whether it rests."""
        async with self._turns[place.market_id]:
            if why := self._stopped(place):
                log.warning("order held back", strategy=strategy, why=why)
                return
            if self._is_unsettled(place.market_id):
                log.warning("order held back: an earlier one on its market is not settled", strategy=strategy)
                return
            again = self._blotter.not_sent.order_like(place, strategy)
            order = await self._journaled(place, strategy, again)
            if order is None:
                log.warning("order held back: the earlier one has turned up", strategy=strategy)
                return
            event = await self._submit(order)
            if again is None or not isinstance(event, Refused):
                await self._answered(order, event)
                return
            await self._answered(order, NeverArrived(event.reason))  # it says nothing of the first try
            self._blotter.not_sent.send_no_more(order.client_order_id)

    async def cancel(self, client_order_id: str) -> None:
        """Ask for a cancel; that it is closed is stored once the exchange's lists say so."""
        order = self._blotter.get(client_order_id)
        if order is None or order.order_id is None:
            return
        if await self._blotter.change_order(order, CancelRequested(), only_in=CANCELLABLE) is None:
            return
        if not self._may_send():
            await self._cancel_failed(order, CancelRefused(NOT_OURS_TO_SEND))
            return
        try:
            await self._exchange.cancel(order.order_id)
        except OrderAlreadyClosed:
            return
        except (NotSentError, RequestRefused) as error:
            await self._cancel_failed(order, CancelRefused(str(error)))
        except (OutcomeUnknown, BadAnswer) as error:
            await self._cancel_failed(order, Unclear(str(error)))

    async def cancel_each(self, client_order_ids: Iterable[str]) -> None:
        """Ask for cancels, all at once, so that one that gets no answer keeps no other one waiting."""
        async with asyncio.TaskGroup() as tasks:
            for client_order_id in client_order_ids:
                tasks.create_task(self.cancel(client_order_id))

    async def cancel_all(
        self, *, strategies: Collection[str] | None = None, sides: Collection[Side] | None = None
    ) -> None:
        """Cancel until no live order of these strategy instances and sides is left; None: of all.

        That takes as long as the reconciler takes to see them closed, and to settle what is unclear; the caller bounds
        it in time.
        """
        while orders := [
            order
            for order in self._blotter.orders
            if (strategies is None or order.strategy in strategies) and (sides is None or order.side in sides)
        ]:
            await self.cancel_each(order.client_order_id for order in orders if order.state in CANCELLABLE)
            await self._clock.sleep(CANCEL_PAUSE)

    async def transfer(self, stock: Stock, strategy: str) -> None:
        """Move units to Consumption, unless the instrument has a transfer whose outcome is unclear."""
        await self._mover.move(stock, strategy)

    async def issue(self, issue: Issue, strategy: str) -> None:
        """Issue units, unless something of the instrument is unclear; `bring_issued` moves them to Trading."""
        await self._mover.issue(issue, strategy)

    async def bring_issued(self) -> None:
        """Move to Trading what was issued and is not on its way there; to be called after every look."""
        async with self._bringing:
            if not self._brings_no_more:
                await self._mover.bring()

    async def bring_no_more(self) -> None:
        """Let what is being moved to Trading be done, and move nothing more: the next start does."""
        self._brings_no_more = True
        async with self._bringing:
            pass

    async def _journaled(self, place: Place, strategy: str, again: Order | None) -> Order | None:
        """The order that is about to go out; None when the one that was to go out again has turned up."""
        if again is not None:
            return await self._blotter.change_order(again, Resent(), only_in=(OrderState.NOT_SENT,))
        order = self._new_order(place, strategy)
        await self._blotter.add_order(order)
        return order

    async def _answered(self, order: Order, event: Accepted | Refused | Unclear | NeverArrived) -> None:
        """Store what came of a placement; that it is not known says nothing of an order that was found meanwhile."""
        only_in = (OrderState.SUBMITTING,) if isinstance(event, Unclear | NeverArrived) else None
        changed = await self._blotter.change_order(order, event, only_in=only_in)
        if changed is not None and not isinstance(event, Accepted):
            log.warning("order not placed", strategy=order.strategy, order=order.client_order_id, why=event.reason)

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
            post_only=place.post_only,
        )

    def _is_unsettled(self, market_id: str) -> bool:
        return any(order.market_id == market_id and order.is_unsettled for order in self._blotter.orders)

    async def _submit(self, order: Order) -> Accepted | Refused | Unclear | NeverArrived:
        if not self._may_send():
            return NeverArrived(NOT_OURS_TO_SEND)
        try:
            answer = await self._exchange.place(
                NewOrder(
                    order.client_order_id,
                    order.market_id,
                    order.side,
                    order.quantity,
                    order.price,
                    post_only=order.post_only,
                )
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
