"""Breaks off foreign code that is not done in time, while there is no event loop yet that could watch it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN_SECONDS = 1.0
"""How soon code is struck again that catches the first strike and goes on."""


class TooSlow(BaseException):
    """It was not done in time; no `Exception`, for foreign code catches these by habit."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Give the block so many seconds.

    That takes SIGALRM: the main thread of a POSIX process in which nobody else uses it. Elsewhere there is no limit.

    Raises:
        TooSlow: in the block, wherever it is by then.
    """
    if not _can_be_struck():
        yield
        return

    def strike(*_: object) -> None:
        raise TooSlow(f"it was not done after {seconds:g} s")

    signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _can_be_struck() -> bool:
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
