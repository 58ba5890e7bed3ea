"""Hooks under time limits: what waits for too long, what never waits, and what is no business of the guard's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.clock import run_virtual
from bot.engine.guard import LAST_SECONDS, Guard
from bot.errors import HookTimeout, StrategyError
from tests.engine import spinners

START = datetime(2026, 3, 2, tzinfo=UTC)

Hook = Callable[[], Coroutine[Any, Any, None]]


def virtually(test: Callable[[], Awaitable[None]]) -> float:
    """Run a test in virtual time; the seconds that went by."""

    async def run(clock: object) -> float:
        await test()
        return asyncio.get_running_loop().time()

    return run_virtual(run, START)


async def guarded(hook: Hook, seconds: float = 30.0) -> None:
    await Guard().call("mine", "on_tick", hook(), seconds)


async def plain(hook: Hook) -> None:
    await hook()


BOTH = pytest.mark.parametrize("call", [plain, guarded])
"""What a hook can tell no difference in."""


def test_a_hook_that_waits_for_ever_is_cancelled_at_its_limit() -> None:
    async def hook() -> None:
        await asyncio.Event().wait()

    async def test() -> None:
        with pytest.raises(HookTimeout) as told:
            await guarded(hook)
        assert isinstance(told.value, StrategyError)
        assert str(told.value).startswith("strategy 'mine': on_tick was not done after 30 s and was cancelled.")
        assert "hook_seconds" in str(told.value)

    assert virtually(test) == 30


def test_a_hook_within_its_limit_is_let_be_and_leaves_no_timer() -> None:
    done = []

    async def hook() -> None:
        await asyncio.sleep(29)
        done.append(1)

    async def test() -> None:
        await guarded(hook)
        await asyncio.sleep(60)

    assert virtually(test) == 89
    assert done == [1]


def test_a_hook_that_is_cancelled_may_clean_up_and_wait_for_that() -> None:
    cleaned = []

    async def hook() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(2)
            cleaned.append(1)

    async def test() -> None:
        with pytest.raises(HookTimeout):
            await guarded(hook)

    assert virtually(test) == 32
    assert cleaned == [1]


async def ends_well() -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return


async def fails_on_its_own() -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        raise ValueError("of its own") from None


@pytest.mark.parametrize("hook", [ends_well, fails_on_its_own])
def test_a_hook_has_timed_out_however_it_ends_after_its_limit(hook: Hook) -> None:
    async def test() -> None:
        with pytest.raises(HookTimeout) as told:
            await guarded(hook)
        assert (str(told.value.__cause__) == "of its own") is (hook is fails_on_its_own)
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]

    virtually(test)


def test_a_hook_that_takes_no_cancellation_for_an_answer_is_closed() -> None:
    closed = []

    async def hook() -> None:
        try:
            while True:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(60)
        finally:
            closed.append(1)

    async def test() -> None:
        with pytest.raises(HookTimeout):
            await guarded(hook)
        assert closed == [1]
        await asyncio.sleep(1)  # nothing is left of it that cancels us

    assert virtually(test) == 30 + LAST_SECONDS + 1


def test_a_hook_that_ignores_even_being_closed_is_left_behind() -> None:
    async def hook() -> None:
        for _ in range(3):  # cancelled, closed, and thrown away
            with contextlib.suppress(BaseException):
                await asyncio.sleep(60)

    async def test() -> None:
        with pytest.raises(HookTimeout):
            await guarded(hook)

    assert virtually(test) == 30 + LAST_SECONDS


@BOTH
def test_what_a_hook_raises_is_raised_before_and_after_a_wait(call: Callable[[Hook], Awaitable[None]]) -> None:
    async def at_once() -> None:
        raise ValueError("at once")

    async def later() -> None:
        await asyncio.sleep(1)
        raise TimeoutError("its own")

    async def test() -> None:
        with pytest.raises(ValueError, match="at once"):
            await call(at_once)
        with pytest.raises(TimeoutError, match="its own"):
            await call(later)

    virtually(test)


@BOTH
def test_errors_of_what_a_hook_waits_for_are_raised_inside_it(call: Callable[[Hook], Awaitable[None]]) -> None:
    caught: list[str] = []

    async def hook() -> None:
        for text in ("first", "second"):
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(1, future.set_exception, ValueError(text))
            try:
                await future
            except ValueError as error:
                caught.append(str(error))
        assert sys.exc_info() == (None, None, None)

    assert virtually(lambda: call(hook)) == 2
    assert caught == ["first", "second"]


@BOTH
def test_a_cancelled_task_cancels_the_hook_and_is_cancelled(call: Callable[[Hook], Awaitable[None]]) -> None:
    told: list[str] = []

    async def hook() -> None:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError as error:
            told.extend(error.args)
            raise

    async def test() -> None:
        task = asyncio.ensure_future(call(hook))
        await asyncio.sleep(5)
        task.cancel("stop")
        await asyncio.wait((task,))
        assert task.cancelled()

    assert virtually(test) == 5
    assert told == ["stop"]


@BOTH
def test_a_hook_may_go_on_after_a_cancellation_that_is_not_of_its_limit(
    call: Callable[[Hook], Awaitable[None]],
) -> None:
    async def hook() -> None:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            await asyncio.sleep(10)

    async def test() -> None:
        task = asyncio.ensure_future(call(hook))
        await asyncio.sleep(5)
        task.cancel()
        await task
        assert task.cancelling() == 1

    assert virtually(test) == 15


def test_a_task_that_is_cancelled_while_its_hook_cleans_up_after_the_limit_is_cancelled() -> None:
    async def hook() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(3)

    async def test() -> None:
        task = asyncio.ensure_future(guarded(hook))
        await asyncio.sleep(31)
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()

    assert virtually(test) == 31


@BOTH
async def test_closing_the_call_closes_the_hook(call: Callable[[Hook], Coroutine[Any, Any, None]]) -> None:
    closed = []

    async def hook() -> None:
        try:
            await asyncio.sleep(20)
        finally:
            closed.append(1)

    coroutine = call(hook)
    coroutine.send(None)
    coroutine.close()
    assert closed == [1]


@BOTH
async def test_hooks_may_use_task_groups_generators_and_context_managers(
    call: Callable[[Hook], Awaitable[None]],
) -> None:
    got: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    @asynccontextmanager
    async def around() -> AsyncIterator[None]:
        await asyncio.sleep(0)
        yield
        got.append(-1)

    async def hook() -> None:
        async with around(), asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(0))
            got.extend([number async for number in numbers()])
        got.append(await asyncio.to_thread(int, "7"))

    await call(hook)
    assert got == [0, 1, 2, -1, 7]


async def test_hooks_of_several_strategies_run_side_by_side() -> None:
    order: list[str] = []
    guard = Guard(5.0)

    async def hook(name: str) -> None:
        for _ in range(2):
            order.append(name)
            await asyncio.sleep(0)

    with guard.installed():
        async with asyncio.TaskGroup() as tasks:
            for name in "ab":
                tasks.create_task(guard.call(name, "on_tick", hook(name), 30.0))
    assert order == ["a", "b", "a", "b"]


@pytest.mark.parametrize("spin_seconds", [None, 5.0])
def test_signals_are_left_alone_where_spinning_is_not_broken_off(spin_seconds: float | None) -> None:
    seen: list[object] = []

    def elsewhere() -> None:
        guard = Guard(spin_seconds)
        with guard.installed():
            asyncio.run(guard.call("mine", "on_tick", asyncio.sleep(0), 30.0))
            seen.append(signal.getsignal(signal.SIGALRM))

    before = signal.getsignal(signal.SIGALRM)
    if spin_seconds is None:
        elsewhere()
    else:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen == [before]


def test_a_platform_without_a_timer_signal_runs_hooks_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "setitimer")
    guard = Guard(5.0)
    with guard.installed():
        asyncio.run(guard.call("mine", "on_tick", asyncio.sleep(0), 30.0))


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def came_of(request: pytest.FixtureRequest) -> dict[str, str]:
    """What came of every hook of `spinners` under a guard, in a process of its own, on this event loop."""
    root = Path(__file__).resolve().parents[2]
    program = [sys.executable, "-m", "tests.engine.spinners", request.param]
    done = subprocess.run(program, cwd=root, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, str] = json.loads(done.stdout)
    return found


LET_BE = {"computes_for_a_while", "gets_an_alarm_of_others", "waits_in_a_thread"}


@pytest.mark.parametrize("hook", [hook.__name__ for hook in spinners.HOOKS if hook.__name__ not in LET_BE])
def test_a_hook_that_never_waits_is_broken_off(came_of: dict[str, str], hook: str) -> None:
    assert came_of[hook].startswith("strategy 'mine': on_tick ran for 0.2 s without waiting for anything")
    assert "engine.spin_seconds" in came_of[hook]


@pytest.mark.parametrize("hook", sorted(LET_BE))
def test_a_hook_that_waits_in_between_is_let_be(came_of: dict[str, str], hook: str) -> None:
    assert came_of[hook] == "done"


def test_what_is_broken_off_cleans_up_and_signals_are_as_before(came_of: dict[str, str]) -> None:
    assert came_of["cleaned up"] == "waits_on_when_struck, cleans_up"
    assert came_of["handler restored"] == "True"
