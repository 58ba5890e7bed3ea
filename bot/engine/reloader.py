"""Takes up strategies as their files are saved, while the daemon runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.errors import GridbotError
from bot.strategy.base import Strategy

log = structlog.stdlib.get_logger("reload")

LOAD_SECONDS = 30.0
"""What loading one file may take."""


@dataclass(frozen=True, slots=True)
class Reloadable:
    """How a running instance's strategy is made anew.

    Attributes:
        file: what it is written in, without symbolic links.
        make: loads the file as it is now and checks the instance's parameters. Raises `GridbotError` if it cannot run.
    """

    file: Path
    make: Callable[[], Strategy]


class Replaceable(Protocol):
    """What runs an instance, and can go on with another strategy: a `Runner`."""

    instance: Instance

    async def replace(self, strategy: Strategy) -> None:
        """Go on as another strategy; comes back once that is done."""


class Reloader:
    """Replaces the strategies of running instances as their files are saved.

    A file that cannot be loaded, or does not take the instance's parameters, changes nothing: it is told why, and the
    version that runs goes on. Nothing that happens here ends the daemon.

    Args:
        instances: what may be reloaded, by the instance's name.
        guard: breaks off files that spin as they are loaded.
        watch: tells which of some files were saved, again and again.
    """

    def __init__(
        self,
        instances: Mapping[str, Reloadable],
        guard: Guard,
        watch: Callable[[Collection[Path]], AsyncGenerator[set[Path], None]] | None = None,
    ) -> None:
        self._instances = instances
        self._guard = guard
        self._watch = watch or saved

    async def run(self, runners: Sequence[Replaceable]) -> None:
        """Watch and replace until cancelled, or until the files cannot be watched."""
        by_name = {runner.instance.name: runner for runner in runners}
        files = sorted({one.file for one in self._instances.values()})
        log.info("strategies are reloaded as they are saved", files=[str(file) for file in files])
        try:
            async with aclosing(self._watch(files)) as watched:
                async for changed in watched:
                    for name in affected(changed, self._instances):
                        await self._reload(name, by_name[name])
        except (OSError, RuntimeError) as error:
            log.warning("strategies are not reloaded any more: their files cannot be watched", why=str(error))

    async def _reload(self, name: str, runner: Replaceable) -> None:
        told = log.bind(strategy=name, file=str(self._instances[name].file))
        strategy, why = await self._load(name)
        if strategy is None:
            told.error("strategy not reloaded: the version that runs goes on", why=why)
        else:
            await runner.replace(strategy)
            told.info("strategy reloaded")

    async def _load(self, name: str) -> tuple[Strategy | None, str]:
        """The strategy as its file is now, or None and why there is none."""
        made: list[Strategy] = []

        async def load() -> None:
            made.append(self._instances[name].make())

        try:
            await self._guard.call(name, "loading its file", load(), LOAD_SECONDS)
        except GridbotError as error:
            return None, "; ".join(str(error).splitlines())
        return made[0], ""


def affected(changed: Collection[Path], instances: Mapping[str, Reloadable]) -> list[str]:
    """The names of the instances whose files are among those that changed."""
    return [name for name, instance in instances.items() if instance.file in changed]


async def saved(files: Collection[Path]) -> AsyncGenerator[set[Path], None]:
    """Which of the files were saved, every time that some were.

    Their folders are watched, for many editors save a file by putting a new one in its place.

    Raises:
        OSError, RuntimeError: they cannot be watched.
    """
    from watchfiles import Change, awatch

    def is_one(_: Change, path: str) -> bool:
        return Path(path) in files

    folders = {file.parent for file in files}
    async with aclosing(awatch(*folders, watch_filter=is_one, recursive=False)) as batches:
        async for batch in batches:
            yield {Path(path) for _, path in batch}
