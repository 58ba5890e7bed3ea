"""A program that runs hooks which never wait under a guard, one after the other, and prints what came of each as JSON.

Run as `python -m tests.engine.spinners asyncio|uvloop`; what goes wrong here would hang the tests.
"""

# ruff: noqa: ASYNC251, BLE001 - these are the mistakes that strategies make

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from bot.engine.guard import Guard
from bot.errors import HookTimeout

SPIN_SECONDS = 0.2

cleaned_up: list[str] = []


async def spins() -> None:
    while True:
        pass


async def spins_after_a_wait() -> None:
    await asyncio.sleep(0)
    await spins()


async def spins_in_a_helper() -> None:
    await asyncio.sleep(0)
    count = sum
    while True:
        count(range(10))


async def sleeps_in_c() -> None:
    time.sleep(60)


async def catches_exceptions() -> None:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.001)


async def catches_the_first_strike() -> None:
    try:
        await spins()
    except BaseException:
        await spins()


async def waits_on_when_struck() -> None:
    try:
        await spins()
    except BaseException:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned_up.append("waits_on_when_struck")


async def ends_when_struck() -> None:
    try:
        await spins()
    except BaseException:
        return


async def fails_when_struck() -> None:
    try:
        await spins()
    except BaseException as error:
        raise ValueError("of its own") from error


async def cleans_up() -> None:
    try:
        await spins()
    finally:
        cleaned_up.append("cleans_up")


async def spins_when_cancelled() -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await spins()


async def spins_when_closed() -> None:
    try:
        await spins()
    except BaseException:
        try:
            await asyncio.sleep(60)
        finally:
            await spins()


async def computes_for_a_while() -> None:
    for _ in range(3):
        time.sleep(SPIN_SECONDS / 2)
        await asyncio.sleep(0)


async def gets_an_alarm_of_others() -> None:
    os.kill(os.getpid(), signal.SIGALRM)
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGALRM)


async def waits_in_a_thread() -> None:
    await asyncio.to_thread(time.sleep, 2 * SPIN_SECONDS)


HOOKS: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (
    spins,
    spins_after_a_wait,
    spins_in_a_helper,
    sleeps_in_c,
    catches_exceptions,
    catches_the_first_strike,
    waits_on_when_struck,
    ends_when_struck,
    fails_when_struck,
    cleans_up,
    spins_when_cancelled,
    spins_when_closed,
    computes_for_a_while,
    gets_an_alarm_of_others,
    waits_in_a_thread,
)


async def main() -> dict[str, str]:
    """What came of each hook, and whether the loop and its signals are well afterwards."""
    guard = Guard(SPIN_SECONDS)
    came_of: dict[str, str] = {}
    before = signal.getsignal(signal.SIGALRM)
    with guard.installed():
        for hook in HOOKS:
            try:
                await guard.call("mine", "on_tick", hook(), 1.0)
                came_of[hook.__name__] = "done"
            except HookTimeout as error:
                came_of[hook.__name__] = str(error)
    came_of["cleaned up"] = ", ".join(cleaned_up)
    came_of["handler restored"] = str(signal.getsignal(signal.SIGALRM) == before)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(stop.wait(), 5)
    await asyncio.sleep(2 * SPIN_SECONDS)  # a timer that was left on would end the process
    return came_of


if __name__ == "__main__":
    factory = uvloop.new_event_loop if sys.argv[1] == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        sys.stdout.write(json.dumps(runner.run(main())))
