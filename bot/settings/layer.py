"""One source of settings: what it says, and where it says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from bot.settings.models import Settings

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a setting is: the names on the way to it, and numbers where the way leads through a list."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: where it was written, which setting it is about, and what is wrong with it."""

    place: str
    path: KeyPath
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, dotted(self.path), self.text) if part)


class Layer(PydanticBaseSettingsSource):
    """What one source says.

    Attributes:
        name: what people call the source.
        values: the settings, nested.
        places: where each of them was written, in words.
        faults: what cannot even be read as a setting.
    """

    def __init__(
        self, name: str, values: dict[str, Any], places: dict[KeyPath, str] | None = None, faults: Iterable[Fault] = ()
    ) -> None:
        super().__init__(Settings)
        self.name = name
        self.values = values
        self.places = places or {}
        self.faults = tuple(faults)

    def __call__(self) -> dict[str, Any]:
        """The settings, for pydantic-settings to merge."""
        return self.values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """One top-level setting, as pydantic-settings wants it told."""
        return self.values.get(field_name), field_name, False

    def decides(self, path: KeyPath) -> bool:
        """Whether the value at this path comes from this source, unless a stronger one has it too."""
        value: Any = self.values
        for part in path:
            if not isinstance(value, dict):
                return True
            if part not in value:
                return False
            value = value[part]
        return True

    def where(self, path: KeyPath) -> list[str]:
        """Where the setting was written; a group that was not written as one is where its members are."""
        if path in self.places:
            return [self.places[path]]
        if below := [place for other, place in self.places.items() if other[: len(path)] == path]:
            return below
        return self.where(path[:-1]) if path else [self.name]


def dotted(path: KeyPath) -> str:
    """The path as people write it: `strategies[0].schedule.every`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def cannot_read(error: OSError | UnicodeDecodeError) -> str:
    """Why a file cannot be read, in words."""
    return f"cannot be read: {error.strerror}" if isinstance(error, OSError) else "not a text file in UTF-8"
