"""The kill switch: obeys what the database says, and puts it there when the bot has to halt itself."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Order, OrderState, Side, VenueOrder
from bot.errors import ExchangeError
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.ports import Clock, Exchange, Store
from bot.risk.gate import Gate

log = structlog.stdlib.get_logger("killswitch")


class KillSwitch:
    """Puts the gate into the state that is latched in the database, and takes orders off the book for it.

    HALTED takes off all of ours, REDUCING those that bid. That none rests any more is believed when the exchange's own
    list says so; until then it is tried again at every look.
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
        if latch != self._latch:
            self._latch = latch
            self._gate.set_latch(latch)
            if latch is not None:
                log.warning(f"trading is {latch.state}", reason=latch.reason, by=latch.by, since=latch.at.isoformat())
            self._is_clear = latch is None or latch.state is TradingState.ACTIVE
        if not self._is_clear:
            await self._clear()

    async def halt(self, kind: str, why: str) -> None:
        """Latch HALTED, record the incident and take our orders off the book."""
        now = self._clock.now()
        log.critical("halted", kind=kind, why=why)
        await self._store.add_incident(Incident(now, kind, why))
        await self._store.set_latch(Latch(TradingState.HALTED, why, "gridbot", now))
        await self.obey()

    async def _clear(self) -> None:
        """Cancel what must not rest, and look whether it does."""
        assert self._latch is not None
        bids_only = self._latch.state is TradingState.REDUCING
        for order in self._blotter.orders:
            if order.state is OrderState.OPEN and (not bids_only or order.side is Side.BUY):
                await self._desk.cancel(order.client_order_id)
        try:
            shown = await self._exchange.orders(open_only=True)
        except ExchangeError as error:
            log.warning("orders may still rest: the exchange cannot be read; trying again", why=str(error))
            return
        resting = [one for one in await self._ours(shown) if not bids_only or one.side is Side.BUY]
        self._is_clear = not resting and not any(order.is_unsettled for order in self._blotter.orders)
        if self._is_clear:
            log.warning("no order of ours rests that must not", state=str(self._latch.state))
        else:
            log.warning("orders still rest or are unclear; trying again", orders=len(resting))

    async def _ours(self, shown: Sequence[VenueOrder]) -> list[Order]:
        """Those that are in the journal, by their own ids or, where they were adopted, by the exchange's."""
        by_client_id = await self._store.orders_by_client_id([one.client_order_id or "" for one in shown])
        by_order_id = await self._store.orders_by_order_id([one.order_id for one in shown])
        return list({one.client_order_id: one for one in (*by_client_id.values(), *by_order_id.values())}.values())
