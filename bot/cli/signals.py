"""Running until Ctrl-C, SIGTERM or the end of the terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import typer

ECHO_SECONDS = 0.5
"""A signal that follows the first so soon is the same one, sent to the process and to its group."""

STOPPED = 130
"""The exit status after a second signal, which stops at once."""


def run_until_told(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main(stop)`. The first signal sets `stop`, for a clean stop; the second cancels everything at once."""

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        stop = asyncio.Event()

        loop = asyncio.get_running_loop()
        first: list[float] = []

        def heard() -> None:
            first.append(loop.time())
            if loop.time() - first[0] > ECHO_SECONDS:
                task.cancel()
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, heard)
        await main(stop)

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run())
    except asyncio.CancelledError:
        raise typer.Exit(STOPPED) from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
