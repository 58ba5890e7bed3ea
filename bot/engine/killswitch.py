"""The kill switch: obeys what the database says, and puts it there when the bot has to halt itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Order, Side, VenueOrder
from bot.errors import ExchangeError
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.execution.planner import CANCELLABLE
from bot.ports import Clock, Exchange, Store
from bot.risk.gate import Gate

log = structlog.stdlib.get_logger("killswitch")


class KillSwitch:
    """Puts the gate into the state that is latched in the database, and takes orders off the book for it.

    HALTED takes off all of ours, REDUCING those that bid. That none rests any more is believed when the exchange's own
    list says so; until then, and whenever one turns up late, it is tried again at every look.
    """

    def __init__(
        self, gate: Gate, store: Store, exchange: Exchange, blotter: Blotter, desk: Desk, clock: Clock
    ) -> None:
        self._gate = gate
        self._store = store
        self._exchange = exchange
        self._blotter = blotter
        self._desk = desk
        self._clock = clock
        self._latch: Latch | None = None
        self._is_clear = True

    async def obey(self) -> None:
        """Read the latch and do what it says. Raises `StoreError`: what cannot be read stops the bot."""
        latch = await self._store.latch()
        self._gate.set_latch(latch)
        if latch != self._latch:
            self._latch = latch
            if latch is not None:
                told = {"reason": latch.reason, "by": latch.by, "since": latch.at.isoformat()}
                tell = log.info if latch.state is TradingState.ACTIVE else log.warning
                tell(f"trading is {latch.state}", **told)
            self._is_clear = latch is None or latch.state is TradingState.ACTIVE
        if not self._is_clear or self._unwanted():
            await self._clear()

    async def halt(self, kind: str, why: str, *, within: float | None = None) -> None:
        """Latch HALTED, record the incident and take our orders off the book, within so many seconds if any are given.

        Raises `StoreError`.
        """
        now = self._clock.now()
        log.critical("halted", kind=kind, why=why)
        await self._store.add_incident(Incident(now, kind, why))
        await self._store.set_latch(Latch(TradingState.HALTED, why, "gridbot", now))
        try:
            async with asyncio.timeout(within):
                await self.obey()
        except TimeoutError:
            log.warning("orders may still rest: there was no time to cancel and look")

    async def _clear(self) -> None:
        """Cancel what must not rest, and look whether it does."""
        assert self._latch is not None
        await self._desk.cancel_each(one.client_order_id for one in self._unwanted() if one.state in CANCELLABLE)
        try:
            shown = await self._exchange.orders(open_only=True)
        except ExchangeError as error:
            log.warning("orders may still rest: the exchange cannot be read; trying again", why=str(error))
            return
        ours = await self._ours(shown)
        resting = [one for one in ours.values() if self._must_not_rest(one)]
        await self._cancel_twins(shown, ours)
        live = self._unwanted()
        self._is_clear = not resting and not live
        if self._is_clear:
            log.warning("no order of ours rests that must not", state=str(self._latch.state))
        else:
            log.warning("orders still rest, or may; trying again", listed=len(resting), live=len(live))

    def _unwanted(self) -> list[Order]:
        """Live orders that must not rest."""
        return [order for order in self._blotter.orders if self._must_not_rest(order)]

    def _must_not_rest(self, order: Order) -> bool:
        match self._latch:
            case Latch(state=TradingState.HALTED):
                return True
            case Latch(state=TradingState.REDUCING):
                return order.side is Side.BUY
        return False

    async def _ours(self, shown: Sequence[VenueOrder]) -> dict[str, Order]:
        """Those of the journal, by client order id: found by that or, where they were adopted, by the exchange's id."""
        by_client_id = await self._store.orders_by_client_id([one.client_order_id or "" for one in shown])
        by_order_id = await self._store.orders_by_order_id([one.order_id for one in shown])
        return by_client_id | {one.client_order_id: one for one in by_order_id.values()}

    async def _cancel_twins(self, shown: Sequence[VenueOrder], ours: Mapping[str, Order]) -> None:
        """Cancel second orders that rest under an id of ours, which the desk does not know."""
        for one in shown:
            order = ours.get(one.client_order_id or "")
            if order is not None and order.order_id not in (None, one.order_id) and self._must_not_rest(order):
                try:
                    await self._exchange.cancel(one.order_id)
                except ExchangeError as error:
                    log.warning("a second order may still rest; trying again", order=one.order_id, why=str(error))
