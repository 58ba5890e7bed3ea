"""Made-up values for required parameters of strategies, so that what is shown of their settings can be pasted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from bot.plain_data import plain_data

TO_BE_CHANGED = "CHANGE-ME"
"""Stands where no value can be made up."""

_NATURAL: dict[Any, Any] = {int: 10, Decimal: "1.00", timedelta: 60, str: "text", bool: False}
_GENERAL: tuple[Any, ...] = (1, 0, "1", "text", [], {}, ["text-prime"], {"text-prime": 1})


def example(field: FieldInfo) -> Any:
    """A value that a field takes, as YAML and JSON hold it: one of its examples, or the first guess that fits."""
    if field.examples:
        return plain_data(field.examples[0])
    kind: Any = Annotated[(field.annotation, field)]
    takes: TypeAdapter[Any] = TypeAdapter(kind)
    for guess in _guesses(bare(field.annotation), field.metadata):
        try:
            takes.validate_python(guess)
        except ValidationError:
            continue
        return guess
    return TO_BE_CHANGED


def bare(annotation: Any) -> Any:
    """The type without `Annotated` and without `| None`; a union of several types stays as it is."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [one for one in get_args(annotation) if one is not NoneType]
        return bare(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def _guesses(kind: Any, limits: list[Any]) -> Iterator[Any]:
    if get_origin(kind) is Literal:
        yield get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        yield plain_data(next(iter(kind)))
    if kind in _NATURAL:
        yield _NATURAL[kind]
    yield from _GENERAL
    for limit in limits:
        match limit:
            case Ge(ge=bound) | Gt(gt=bound) | Le(le=bound) | Lt(lt=bound) if isinstance(bound, (int, float, Decimal)):
                for near in (bound, bound + 1, bound - 1, bound / 2):
                    yield str(near) if kind is Decimal else plain_data(near)
