"""Strategies by name: of the library, of the user's own folders and of installed packages, or any `module:Class`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import ConfigError, StrategyError
from bot.strategy.base import Strategy
from bot.strategy.loading import foreign_code
from bot.strategy.loading import load_file as load
from bot.strategy.sources import Origin, Source, source, sources

__all__ = [
    "Fault",
    "Origin",
    "Source",
    "check",
    "find",
    "load",
    "load_fresh",
    "located",
    "make",
    "make_fresh",
    "names",
    "sources",
]

Fault = tuple[tuple[str, ...], str]
"""Where in a strategy's settings something is wrong, and what."""


def names(folders: Sequence[Path] = ()) -> list[str]:
    """The strategies that can be had by their name alone, sorted; `folders` are the user's own."""
    return sorted({one.name for one in sources(folders)})


def find(name: str, folders: Sequence[Path] = ()) -> type[Strategy]:
    """The class of a strategy: a name such as `replenish`, or `module:Class`.

    Raises:
        StrategyError: there is no such strategy or more than one, or it cannot be imported.
    """
    return _source(name, folders).load()


def located(name: str, folders: Sequence[Path] = ()) -> Path | None:
    """The file that a strategy is written in; None where that cannot be told.

    Raises:
        StrategyError: there is no such strategy, or more than one.
    """
    return _source(name, folders).file


def load_fresh(name: str, folders: Sequence[Path] = ()) -> type[Strategy]:
    """The class of a strategy as its file is now. Whatever was loaded from it before stays as it is.

    Raises:
        StrategyError: there is no such strategy or more than one, or it cannot be imported.
    """
    return _source(name, folders).load_fresh()


def make(name: str, parameters: Mapping[str, Any], folders: Sequence[Path] = ()) -> Strategy:
    """A strategy with its parameters.

    Raises:
        StrategyError: there is no such strategy, or its own validators break.
        ConfigError: its parameters are wrong; every fault is listed.
    """
    return _without_faults(_validated(name, find(name, folders), parameters))


def make_fresh(
    name: str, parameters: Mapping[str, Any], folders: Sequence[Path] = (), *, has_schedule: bool = True
) -> Strategy:
    """A strategy with its parameters, as its file is now; for an instance that runs already.

    Raises:
        StrategyError: it cannot be loaded, or its own validators break.
        ConfigError: it does not fit the instance; every fault is listed.
    """
    kind = load_fresh(name, folders)
    made = _validated(name, kind, parameters)
    return _without_faults(_tick_faults(kind, has_schedule=has_schedule) or made)


def check(
    name: str, parameters: Mapping[str, Any], folders: Sequence[Path] = (), *, has_schedule: bool = True
) -> list[Fault]:
    """What is wrong with a strategy as an instance is to run it; empty when nothing is.

    The path of a fault is `("strategy",)` for the name, `("parameters", field)`, or `("schedule",)`.

    Args:
        name: the strategy.
        parameters: its parameters, as written.
        folders: where the user's own strategies are.
        has_schedule: whether the instance has one.
    """
    try:
        kind = find(name, folders)
        made = _validated(name, kind, parameters)
    except StrategyError as error:
        return [(("strategy",), str(error))]
    faults = [] if isinstance(made, Strategy) else made
    return faults + _tick_faults(kind, has_schedule=has_schedule)


def _tick_faults(kind: type[Strategy], *, has_schedule: bool) -> list[Fault]:
    if has_schedule or not kind.overrides("on_tick"):
        return []
    return [(("schedule",), "on_tick would never be called: give a schedule, such as {every: 60s}")]


def _without_faults(made: Strategy | list[Fault]) -> Strategy:
    if isinstance(made, Strategy):
        return made
    raise ConfigError("\n".join(f"{'.'.join(path)}: {fault}" for path, fault in made))


def _source(name: str, folders: Sequence[Path]) -> Source:
    if found := source(name, folders):
        return found
    if close := difflib.get_close_matches(name, names(folders), n=1):
        advice = f"did you mean '{close[0]}'?"
    else:
        advice = f"the library has {', '.join(one.name for one in sources() if one.origin is Origin.LIBRARY)}."
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        advice += f" Of strategy_folders there is no {', no '.join(missing)}."
    raise StrategyError(
        f"there is no strategy '{name}'; {advice} "
        "Your own is a file in one of strategy_folders, or is written as 'module:Class'."
    )


def _validated(name: str, kind: type[Strategy], parameters: Mapping[str, Any]) -> Strategy | list[Fault]:
    with foreign_code(name, what="cannot check its parameters"):
        try:
            return kind.model_validate(dict(parameters))
        except ValidationError as error:
            return [_fault(kind, dict(item)) for item in error.errors()]


def _fault(kind: type[Strategy], item: dict[str, Any]) -> Fault:
    path = ("parameters", *(str(part) for part in item["loc"]))
    if item["type"] == "missing":
        return path, f"is missing: {kind.model_fields[path[1]].description or 'it has no default'}"
    if item["type"] != "extra_forbidden":
        return path, str(item["msg"]).removeprefix("Value error, ")
    fields = list(kind.model_fields)
    close = difflib.get_close_matches(path[-1].strip(), fields, n=1)
    advice = f"did you mean '{close[0]}'?" if close else f"the parameters are {', '.join(fields)}"
    return path, f"unknown parameter; {advice}"
