"""Breaks off a hook that runs and runs without waiting for anything, while the event loop can do nothing else."""

from __future__ import annotations

import inspect
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

STRIKES = 10
"""How often within the limit a hook is struck again that catches the first strike and goes on."""


class Spun(BaseException):
    """The hook ran for too long without waiting; no `Exception`, for hooks catch these by habit."""


class SpinBreaker:
    """An alarm signal, in real time, around every step of a hook: around what it does from one wait to the next.

    It takes the main thread of a POSIX process, inside `installed`; elsewhere nothing is broken off. Even there a long
    call into C, such as one of NumPy's, is broken off only once it returns, a loop that catches every `BaseException`
    perhaps never, and what a hook does in tasks and threads that it starts is not watched.

    Args:
        seconds: how long a step may take; None: for ever.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._installed = False
        self._running: Coroutine[Any, Any, None] | None = None
        self._struck = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Break off what spins while the block runs, if that can be done here; SIGALRM and the real timer are ours."""
        if self._seconds is None or not _can_be_struck():
            yield
            return
        before = signal.signal(signal.SIGALRM, self._strike)
        self._installed = True
        try:
            yield
        finally:
            self._installed = False
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)

    @property
    def is_installed(self) -> bool:
        """Whether what spins is broken off: a process that runs for real, whose event loop is told of Ctrl-C."""
        return self._installed

    def step(self, coroutine: Coroutine[Any, Any, None], go_on: Callable[[T], R], given: T) -> R:
        """Let the coroutine go on with `go_on(given)` until it waits or ends.

        Raises:
            Spun: it took too long, whatever it made of being struck.
        """
        if not self._installed or self._seconds is None:
            return go_on(given)
        self._running, self._struck = coroutine, False
        signal.setitimer(signal.ITIMER_REAL, self._seconds, self._seconds / STRIKES)
        try:
            return go_on(given)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._running = None
            if self._struck:
                raise Spun

    def _strike(self, *_: int | FrameType | None) -> None:
        """Raise in the hook, and nowhere else: the alarm may come late, or be somebody else's."""
        assert self._seconds is not None
        until_next = signal.getitimer(signal.ITIMER_REAL)[0]
        if self._running is None or until_next > self._seconds / STRIKES:
            return
        if inspect.getcoroutinestate(self._running) == inspect.CORO_RUNNING:
            self._struck = True
            raise Spun


def _can_be_struck() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
