"""The making of strategy classes: whatever is wrong with one is a `StrategyError` of one line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, PydanticUndefinedAnnotation, PydanticUserError, create_model
from pydantic.errors import PydanticSchemaGenerationError

from bot.errors import StrategyError
from bot.strategy import rules

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

_NO_TYPE = ("model-field-missing-annotation", "model-field-overridden")
_PYDANTICS = (PydanticUserError, PydanticUndefinedAnnotation, TypeError, ValueError)
"""What pydantic raises while it makes a class."""


class CheckedClass(ModelMetaclass):
    """The class of `Strategy` and of all strategies: it looks at them as they are made.

    The first class that it makes is the root; those derived from it are checked against it.
    """

    def __new__(mcs, name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any], **kwargs: Any) -> type:
        """Make a class. Raises `StrategyError` when it is written wrongly."""
        root = _root(bases)
        if root is None:
            return super().__new__(mcs, name, bases, namespace, **kwargs)
        _refuse(name, rules.name_faults(root, bases, namespace))
        try:
            made = super().__new__(mcs, name, bases, namespace, **kwargs)
            assert issubclass(made, BaseModel)
            if not made.__pydantic_complete__:
                where = sys._getframe(1)  # noqa: SLF001 - as pydantic does to find types of a function
                made.model_rebuild(_types_namespace={**where.f_globals, **where.f_locals})
        except _PYDANTICS as error:
            raise StrategyError(f"strategy {name}: {_explained(error, namespace)}") from None
        _refuse(name, rules.class_faults(root, made))
        return made


def _root(bases: Iterable[type]) -> type[BaseModel] | None:
    made = [one for base in bases for one in base.__mro__ if isinstance(one, CheckedClass)]
    return cast("type[BaseModel]", made[-1]) if made else None


def _refuse(name: str, faults: Iterable[str]) -> None:
    for fault in faults:
        raise StrategyError(f"strategy {name}: {fault}")


def _explained(error: Exception, namespace: dict[str, Any]) -> str:
    """What pydantic found wrong, in words for whoever writes a strategy."""
    if isinstance(error, PydanticUserError) and error.code in _NO_TYPE:
        found = re.search(r"[`'](\w+)", str(error))
        assert found is not None, "pydantic names the field"
        return rules.no_type(found[1], namespace[found[1]])
    if isinstance(error, PydanticUndefinedAnnotation):
        word = str(error.name)
        field = _naming(word, namespace)
        return f"the type of its parameter {field} names '{word}', which is not known there; is it imported?"
    text = str(error).partition("\n")[0]
    if isinstance(error, PydanticSchemaGenerationError):
        kind = re.sub("<class '(.+)'>", r"\1", text.partition(" schema for ")[2].partition(". ")[0])
        text = f"{kind} cannot be the type of a parameter; numbers, texts, Decimals, dates and lists of them can"
    field = _culprit(namespace)
    return f"its parameter {field}: {text}" if field else text


def _naming(word: str, namespace: dict[str, Any]) -> str:
    """The parameter whose type has this word in it."""
    annotations = rules.parameters(namespace)
    return next((f"'{name}'" for name, kind in annotations.items() if re.search(rf"\b{word}\b", str(kind))), "")


def _culprit(namespace: dict[str, Any]) -> str:
    """The first parameter of which alone pydantic cannot make a model."""
    for name, kind in rules.parameters(namespace).items():
        field: dict[str, Any] = {name: (kind, namespace.get(name, ...))}
        try:
            create_model("Trial", __module__=namespace["__module__"], **field)
        except _PYDANTICS:
            return f"'{name}'"
    return ""
