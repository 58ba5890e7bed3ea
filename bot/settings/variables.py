"""Settings from environment variables, from a `.env` file, and from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from dotenv.parser import Binding, parse_stream

from bot.settings.layer import Fault, KeyPath, Layer, cannot_read

PREFIX = "GRIDBOT_"
"""What the name of every variable of gridbot begins with; `__` stands between the parts of a setting's path."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: tuple[str, ...]
    value: Any
    place: str


def environment(variables: Mapping[str, str]) -> Layer:
    """The settings among environment variables: every one whose name begins with `GRIDBOT_`."""
    return _layer(
        "environment",
        (
            _Entry(_path(name), value, f"environment variable {name}")
            for name, value in variables.items()
            if _is_ours(name)
        ),
    )


def read_dotenv(file: Path) -> Layer:
    """The settings in a `.env` file: every variable whose name begins with `GRIDBOT_`, taken literally."""
    try:
        with file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        return Layer(str(file), {}, faults=[Fault(str(file), (), cannot_read(error))])
    entries, faults = [], []
    for binding in bindings:
        place = f"{file}:{_line(binding)}"
        if binding.error:
            faults.append(Fault(place, (), "not of the form NAME=value"))
        elif binding.key and _is_ours(binding.key):
            entries.append(_Entry(_path(binding.key), binding.value or "", place))
    return _layer(str(file), entries, faults)


def _line(binding: Binding) -> int:
    """The line of the variable itself; the parser counts from the blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def overrides(values: Mapping[str, Any]) -> Layer:
    """The settings given on the command line, or by a program, nested like the file."""
    return _layer("command line", _entries(values, ()))


def _layer(name: str, entries: Iterable[_Entry], faults: Iterable[Fault] = ()) -> Layer:
    values: dict[str, Any] = {}
    places: dict[KeyPath, str] = {}
    found = list(faults)
    for entry in sorted(entries, key=lambda entry: entry.path):  # a group before its members
        if fault := _put(values, entry):
            found.append(Fault(entry.place, entry.path, fault))
        else:
            places[entry.path] = entry.place
    return Layer(name, values, places, found)


def _put(values: dict[str, Any], entry: _Entry) -> str | None:
    """Put an entry where it belongs among the nested values; what is wrong with it, if anything is."""
    *groups, last = entry.path
    for group in groups:
        values = values.setdefault(group, {})
        if not isinstance(values, dict):
            return f"'{group}' has a value already, so it cannot have settings inside"
    if last in values:
        return "given twice"
    try:
        values[last] = _decoded(entry.value)
    except (ValueError, RecursionError) as error:
        return f"begins like JSON but is not: {error}"
    return None


def _decoded(value: Any) -> Any:
    """Lists and groups are written as JSON; every other text stands for itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        return json.loads(value, parse_float=Decimal)
    return value


def _entries(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Entry]:
    for name, value in values.items():
        here = (*path, name)
        if isinstance(value, Mapping):
            yield from _entries(value, here)
        else:
            yield _Entry(here, value, "command line")


def _is_ours(name: str) -> bool:
    return name.upper().startswith(PREFIX)


def _path(name: str) -> tuple[str, ...]:
    return tuple(name[len(PREFIX) :].lower().split("__"))
