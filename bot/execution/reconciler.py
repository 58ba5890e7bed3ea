"""Keeps our journal in line with the exchange: at start, and while anything is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.incident import Incident
from bot.domain.order import Order, OrderState
from bot.domain.transfer import Transfer, TransferState, VenueTransfer
from bot.domain.transitions import Accepted, Amended, CancelRefused, Filled, NeverArrived, OrderEvent, Reopened, Unclear
from bot.execution.balances import Balances
from bot.execution.blotter import Blotter
from bot.execution.evidence import Evidence
from bot.execution.not_sent import RESEND_WITHIN
from bot.execution.reader import Reader, Sight
from bot.execution.reconcile import CLOCK_SLACK, Repairs, TransferRepair, Venue, diff, doubled
from bot.execution.searches import Searches
from bot.execution.strangers import Strangers
from bot.execution.trades import Trades
from bot.ports import Clock, Exchange, Store

log = structlog.stdlib.get_logger("reconciler")

LOOKS_TO_SETTLE = 2
"""How often something must be looked for in vain, a settle delay apart, before it counts as never sent."""

LOOKS_WITHOUT_BALANCE = 4
"""The same for a transfer of which the balance does not tell whether it was made."""

LOOKS_TO_ALARM = 30
"""After so many looks a transfer is reported that was made by the balance, and that the history does not show."""

_ONLY_IN: dict[type, tuple[OrderState, ...]] = {
    NeverArrived: (OrderState.UNKNOWN,),
    CancelRefused: (OrderState.CANCELLING, OrderState.UNKNOWN),
    Amended: (OrderState.OPEN, OrderState.CANCELLING, OrderState.UNKNOWN),
    Reopened: (OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED),
}
"""States in which a repair still holds, when the order has changed since the exchange was read."""


class Reconciler:
    """Reads what the exchange shows of our orders, fills and transfers, and applies what is missing here.

    Args:
        exchange: what is read.
        store: the journal's database, for what the blotter does not hold any more, and for incidents.
        blotter: our live orders and open transfers.
        clock: tells how long something has been unclear.
        settle_after: the time between the looks that settle an unclear outcome.
        adopt: the strategy instance for which open orders that are not ours are taken up; None: they are left alone.
    """

    def __init__(
        self,
        exchange: Exchange,
        store: Store,
        blotter: Blotter,
        clock: Clock,
        *,
        settle_after: timedelta,
        adopt: str | None = None,
    ) -> None:
        self._store = store
        self._blotter = blotter
        self._clock = clock
        self._searches = Searches(settle_after)
        self._balances = Balances(exchange, blotter, clock)
        self._trades = Trades(exchange, store)
        self._strangers = Strangers(exchange, clock, adopt)
        self._reader = Reader(
            exchange,
            store,
            blotter,
            clock,
            trades=self._trades,
            strangers=self._strangers,
            settle_after=settle_after,
        )
        self._reported: set[str] = set()
        self._quiet_from = clock.now()
        self._looking = asyncio.Lock()

    async def start(self) -> None:
        """Bring the journal up to date after whatever happened while nobody looked.

        It may be called again after an error, or at any time: what is stored stays.

        Raises:
            DaemonError: the journal has an order of which the exchange knows nothing.
            ExchangeError: the exchange cannot be read.
        """
        async with self._looking:
            await self._blotter.load()
            await self._trades.load()
            await self._mark_unknown()
            await self._repair(deep=True, at_start=True)

    async def look(self) -> None:
        """Bring live orders and open transfers up to date; asks nothing when all has been quiet for a while.

        Raises `ExchangeError`.
        """
        async with self._looking:
            now, late = self._clock.now(), self._blotter.not_sent
            if (
                self._blotter.orders
                or self._blotter.moves
                or late.orders(within=RESEND_WITHIN)
                or late.transfers(within=RESEND_WITHIN)
            ):
                self._quiet_from = now + CLOCK_SLACK  # a fill may show after its order has closed
            elif now >= self._quiet_from:
                return
            await self._repair(deep=False)

    async def audit(self) -> Repairs:
        """Look at everything, however quiet it is, and answer what had to be repaired.

        Besides what `look` sees, it finds trades that showed late, orders and transfers that were judged never sent
        in the last hour, orders that rest although the journal has them as closed, and orders that are not ours.
        Raises `ExchangeError`.
        """
        async with self._looking:
            return await self._repair(deep=True)

    async def _mark_unknown(self) -> None:
        """What was being sent when the last run ended may or may not have arrived; cancels likewise."""
        why = "the last run ended before an answer came"
        for order in self._blotter.orders:
            if order.state in (OrderState.SUBMITTING, OrderState.CANCELLING):
                await self._blotter.change_order(order, Unclear(why))
        for transfer in self._blotter.moves:
            if transfer.state is TransferState.SUBMITTING:
                await self._blotter.change_transfer(
                    transfer, TransferState.UNKNOWN, only_in=(TransferState.SUBMITTING,), reason=why
                )

    async def _repair(self, *, deep: bool, at_start: bool = False) -> Repairs:
        began = self._clock.now()
        sight = await self._reader.read(deep=deep, at_start=at_start)
        settled = await self._settled(sight, began)
        venue = Venue(sight.shown, sight.fills, sight.history)
        planned = diff(sight.orders, sight.transfers, venue, settled)
        applied = Repairs()
        if deep:
            applied.doubled.extend(doubled(sight.orders, (*sight.shown, *sight.strangers)))
            await self._meet_strangers(sight, applied)
            for order, order_id in sight.reopened:
                if await self._may_reopen(order):
                    planned.orders.extend([(order, Accepted(order_id)), (order, Reopened())])
        for order, event in planned.orders:
            await self._apply(order, event, applied)
        for fill in sight.foreign_fills:
            self._trades.passed(fill)
        for repair in planned.transfers:
            await self._apply_to_transfer(repair, sight.transfers, applied)
        return applied

    async def _meet_strangers(self, sight: Sight, applied: Repairs) -> None:
        """Take up orders that are not ours, if we are to; what they have filled so far, the next look finds."""
        for order in self._strangers.taken_up(sight.strangers):
            assert order.order_id is not None
            await self._report("adopted", f"order {order.order_id}, placed by others, belongs to {order.strategy} now")
            await self._blotter.add_order(order)
            applied.orders.append((order, Accepted(order.order_id)))

    async def _may_reopen(self, order: Order) -> bool:
        """Report an order that rests though the journal has it as closed, and tell whether it can be taken up."""
        if order.state is not OrderState.FILLED:
            await self._report("reopened", f"order {order.client_order_id} is {order.state}, yet it rests; taken up")
            return True
        if order.client_order_id not in self._reported:
            self._reported.add(order.client_order_id)
            await self._report("reopened", f"order {order.client_order_id} has filled, yet it rests; cancel it by hand")
        return False

    async def _apply(self, order: Order, event: OrderEvent, applied: Repairs) -> None:
        if order.state is OrderState.NOT_SENT and isinstance(event, Accepted):
            await self._report(
                "late_order",
                f"order {order.client_order_id} was judged never sent, yet the exchange has it as {event.order_id}; "
                "taken up",
            )
        changed = await self._blotter.change_order(order, event, only_in=_ONLY_IN.get(type(event)))
        if isinstance(event, Filled):
            self._trades.done(event.fill)
        if changed is not None:
            applied.orders.append((changed, event))

    async def _apply_to_transfer(self, repair: TransferRepair, seen: Sequence[Transfer], applied: Repairs) -> None:
        transfer = repair.transfer
        if transfer.state is TransferState.NOT_SENT:
            if self._may_be_of_another(transfer, seen):
                return
            await self._report(
                "late_transfer",
                f"transfer {transfer.key} was judged never sent, yet the exchange has it as {repair.transfer_id}; "
                "taken up",
            )
        if await self._blotter.change_transfer(
            transfer, repair.state, only_in=(transfer.state,), transfer_id=repair.transfer_id, reason=repair.reason
        ):
            applied.transfers.append(repair)

    def _may_be_of_another(self, transfer: Transfer, seen: Sequence[Transfer]) -> bool:
        """Whether what shows may be a later transfer of the same instrument, whose answer came or is to come."""
        terms = (transfer.way, transfer.instrument_id)
        present = [one for one in self._blotter.moves if (one.way, one.instrument_id) == terms]
        return any(one not in seen or one.state is TransferState.SUBMITTING for one in present)

    async def _settled(self, sight: Sight, began: datetime) -> set[str]:
        """Count this look for all that is unclear; the keys that have been looked for often enough."""
        unclear = (OrderState.UNKNOWN, OrderState.CANCELLING)
        orders = {order.client_order_id: order.updated_at for order in sight.orders if order.state in unclear}
        transfers = [transfer for transfer in sight.transfers if transfer.state is TransferState.UNKNOWN]
        self._searches.count(orders | {transfer.key: transfer.updated_at for transfer in transfers}, began)
        settled = {key for key in orders if self._searches.looks(key) >= LOOKS_TO_SETTLE}
        return settled | {transfer.key for transfer in transfers if await self._is_settled(transfer, sight.history)}

    async def _is_settled(self, transfer: Transfer, history: Sequence[VenueTransfer]) -> bool:
        """Whether a transfer that the history does not show was never made: the balance must say so, too."""
        looks = self._searches.looks(transfer.key)
        if looks < LOOKS_TO_SETTLE:
            return False
        evidence = await self._balances.evidence(transfer, history)
        if evidence is Evidence.GONE and looks >= LOOKS_TO_ALARM and transfer.key not in self._reported:
            self._reported.add(transfer.key)
            await self._report(
                "unclear_transfer",
                f"the balance says that transfer {transfer.key} ({transfer.quantity} units, {transfer.way}) was made, "
                "and the exchange's history does not show it; nothing more of this instrument is moved until it does, "
                "or until a restart",
            )
        needed = {Evidence.THERE: LOOKS_TO_SETTLE, Evidence.UNSURE: LOOKS_WITHOUT_BALANCE}
        return evidence in needed and looks >= needed[evidence]

    async def _report(self, kind: str, what: str) -> None:
        log.error(what, kind=kind)
        await self._store.add_incident(Incident(self._clock.now(), kind, what))
