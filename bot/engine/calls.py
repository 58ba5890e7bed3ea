"""The hooks that are to be called, in the order in which they were asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.strategy.base import Strategy


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a hook.

    Attributes:
        hook: which.
        arguments: what it gets besides the context.
        due: when it should have been called, UTC; None where it does not matter.
    """

    hook: str
    arguments: tuple[Any, ...] = ()
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """The instance goes on as another strategy; `done` is set once it does."""

    strategy: Strategy
    done: asyncio.Event


class Calls:
    """Queue of one instance's calls.

    Of hooks that tell nothing but that it is time to look, one call is enough however often it was asked for.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Call | Swap | None] = asyncio.Queue()
        self._waiting: set[str] = set()

    def ask(self, hook: str, *arguments: Any) -> None:
        """Ask for a call."""
        self._queue.put_nowait(Call(hook, arguments))

    def ask_once(self, hook: str, due: datetime) -> None:
        """Ask for a call, unless one of this hook is waiting to be made."""
        if hook not in self._waiting:
            self._waiting.add(hook)
            self._queue.put_nowait(Call(hook, due=due))

    def swap(self, strategy: Strategy) -> asyncio.Event:
        """Ask for another strategy; the event tells when that is done."""
        done = asyncio.Event()
        self._queue.put_nowait(Swap(strategy, done))
        return done

    def finish(self) -> None:
        """Have `next` answer None after what it has answered already, and whatever still waits."""
        self._queue.put_nowait(None)

    async def next(self) -> Call | Swap | None:
        """The next call, once there is one."""
        call = await self._queue.get()
        if isinstance(call, Call):
            self._waiting.discard(call.hook)
        return call
