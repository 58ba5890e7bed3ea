"""What is wrong with a setting, in plain words, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.redaction import mask, names_a_secret
from bot.settings.layer import KeyPath, dotted
from bot.settings.models import Settings
from bot.settings.values import DatabaseUrl

_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "an amount of USD",
    str: "text",
    SecretStr: "text",
    DatabaseUrl: "text",
    Path: "a file name",
    timedelta: "a length of time such as 60s, 5m or 1h",
    tuple: "a list",
    dict: "a group of settings, each as 'name: value'",
}


def explain(error: ErrorDetails) -> str:
    """What one of pydantic's findings means."""
    path, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        return f"unknown setting '{path[-1]}'; {_near(path)}"
    if kind == "value_error":
        return mask(error["msg"].removeprefix("Value error, "))
    annotation, field = _declared(path)
    if kind == "missing":
        return f"is missing: {field.description}" if field else "is missing"
    text = f"must be {_expected(annotation, field)}"
    if _is_secret(path, annotation):
        return text
    value = error["input"]
    if isinstance(value, str) and _holds_others(annotation):
        return f"{text}, not text"
    return f"{text}, not {_shown(value)}{_did_you_mean(str(value), _options(annotation))}"


def _near(path: KeyPath) -> str:
    """What the unknown name may have been meant for: a setting beside it, one elsewhere, or any of those beside it."""
    name = str(path[-1]).strip().lower()
    siblings = list(_declared(path[:-1])[0].model_fields)
    begun = [sibling for sibling in siblings if name and sibling.startswith(name)]
    if close := begun or difflib.get_close_matches(name, siblings, n=1):
        return f"did you mean '{close[0]}'?"
    for other in _all_paths(Settings, ()):
        if name in (other[-1], "_".join(other)):
            return f"did you mean '{dotted(other)}'?"
    return f"the settings here are {', '.join(siblings)}"


def _did_you_mean(word: str, options: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.strip().lower(), list(options), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _all_paths(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        here = (*path, name)
        yield here
        if inner := _model(field.annotation):
            yield from _all_paths(inner, here)


def _declared(path: KeyPath) -> tuple[Any, FieldInfo | None]:
    """The type of what belongs at this path, and the field that declares it."""
    annotation: Any = Settings
    field: FieldInfo | None = None
    for part in path:
        if isinstance(part, int):
            annotation, field = get_args(annotation)[0], None
        else:
            field = annotation.model_fields[part]
            annotation = _bare(field.annotation)
    return annotation, field


def _bare(annotation: Any) -> Any:
    """The type without `Annotated` and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(kind for kind in get_args(annotation) if kind is not type(None)))
    return annotation


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _holds_others(annotation: Any) -> bool:
    return _model(annotation) is not None or get_origin(annotation) in (tuple, dict)


def _options(annotation: Any) -> tuple[str, ...]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(one.value for one in annotation)
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _expected(annotation: Any, field: FieldInfo | None) -> str:
    if options := _options(annotation):
        return f"one of {', '.join(options)}"
    base = dict if _model(annotation) else get_origin(annotation) or annotation
    limits = [words for limit in (field.metadata if field else ()) if (words := _limit(limit))]
    return f"{_KINDS[base]} {' and '.join(limits)}".strip()


def _limit(limit: object) -> str:
    match limit:
        case Gt(gt=low):
            return f"above {low}"
        case Ge(ge=low):
            return f"of at least {low}"
        case Le(le=high):
            return f"at most {high}"
        case MinLen():
            return "that is not empty"
    return ""


def _is_secret(path: KeyPath, annotation: Any) -> bool:
    return annotation in (SecretStr, DatabaseUrl) or any(names_a_secret(str(part)) for part in path)


def _shown(value: Any) -> str:
    """The value as far as it helps to find it, without anything that may hold a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return mask(repr(value if len(value) <= 60 else f"{value[:60]}..."))
    if isinstance(value, Mapping):
        return _KINDS[dict]
    if isinstance(value, Collection):
        return "a list" if value else "an empty list"
    return str(value)
