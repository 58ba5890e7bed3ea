"""One process of the bot, from its start to its end, whichever that is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from bot.ports import Clock
from bot.rehearsal.plan import Violated
from bot.rehearsal.power import Power

PATIENCE_SECONDS = 300.0
"""How long a life may take to end once it was told to."""


class Life:
    """The bot as a task that has power, can be told to stop, and can die.

    Args:
        bot: runs the bot until the event is set.
        power: what its edges pass.
        clock: times it.
        others: tasks that are not the bot's, and live on.
    """

    def __init__(
        self,
        bot: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
        power: Power,
        clock: Clock,
        others: Callable[[], set[asyncio.Task[Any]]],
    ) -> None:
        self._power = power
        self._clock = clock
        self._others = others
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(bot(self._stop))
        self._dying = asyncio.create_task(power.gone.wait())

    @property
    def has_crashed(self) -> bool:
        """Whether its power has failed."""
        return self._power.gone.is_set()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or cannot do anything any more."""
        return self.has_crashed or self._task.done()

    async def lasts(self, until: datetime) -> bool:
        """Whether it lives at that moment; comes back at once when it does not live that long."""
        seconds = max(0.0, (until - self._clock.now()).total_seconds())
        await asyncio.wait({self._task, self._dying}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return not self.is_over

    async def ends(self) -> BaseException | None:
        """What it ends with by itself; None: in good order.

        Raises:
            Violated: it leaves something running.
        """
        await self._over("left_running")
        return None if self._task.cancelled() else self._task.exception()

    async def stop(self) -> BaseException | None:
        """Tell it to stop, and see what it ends with. Raises `Violated` when it does not end, or leaves a task."""
        self._stop.set()
        await self._over("does_not_stop")
        return await self.ends()

    async def cancel(self) -> BaseException | None:
        """Stop it at once, as a second signal does. Raises `Violated` when it does not end, or leaves a task."""
        self._task.cancel()
        await self._over("does_not_stop")
        return await self.ends()

    async def die(self) -> None:
        """Take its power away, and all that is left of it. Raises `Violated` when something cannot be ended."""
        self._power.cut()
        for _ in range(3):  # what catches one end may wait again, and a new task may have been made meanwhile
            for task in (left := self._left()):
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=PATIENCE_SECONDS)
        if self._task.done() and not self._task.cancelled():
            self._task.exception()  # looked at: it is the crash, or has been judged
        if self._left():
            raise Violated("survives", f"some of it cannot be cancelled: {self._names()}")

    async def _over(self, invariant: str) -> None:
        await asyncio.wait({self._task}, timeout=PATIENCE_SECONDS)
        self._dying.cancel()
        await asyncio.wait({self._dying})
        if not self._task.done() or self._left():
            raise Violated(invariant, f"after its end there are still {self._names()}")

    def _left(self) -> set[asyncio.Task[Any]]:
        return {task for task in asyncio.all_tasks() - self._others() if task is not asyncio.current_task()}

    def _names(self) -> str:
        return ", ".join(sorted(str(task.get_coro()) for task in self._left()))
