"""Waiting for something to happen, but not for ever."""

from __future__ import annotations

import asyncio

from bot.ports import Clock


async def happens(event: asyncio.Event, *, within: float, clock: Clock) -> bool:
    """Whether an event is set within so many seconds of a clock; comes back as soon as that is known.

    `asyncio.timeout` counts the event loop's seconds, which are not those of a clock that runs faster.
    """
    if event.is_set() or within <= 0:
        return event.is_set()
    async with asyncio.TaskGroup() as tasks:
        either = (tasks.create_task(event.wait()), tasks.create_task(clock.sleep(within)))
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for task in either:
            task.cancel()
    return event.is_set()
