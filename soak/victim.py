"""`gridbot`, but for a trap: the process sends itself a signal at the n-th passage of a named point.

    python -m soak.victim [--at POINT] [--passage N] [--signal SIGKILL] [--seconds S] [--machine NAME] -- ARGUMENTS

ARGUMENTS are gridbot's own. Without a point there is no trap. No code of the bot's knows of any of this.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import os
import platform
import signal
import sys
from typing import Any

from bot.cli import main
from bot.grid.transport import AiohttpTransport
from bot.storage.store import SqlStore
from soak.points import POINTS, When


def lay(name: str, passage: int, number: signal.Signals, seconds: float) -> None:
    """Lay the trap; where it is one in the middle of a request, that has been on its way for so many seconds."""
    point = POINTS[name]
    owner = AiohttpTransport if point.method == "send" else SqlStore
    inner = getattr(owner, point.method)
    left = passage

    @functools.wraps(inner)
    async def watched(self: object, *arguments: Any) -> Any:
        nonlocal left
        left -= point.is_meant(*arguments)
        if left or not point.is_meant(*arguments):
            return await inner(self, *arguments)
        if point.when is When.BEFORE:
            os.kill(os.getpid(), number)
        call = asyncio.ensure_future(inner(self, *arguments))
        if point.when is When.DURING:
            await asyncio.wait({call}, timeout=seconds)
            os.kill(os.getpid(), number)
        result = await call
        if point.when is When.AFTER:
            os.kill(os.getpid(), number)
        return result

    setattr(owner, point.method, watched)


def run() -> int:
    parser = argparse.ArgumentParser(description="gridbot, but for a trap.")
    parser.add_argument("--at", choices=POINTS)
    parser.add_argument("--passage", type=int, default=1)
    parser.add_argument("--signal", type=lambda name: signal.Signals[name], default=signal.SIGKILL)
    parser.add_argument("--seconds", type=float, default=0.0, help="how long a request has been on its way by then")
    parser.add_argument("--machine", help="what the process takes its machine's name to be")
    parser.add_argument("arguments", nargs="+", help="gridbot's own, after --")
    given = parser.parse_args()
    if given.at:
        lay(given.at, given.passage, given.signal, given.seconds)
    if given.machine:
        vars(platform)["node"] = lambda: given.machine
    return main(given.arguments)


if __name__ == "__main__":
    sys.exit(run())
