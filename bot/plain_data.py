"""Values as JSON can hold them: for `--json`, for log lines, for the settings as shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import Any

from pydantic import BaseModel, SecretStr

from bot.domain.money import plain
from bot.redaction import HIDDEN


def iso(at: datetime) -> str:
    """A moment as ISO 8601 in UTC with a `Z`, as exact as it is."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


@singledispatch
def plain_data(value: Any) -> Any:
    """The value made of dicts, lists, texts, ints, finite floats, booleans and None only.

    A Decimal becomes a plain decimal text, a moment ISO 8601 in UTC, a duration its seconds, a `SecretStr` `***`;
    records become dicts, and an error, or whatever is not known by its type, becomes its text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_data(getattr(value, field.name)) for field in fields(value)}
    return str(value)


@plain_data.register
def _(value: None) -> None:
    return value


@plain_data.register
def _(value: bool) -> bool:  # noqa: FBT001 - dispatched by type, never called by hand
    return value


@plain_data.register
def _(value: int) -> int:
    return int(value)


@plain_data.register
def _(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


@plain_data.register
def _(value: str) -> str:
    return str(value)


@plain_data.register
def _(value: Enum) -> Any:
    return plain_data(value.value)


@plain_data.register
def _(value: Decimal) -> str:
    return plain(value)


@plain_data.register
def _(value: datetime) -> str:
    return iso(value)


@plain_data.register
def _(value: timedelta) -> float:
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


@plain_data.register
def _(_: SecretStr) -> str:
    return HIDDEN


@plain_data.register
def _(value: BaseException) -> str:
    return f"{type(value).__name__}: {value}"


@plain_data.register
def _(value: BaseModel) -> dict[str, Any]:
    return {name: plain_data(item) for name, item in value}


@plain_data.register(Mapping)
def _(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(plain_data(name)): plain_data(item) for name, item in value.items()}


@plain_data.register(Iterable)
def _(value: Iterable[Any]) -> list[Any]:
    return [plain_data(item) for item in value]


@plain_data.register
def _(value: bytes) -> str:
    return value.decode(errors="replace")
