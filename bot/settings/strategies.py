"""What is wrong with strategies as they are written, told even where other settings are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from bot.settings.layer import KeyPath
from bot.settings.models import Settings
from bot.settings.values import File

_FOLDERS: TypeAdapter[tuple[Path, ...]] = TypeAdapter(tuple[File, ...])


class CheckStrategy(Protocol):
    """Tells what is wrong with a strategy as it is written."""

    def __call__(
        self, name: str, parameters: Mapping[str, Any], folders: Sequence[Path], *, has_schedule: bool
    ) -> Iterable[tuple[KeyPath, str]]:
        """(path within the strategy's settings, fault) each; `folders` are those that strategies may lie in."""
        ...


def strategy_faults(written: object, folders: object, check: CheckStrategy | None) -> Iterator[tuple[KeyPath, str]]:
    """Names that are used twice, and what `check` finds; what is no list of strategies is not looked at."""
    names: set[str] = set()
    known_folders = _folders(folders)
    for number, instance in enumerate(written if isinstance(written, list) else []):
        for path, text in (*_name_faults(instance, names), *_checked(instance, known_folders, check)):
            yield ("strategies", number, *path), text


def _folders(written: object) -> tuple[Path, ...]:
    try:
        return _FOLDERS.validate_python(written or ())
    except ValidationError:  # told where all settings are validated
        return ()


def _name_faults(instance: object, names: set[str]) -> Iterator[tuple[KeyPath, str]]:
    match instance:
        case {"name": str(name)} if name in names:
            yield ("name",), f"another strategy is named '{name}' too; give each a name of its own"
        case {"name": str(name)}:
            names.add(name)


def _checked(instance: object, folders: Sequence[Path], check: CheckStrategy | None) -> Iterable[tuple[KeyPath, str]]:
    match instance:
        case {"strategy": str(strategy), **rest} if check is not None:
            parameters = rest.get("parameters")
            has_schedule = rest.get("schedule") is not None
            known = parameters if isinstance(parameters, dict) else {}
            return check(strategy, known, folders, has_schedule=has_schedule)
    return ()


def adopter_faults(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Whether the strategy instance that is to take up other programs' orders is one of those configured."""
    adopter, names = settings.engine.adopt_foreign_orders, [one.name for one in settings.strategies]
    if adopter is not None and adopter not in names:
        configured = f"they are named {', '.join(names)}" if names else "there is none"
        yield ("engine", "adopt_foreign_orders"), f"names no strategy of the settings: {adopter!r}; {configured}"
