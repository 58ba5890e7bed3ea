"""Where strategies come from: the library, folders of the user's own, and installed packages."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import strategies
from bot.errors import StrategyError
from bot.strategy.base import Strategy
from bot.strategy.loading import foreign_code, load_file, load_module

GROUP = "gridbot.strategies"
"""The entry points by which an installed package offers strategies: `name = "module:Class"`."""


class Origin(StrEnum):
    """Where a strategy comes from."""

    LIBRARY = "library"
    FOLDER = "folder"
    ENTRY_POINT = "entry point"
    MODULE = "module"


@dataclass(frozen=True, slots=True)
class Source:
    """One strategy that can be had, not imported yet.

    Attributes:
        name: what it is called in the settings.
        origin: where it comes from.
        place: where exactly: a file, or `module:Class`.
    """

    name: str
    origin: Origin
    place: str

    def load(self) -> type[Strategy]:
        """Its class; the same one every time. Raises `StrategyError` when there is none to be had."""
        if self.origin is not Origin.FOLDER:
            return load_module(self.name, *_parts(self.place))
        path = Path(self.place)
        if path not in _loaded:
            _see_beside(path)
            _loaded[path] = load_file(path)
        return _loaded[path]

    def load_fresh(self) -> type[Strategy]:
        """Its class as its file is now; classes loaded before stay as they are. Raises `StrategyError`."""
        if (file := self.file) is None:
            raise StrategyError(f"strategy '{self.name}': there is no file to load it from")
        if self.origin is Origin.FOLDER:
            _see_beside(file)
            return load_file(file)
        module, class_name = _parts(self.place)
        return load_file(file, class_name, package=module.rpartition(".")[0], name=self.name)

    @property
    def file(self) -> Path | None:
        """The file that it is written in, if that can be told without running it."""
        if self.origin is Origin.FOLDER:
            return Path(self.place)
        try:
            with foreign_code(self.name):  # of the packages around the module
                spec = find_spec(_parts(self.place)[0])
        except StrategyError:
            return None
        return Path(spec.origin) if spec and spec.has_location and spec.origin else None


_loaded: dict[Path, type[Strategy]] = {}
"""The classes of files in folders, as they were when each was first asked for."""


def sources(folders: Sequence[Path] = ()) -> list[Source]:
    """Every strategy that has a name, sorted by it. A folder that does not exist has none."""
    return sorted((*_library(), *_in_folders(folders), *_installed()), key=lambda source: source.name)


def source(name: str, folders: Sequence[Path] = ()) -> Source | None:
    """The strategy of this name, or the one written as `module:Class`; None when there is none.

    Raises:
        StrategyError: several have the name.
    """
    if ":" in name:
        return Source(name, Origin.MODULE, name)
    found = [one for one in sources(folders) if one.name == name]
    if len(found) > 1:
        places = " and ".join(f"{one.origin} ({one.place})" for one in found)
        raise StrategyError(f"there are {len(found)} strategies '{name}', in {places}; rename all but one")
    return found[0] if found else None


def _parts(place: str) -> tuple[str, str]:
    module, _, class_name = place.partition(":")
    return module.strip(), class_name.strip()


def _library() -> Iterator[Source]:
    for module in pkgutil.iter_modules(strategies.__path__):
        if not module.name.startswith("_"):
            yield Source(module.name, Origin.LIBRARY, f"{strategies.__name__}.{module.name}")


def _in_folders(folders: Sequence[Path]) -> Iterator[Source]:
    for folder in dict.fromkeys(one.resolve() for one in folders):
        for path in folder.glob("*.py"):
            if path.stem.isidentifier() and not path.stem.startswith(("_", "test_")) and path.stem != "conftest":
                yield Source(path.stem, Origin.FOLDER, str(path))


def _installed() -> Iterator[Source]:
    for point in entry_points(group=GROUP):
        yield Source(point.name, Origin.ENTRY_POINT, point.value)


def _see_beside(path: Path) -> None:
    """Let a strategy import what lies beside it."""
    if (folder := str(path.parent)) not in sys.path:
        sys.path.append(folder)
