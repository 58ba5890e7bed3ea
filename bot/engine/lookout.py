"""Keeps looking at the exchange and at the kill switch, for as long as the daemon runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from bot.domain.order import OrderState
from bot.engine.allowance import Allowance
from bot.engine.auditor import Auditor, Violation
from bot.engine.killswitch import KillSwitch
from bot.engine.listener import Listener
from bot.engine.pace import Pace
from bot.engine.waiting import happens
from bot.errors import ExchangeError
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.execution.reconciler import Reconciler
from bot.ports import Clock

log = structlog.stdlib.get_logger("lookout")

FIRST_LOOK = 0.25
"""Seconds between a change and the look at what came of it."""

LOOKS_AT_ONCE = 5
SECONDS_A_LOOK = 4.0
"""A look is three or four requests of the 100 a minute: however much changes, this leaves room for hooks and orders."""

AUDIT_SOON = timedelta(minutes=1)
"""Time from the start to the first audit, for a start has compared all but the balances itself; and from an audit that
could not be done to the next."""


class Lookout:
    """Looks soon after every change, then ever more seldom, at least every `Pace.poll`.

    Every look obeys the kill switch first, then brings the journal in line with the exchange, and moves to Trading what
    was issued; every `Pace.audit` all is compared. What cannot be read is read again at the next look, all of it after
    a minute.
    """

    def __init__(
        self,
        *,
        pace: Pace,
        blotter: Blotter,
        desk: Desk,
        reconciler: Reconciler,
        auditor: Auditor,
        switch: KillSwitch,
        listener: Listener,
        clock: Clock,
    ) -> None:
        self._pace = pace
        self._blotter = blotter
        self._desk = desk
        self._reconciler = reconciler
        self._auditor = auditor
        self._switch = switch
        self._listener = listener
        self._clock = clock
        self._audit_due = clock.now() + self._soon()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until cancelled. Once `stop` is set, looks follow changes without being put off."""
        pause, looks = FIRST_LOOK, Allowance(LOOKS_AT_ONCE, SECONDS_A_LOOK, self._clock)
        changed = self._blotter.changed
        while True:
            if await happens(changed, within=pause, clock=self._clock):
                await self._clock.sleep(FIRST_LOOK)
                pause = FIRST_LOOK
            else:
                pause = min(4 * pause, self._longest_pause().total_seconds())
            await happens(stop, within=looks.take(), clock=self._clock)
            changed.clear()
            await self._look()

    async def _look(self) -> None:
        await self._switch.obey()
        try:
            if self._clock.now() < self._audit_due:
                await self._reconciler.look()
            else:
                await self._audit()
            await self._desk.bring_issued()
        except ExchangeError as error:
            log.warning("the exchange cannot be read; looking again", why=str(error))

    async def _audit(self) -> None:
        """Compare all; where that cannot be done, looks go on before it is tried again."""
        self._audit_due = self._clock.now() + self._soon()
        repairs = await self._reconciler.audit()
        if repairs.doubled:
            await self._switch.halt("invariant", f"more than one order rests for each of {', '.join(repairs.doubled)}")
        try:
            await self._auditor.audit()
        except Violation as violation:
            await self._switch.halt("invariant", str(violation))
        self._audit_due = self._clock.now() + self._pace.audit

    def _soon(self) -> timedelta:
        return min(self._pace.audit, AUDIT_SOON)

    def _longest_pause(self) -> timedelta:
        """The stream tells what becomes of resting orders; of transfers and of what is unclear it tells nothing."""
        told = not self._blotter.moves and all(order.state is OrderState.OPEN for order in self._blotter.orders)
        return self._pace.poll_streaming if self._listener.streams and told else self._pace.poll
