"""A clean stop: strategies end, and their orders are cancelled, reduced or kept, within a budget of time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.domain.order import Side
from bot.engine.pace import OnStop, Pace
from bot.engine.runner import Runner
from bot.errors import ExchangeError
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk

log = structlog.stdlib.get_logger("stop")


async def wind_down(
    runners: Sequence[Runner],
    running: Sequence[asyncio.Task[None]],
    *,
    blotter: Blotter,
    desk: Desk,
    pace: Pace,
    save_balances: Callable[[], Awaitable[None]],
) -> bool:
    """Stop cleanly; whether all that had to be done with orders was done in time.

    Half of the budget is for hooks, the other half for orders and the last balances.
    """
    half = pace.stop.total_seconds() / 2
    await _end_hooks(runners, running, half)
    cleared = False
    try:
        async with asyncio.timeout(half):
            await desk.bring_no_more()
            await _clear_orders(blotter, desk, pace)
            cleared = True
            await save_balances()
    except (TimeoutError, ExchangeError) as error:
        why = str(error) or "out of time"
        if cleared:
            log.info("balances not stored at the stop", why=why)
        else:
            log.warning("stopped before all was done; the next start takes it up", why=why)
    return cleared


async def _end_hooks(runners: Sequence[Runner], running: Sequence[asyncio.Task[None]], within: float) -> None:
    for runner in runners:
        runner.finish()
    if not running:
        return
    _, late = await asyncio.wait(running, timeout=within)
    for task in late:
        log.warning("strategy stopped in the middle of a hook", strategy=task.get_name())
        task.cancel()


async def _clear_orders(blotter: Blotter, desk: Desk, pace: Pace) -> None:
    """Cancel until nothing rests that must not, also what was unclear and turns up meanwhile."""
    strategies = {order.strategy for order in blotter.orders}
    async with asyncio.TaskGroup() as tasks:
        for how, sides in ((OnStop.CANCEL, None), (OnStop.REDUCE, {Side.BUY})):
            if names := {name for name in strategies if pace.stops(name) is how}:
                tasks.create_task(desk.cancel_all(strategies=names, sides=sides))
