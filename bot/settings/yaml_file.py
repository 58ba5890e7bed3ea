"""Settings from a YAML file, with the line of every key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.settings.layer import Fault, KeyPath, Layer, cannot_read

_UNFINISHED = object()
_MAP, _LIST = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"


def read_yaml(file: Path) -> Layer:
    """The settings in a YAML file. A section that is there but empty counts as left out."""
    try:
        loader = yaml.SafeLoader(file.read_text(encoding="utf-8"))
        reader = _Reader(str(file), loader)
        node = loader.get_single_node()
        values = {} if node is None else reader.read(node, ())
    except (OSError, UnicodeDecodeError) as error:
        return _unreadable(str(file), cannot_read(error))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return _unreadable(f"{file}:{line}", f"not YAML: {error.problem}")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return _unreadable(str(file), f"not YAML: {' '.join(str(error).split())}")
    if not isinstance(values, dict):
        return _unreadable(f"{file}:1", "must hold settings, each as 'name: value'")
    values = {name: value for name, value in values.items() if value is not None}
    return Layer(str(file), values, reader.places, reader.faults)


def _unreadable(place: str, text: str) -> Layer:
    return Layer(place, {}, faults=[Fault(place, (), text)])


class _Reader:
    """Turns YAML nodes into values, noting the line of every key and keys that are given twice."""

    def __init__(self, name: str, loader: yaml.SafeLoader) -> None:
        self._name = name
        self._loader = loader
        self._read: dict[yaml.Node, Any] = {}
        self.places: dict[KeyPath, str] = {}
        self.faults: list[Fault] = []

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        """The value of a node. One that was read already, because an alias leads to it again, is not read twice."""
        if node not in self._read:
            self._read[node] = _UNFINISHED
            self._read[node] = self._value(node, path)
        if self._read[node] is _UNFINISHED:
            self.faults.append(Fault(self._place(node), path, "contains itself"))
            return None
        return self._read[node]

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _MAP:
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
            return [self._item(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._loader.construct_object(node, deep=True)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            here = (*path, name)
            if name in values:
                first = self.places[here]
                self.faults.append(Fault(self._place(key), here, f"given twice; the first is at {first}"))
                continue
            self.places[here] = self._place(key)
            values[name] = self.read(value, here)
        return values

    def _item(self, node: yaml.Node, path: KeyPath) -> Any:
        self.places[path] = self._place(node)
        return self.read(node, path)

    def _place(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"
