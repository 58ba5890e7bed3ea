"""What is wrong with strategies as they are written, told even where other settings are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from bot.settings.layer import KeyPath
from bot.settings.models import Settings

CheckStrategy: TypeAlias = Callable[[str, Mapping[str, Any]], Iterable[tuple[KeyPath, str]]]
"""What is wrong with a strategy's name or parameters: (path within the strategy's settings, fault) each."""


def strategy_faults(written: object, check: CheckStrategy | None) -> Iterator[tuple[KeyPath, str]]:
    """Names that are used twice, and what `check` finds; what is no list of strategies is not looked at."""
    names: set[str] = set()
    for number, instance in enumerate(written if isinstance(written, list) else []):
        for path, text in _instance_faults(instance, names, check):
            yield ("strategies", number, *path), text


def _instance_faults(instance: object, names: set[str], check: CheckStrategy | None) -> Iterator[tuple[KeyPath, str]]:
    match instance:
        case {"name": str(name)} if name in names:
            yield ("name",), f"another strategy is named '{name}' too; give each a name of its own"
        case {"name": str(name)}:
            names.add(name)
    match instance:
        case {"strategy": str(strategy), "parameters": dict(parameters)} if check:
            yield from check(strategy, parameters)
        case {"strategy": str(strategy)} if check:
            yield from check(strategy, {})


def adopter_faults(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Whether the strategy instance that is to take up other programs' orders is one of those configured."""
    adopter, names = settings.engine.adopt_foreign_orders, [one.name for one in settings.strategies]
    if adopter is not None and adopter not in names:
        configured = f"they are named {', '.join(names)}" if names else "there is none"
        yield ("engine", "adopt_foreign_orders"), f"names no strategy of the settings: {adopter!r}; {configured}"
