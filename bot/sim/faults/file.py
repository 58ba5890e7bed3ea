"""Plans of faults in YAML files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.errors import DataError
from bot.sim.faults.kinds import KINDS, Fault
from bot.sim.faults.plan import FaultPlan

_EXAMPLE = '{kind: latency, route: "POST orders", seconds: 2}'


def read_faults(path: Path) -> FaultPlan:
    """The plan in a file: `faults`, a list with the `kind` and the parameters of each, and perhaps a `seed`.

    Raises:
        DataError: the file cannot be read, or something in it is wrong; names the file, the line, and what to write.
    """
    try:
        return _File(path).plan()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise DataError(f"{path} cannot be read: {why}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataError(f"{path}, line {line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError(f"{path} is not YAML: {' '.join(str(error).split())}") from None


class _File:
    """Reads one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))

    def plan(self) -> FaultPlan:
        root = self._loader.get_single_node()
        if root is None:
            raise DataError(f"{self._path} is empty; it must hold 'faults:' and a list such as - {_EXAMPLE}")
        seed = FaultPlan().seed
        faults: tuple[Fault, ...] = ()
        for name, key, node in self._entries(root, "a plan"):
            match name:
                case "seed":
                    seed = self._seed(node)
                case "faults":
                    faults = tuple(self._fault(item) for item in self._items(node))
                case _:
                    self._fail(key, f"unknown name '{name}'{_meant(name, ('seed', 'faults'))}")
        return FaultPlan(faults, seed)

    def _seed(self, node: yaml.Node) -> int:
        seed = self._value(node)
        if not isinstance(seed, int) or isinstance(seed, bool):
            self._fail(node, "seed must be a whole number")
        return seed

    def _items(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self._fail(node, f"faults must be a list, such as - {_EXAMPLE}")
        return list(node.value)

    def _fault(self, node: yaml.Node) -> Fault:
        entries = {name: (key, value) for name, key, value in self._entries(node, "a fault")}
        if "kind" not in entries:
            self._fail(node, f"a fault needs its kind: one of {', '.join(KINDS)}")
        kind = self._kind(entries.pop("kind")[1])
        values = {name: self._value(value) for name, (_, value) in entries.items()}
        try:
            return kind.model_validate(values, by_name=False)
        except ValidationError as error:
            found = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
            name = str(found["loc"][0]) if found["loc"] else ""
            where, _ = entries.get(name, (node, node))
            self._fail(where, f"{kind.kind}: {_explained(kind, name, found)}")

    def _kind(self, node: yaml.Node) -> type[Fault]:
        name = str(self._value(node))
        if name not in KINDS:
            self._fail(node, f"unknown kind '{name}'{_meant(name, list(KINDS))}")
        return KINDS[name]

    def _entries(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what} is given as names and values, such as {_EXAMPLE}")
        seen = set()
        for key, value in node.value:
            name = str(self._value(key))
            if name in seen:
                self._fail(key, f"'{name}' is given twice")
            seen.add(name)
            yield name, key, value

    def _value(self, node: yaml.Node) -> Any:
        return self._loader.construct_object(node, deep=True)

    def _fail(self, node: yaml.Node, what: str) -> NoReturn:
        raise DataError(f"{self._path}, line {node.start_mark.line + 1}: {what}")


def _explained(kind: type[Fault], name: str, found: ErrorDetails) -> str:
    names = [field.validation_alias or name for name, field in kind.model_fields.items()]
    match found["type"]:
        case "extra_forbidden":
            return f"unknown parameter '{name}'{_meant(name, [str(one) for one in names])}"
        case "missing":
            return f"{name} is missing"
        case _:
            text = found["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            return f"{name} {text}" if name else text


def _meant(word: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; there are {', '.join(names)}"
