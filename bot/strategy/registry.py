"""Strategies by name: the library in `strategies/`, or any `module:Class`."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

import strategies
from bot.errors import ConfigError, StrategyError
from bot.strategy.base import Strategy


def names() -> list[str]:
    """The library's strategies, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(strategies.__path__))


def find(name: str) -> type[Strategy]:
    """The class of a strategy: a name from the library such as `replenish`, or `module:Class`.

    Raises:
        StrategyError: there is no such strategy, or its module cannot be imported.
    """
    module_name, colon, class_name = name.partition(":")
    if colon:
        found = getattr(_import(module_name, name), class_name, None)
        if not (inspect.isclass(found) and issubclass(found, Strategy)):
            raise StrategyError(f"strategy '{name}': {module_name} has no Strategy class '{class_name}'")
        return found
    if name not in names():
        close = difflib.get_close_matches(name, names(), n=1)
        advice = f"did you mean '{close[0]}'?" if close else f"the library has {', '.join(names())}"
        raise StrategyError(f"there is no strategy '{name}'; {advice} Your own is written as 'module:Class'.")
    return _only_class(_import(f"strategies.{name}", name), name)


def make(name: str, parameters: Mapping[str, Any]) -> Strategy:
    """A strategy with its parameters.

    Raises:
        StrategyError: there is no such strategy.
        ConfigError: its parameters are wrong; every fault is listed.
    """
    kind = find(name)
    try:
        return kind.model_validate(dict(parameters))
    except ValidationError as error:
        faults = (_fault(kind, dict(item)) for item in error.errors())
        raise ConfigError("\n".join(f"{'.'.join(path)}: {fault}" for path, fault in faults)) from None


def check(name: str, parameters: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong with a strategy's name or parameters: (path, fault) each; empty when nothing is.

    The path is `("strategy",)` for the name, or `("parameters", field)`.
    """
    try:
        kind = find(name)
        kind.model_validate(dict(parameters))
    except StrategyError as error:
        return [(("strategy",), str(error))]
    except ValidationError as error:
        return [_fault(kind, dict(item)) for item in error.errors()]
    return []


def _fault(make: type[Strategy], item: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    path = ("parameters", *(str(part) for part in item["loc"]))
    if item["type"] == "missing":
        return path, f"is missing: {make.model_fields[path[1]].description or 'it has no default'}"
    if item["type"] != "extra_forbidden":
        return path, str(item["msg"]).removeprefix("Value error, ")
    fields = list(make.model_fields)
    close = difflib.get_close_matches(path[-1].strip(), fields, n=1)
    advice = f"did you mean '{close[0]}'?" if close else f"the parameters are {', '.join(fields)}"
    return path, f"unknown parameter; {advice}"


def _import(module_name: str, name: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except StrategyError:
        raise
    except Exception as error:
        raise StrategyError(f"strategy '{name}' cannot be imported: {type(error).__name__}: {error}") from error


def _only_class(module: Any, name: str) -> type[Strategy]:
    found = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Strategy) and member.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise StrategyError(f"strategy '{name}': {module.__name__} must hold one Strategy class, not {len(found)}")
    return found[0]
