"""Runs hooks under time limits, so that none holds up its strategy or the daemon."""

from __future__ import annotations

import asyncio
import contextlib
import types
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from typing import Any

from bot.engine.spin import SpinBreaker, Spun
from bot.errors import HookTimeout, StrategyError
from bot.strategy.loading import said

LAST_SECONDS = 5.0
"""What a hook gets to clean up in once it was cancelled; then it is closed, whatever it waits for."""


class Guard:
    """Cancels hooks that wait for too long, and breaks off those that run for too long without waiting.

    Waiting is timed by the event loop, so rehearsals time it virtually. Running is timed by the machine: what spins,
    as in `while True: pass` or `time.sleep(60)`, holds up the event loop itself. See `SpinBreaker` for what cannot be
    broken off.

    Args:
        spin_seconds: how long a hook may run without waiting; None: for ever, which makes no difference between runs.
    """

    def __init__(self, spin_seconds: float | None = None) -> None:
        self._spin_seconds = spin_seconds
        self._breaker = SpinBreaker(spin_seconds)

    def installed(self) -> AbstractContextManager[None]:
        """Hooks that spin are broken off while the block runs. For the main thread; elsewhere it changes nothing."""
        return self._breaker.installed()

    async def call(self, name: str, hook: str, coroutine: Coroutine[Any, Any, None], seconds: float) -> None:
        """Run a hook to its end; what it raises is raised here, as if it had been awaited.

        Args:
            name: the strategy instance's, for the error's text.
            hook: the hook's, likewise.
            coroutine: the call of the hook.
            seconds: how long it may take from its first wait on.

        Raises:
            HookTimeout: it took longer, or ran for too long without waiting, however it ended then.
            StrategyError: it cancelled its own task, or raised what would end the program: that is no `Exception`.
                A KeyboardInterrupt counts as Ctrl-C outside `installed`, and is raised as it is.
        """
        steps = _Steps(coroutine, self._breaker)
        try:
            if not steps.first():
                await self._rest(steps, name, hook, seconds)
        except _CancelledItself:
            await _take_back()
            why = f"strategy '{name}': {hook} cancelled the task that it was called in; `return` ends a hook"
            raise StrategyError(why) from None
        except Spun as error:
            raise HookTimeout(
                f"strategy '{name}': {hook} ran for {self._spin_seconds:g} s without waiting for anything, held up "
                "everything else, and was broken off. Move long work to a thread (`await asyncio.to_thread(...)`), "
                "or allow it more with engine.spin_seconds."
            ) from error

    async def _rest(self, steps: _Steps, name: str, hook: str, seconds: float) -> None:
        cause: Exception | None = None
        try:
            async with asyncio.timeout(seconds + LAST_SECONDS) as last, asyncio.timeout(seconds) as limit:
                await steps.rest(last.expired)
        except Exception as error:
            if not limit.expired():
                raise
            cause = error
        if limit.expired():
            raise HookTimeout(
                f"strategy '{name}': {hook} was not done after {seconds:g} s and was cancelled. Give what it waits for "
                "a shorter limit (`async with asyncio.timeout(...)`), or allow the hook more with hook_seconds."
            ) from cause


class _CancelledItself(BaseException):
    """The hook cancelled the task that it was called in, which is not its own."""


async def _take_back() -> None:
    """Wait for a cancellation that was taken back, which comes all the same at the next wait."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class _Steps:
    """Drives a coroutine as `await` does, but with the first step apart: most hooks need no other, and no timer."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], breaker: SpinBreaker) -> None:
        self._coroutine = coroutine
        self._breaker = breaker
        self._waits_for: Any = None

    def first(self) -> bool:
        """Take the first step; whether it was the last, too. Raises `Spun` and whatever the coroutine raises."""
        return self._step(self._coroutine.send, None)

    @types.coroutine
    def rest(self, is_over: Callable[[], bool]) -> Generator[Any, Any, None]:
        """Take all others; when `is_over`, whatever ends the wait ends the coroutine, even one that would go on.

        Raises `Spun` and whatever the coroutine raises.
        """
        is_last = False
        while not is_last:
            go_on: Callable[[Any], Any] = self._coroutine.send
            try:
                given = yield self._waits_for
            except GeneratorExit:
                self._close()
                raise
            except BaseException as error:
                if is_over():
                    self._close()
                    raise
                go_on, given = self._coroutine.throw, error
            is_last = self._step(go_on, given)

    def _step(self, go_on: Callable[[Any], Any], given: Any) -> bool:
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        try:
            return self._bounded_step(go_on, given)
        finally:
            if task and task.cancelling() > before:
                while task.cancelling() > before:
                    task.uncancel()
                with contextlib.suppress(Exception, Spun):
                    self._close()
                raise _CancelledItself

    def _bounded_step(self, go_on: Callable[[Any], Any], given: Any) -> bool:
        try:
            self._waits_for = self._breaker.step(self._coroutine, go_on, given)
        except StopIteration:
            return True
        except Spun:
            with contextlib.suppress(Exception, Spun):  # it is told of as one that spins, however it ends
                self._close()
            raise
        except (Exception, asyncio.CancelledError):
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not self._breaker.is_installed:
                raise
            raise StrategyError(f"it raised {said(error)}, which is no Exception") from error
        return False

    def _close(self) -> None:
        self._breaker.step(self._coroutine, lambda _: self._coroutine.close(), None)
