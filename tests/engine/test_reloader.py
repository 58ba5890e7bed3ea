"""Strategies that change while they run: what is taken up, and what is told of and left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.reloader import Reloadable, Reloader, affected, saved
from bot.strategy import registry
from bot.strategy.base import Strategy

SOURCE = """
from bot import Context, Strategy


class Mine(Strategy):
    size: int = SIZE

    async def on_candle(self, ctx: Context) -> None:
        ctx.target(self.size)
"""


class FakeRunner:
    """Goes on as whatever it is given."""

    def __init__(self, name: str, strategy: Strategy) -> None:
        self.instance = Instance(name, strategy, ("text-prime",))
        self.became: list[Strategy] = []

    async def replace(self, strategy: Strategy) -> None:
        self.became.append(strategy)


class Desktop:
    """A folder with a strategy `mine` that one instance runs, and saves of it that nothing has to wait for."""

    def __init__(self, folder: Path, *, has_schedule: bool = False) -> None:
        self.folder = folder
        self.file = folder.resolve() / "mine.py"
        self.write(SOURCE.replace("SIZE", "1"))
        self.parameters: dict[str, object] = {}
        self.runner = FakeRunner("a", registry.make("mine", {}, [folder]))
        make = partial(registry.make_fresh, "mine", self.parameters, [folder], has_schedule=has_schedule)
        self.instances = {"a": Reloadable(self.file, make)}

    def write(self, text: str) -> None:
        self.file.write_text(text)

    async def save(self, *texts: str) -> list[dict[str, object]]:
        """Save these versions one after the other; what is logged of it."""

        async def watch(files: Collection[Path]) -> AsyncGenerator[set[Path], None]:
            assert list(files) == [self.file]
            for text in texts:
                self.write(text)
                yield {self.file}

        with capture_logs() as logs:
            await Reloader(self.instances, Guard(), watch).run([self.runner])
        return [dict(entry) for entry in logs[1:]]

    def sizes(self) -> list[object]:
        return [getattr(strategy, "size", None) for strategy in self.runner.became]


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    return Desktop(tmp_path)


async def test_a_saved_strategy_is_taken_up_with_the_parameters_of_the_instance(desktop: Desktop) -> None:
    desktop.parameters["size"] = 7
    logs = await desktop.save(SOURCE.replace("SIZE", "2"))
    assert desktop.sizes() == [7]
    assert type(desktop.runner.became[0]) is not type(desktop.runner.instance.strategy)
    assert logs == [
        {"event": "strategy reloaded", "log_level": "info", "strategy": "a", "file": str(desktop.file)},
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def broken(:\n", "mine.py:1"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", "SystemExit"),
        ("", "one Strategy class"),
        (SOURCE.replace("size", "amount").replace("SIZE", "1"), "parameters.size: unknown parameter"),
        (SOURCE.replace("int = SIZE", "str"), "parameters.size: Input should be a valid string"),
        (SOURCE.replace("SIZE", "1").replace("on_candle", "on_candel"), "did you mean 'on_candle'?"),
        (SOURCE.replace("SIZE", "1").replace("on_candle", "on_tick"), "on_tick would never be called"),
    ],
)
async def test_a_version_that_cannot_run_is_told_in_one_line_and_the_next_good_one_is_taken_up(
    desktop: Desktop, text: str, why: str
) -> None:
    desktop.parameters["size"] = 7
    failed, done = await desktop.save(text, SOURCE.replace("SIZE", "2"))
    assert desktop.sizes() == [7]
    assert failed["event"] == "strategy not reloaded: the version that runs goes on"
    assert (failed["log_level"], failed["strategy"], failed["file"]) == ("error", "a", str(desktop.file))
    assert why in str(failed["why"])
    assert "\n" not in str(failed["why"])
    assert done["event"] == "strategy reloaded"


async def test_a_file_that_is_gone_for_a_while_changes_nothing(desktop: Desktop) -> None:
    async def watch(files: Collection[Path]) -> AsyncGenerator[set[Path], None]:
        desktop.file.unlink()
        yield set(files)

    with capture_logs() as logs:
        await Reloader(desktop.instances, Guard(), watch).run([desktop.runner])
    assert desktop.runner.became == []
    assert "there is no strategy 'mine'" in logs[-1]["why"]


def test_a_file_that_never_finishes_loading_is_broken_off(tmp_path: Path) -> None:
    desktop, guard = Desktop(tmp_path), Guard(0.2)

    async def watch(files: Collection[Path]) -> AsyncGenerator[set[Path], None]:
        desktop.write("import time\ntime.sleep(60)\n")
        yield set(files)

    with capture_logs() as logs, guard.installed():
        asyncio.run(Reloader(desktop.instances, guard, watch).run([desktop.runner]))
    assert desktop.runner.became == []
    assert "loading its file ran for 0.2 s" in logs[-1]["why"]


async def test_files_that_cannot_be_watched_end_nothing_but_the_reloading(tmp_path: Path) -> None:
    gone = Reloadable(tmp_path / "gone" / "mine.py", lambda: Strategy())
    with capture_logs() as logs:
        await Reloader({"a": gone}, Guard()).run([])
    assert [entry["log_level"] for entry in logs] == ["info", "warning"]
    assert "cannot be watched" in logs[-1]["event"]


def test_every_instance_of_a_file_that_changed_is_affected_and_no_other(tmp_path: Path) -> None:
    def of(*names: str) -> dict[str, Reloadable]:
        return {str(number): Reloadable(tmp_path / name, Strategy) for number, name in enumerate(names)}

    instances = of("one.py", "two.py", "one.py")
    assert affected({tmp_path / "one.py"}, instances) == ["0", "2"]
    assert affected({tmp_path / "two.py", tmp_path / "three.py"}, instances) == ["1"]
    assert affected(set(), instances) == []


def put_in_place(file: Path, text: str) -> None:
    """Save as many editors do."""
    beside = file.with_suffix(".tmp")
    beside.write_text(text)
    beside.replace(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path.resolve() / "mine.py"


async def test_a_save_is_seen_whichever_way_the_editor_does_it_and_other_files_are_not(file: Path) -> None:
    seen: asyncio.Queue[set[Path]] = asyncio.Queue()

    async def watch() -> None:
        async for changed in saved([file]):
            seen.put_nowait(changed)

    async def save_until_seen(saves: Iterable[str]) -> None:
        for text in saves:  # again and again, for nothing tells when the watching has begun
            file.with_name("other.py").write_text(text)
            put_in_place(file, text)
            await asyncio.sleep(0.1)
            if not seen.empty():
                return

    watching = asyncio.create_task(watch())
    await save_until_seen(str(number) for number in range(100))
    assert await asyncio.wait_for(seen.get(), 10) == {file}
    put_in_place(file, "once more")
    assert await asyncio.wait_for(seen.get(), 10) == {file}
    watching.cancel()
    await asyncio.wait((watching,))
    assert watching.cancelled()
