"""What a strategy class has to keep to, besides what pydantic asks of it. Each function tells what is wrong."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from bot.domain.candle import Resolution

MOST_CANDLES = 10_000
"""The most that `history` may be."""

DEEPEST = 100
"""The most that `depth` may be."""

_CLOSE = 0.8
"""How alike two names are, of which one is taken for a misspelling of the other."""


def parameters(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The names that a class body declares as parameters, with their types as written."""
    return {
        name: kind
        for name, kind in namespace.get("__annotations__", {}).items()
        if not name.startswith("_") and not re.match(r"(\w+\.)*ClassVar\b", str(kind))
    }


def no_type(name: str, value: object) -> str:
    """What is wrong with a name in a class body that has a value and no type."""
    if close := difflib.get_close_matches(name, CLASS_VARIABLES, n=1, cutoff=_CLOSE):
        return f"'{name}' is no class variable of strategies; did you mean '{close[0]}'?"
    kind = "int" if isinstance(value, FieldInfo) else type(value).__name__
    return f"its parameter '{name}' has no type; write it as in '{name}: {kind} = ...'"


def name_faults(root: type[BaseModel], bases: tuple[type, ...], namespace: Mapping[str, Any]) -> Iterator[str]:
    """Names in a class body that mean something else than its author thought; `root` is the class with all hooks."""
    declared = parameters(namespace)
    for name in declared:
        if name in vars(root) and name.startswith("on_"):
            yield f"its parameter '{name}' has the name of a hook; name it otherwise"
        elif name in CLASS_VARIABLES:
            yield f"'{name}' is a class variable and no parameter; write '{name} = ...' without a type"
        elif any(hasattr(base, name) for base in bases):
            yield f"its parameter '{name}' would hide what every strategy has by that name; name it otherwise"
    for name, member in {**_mixed_in(bases), **namespace}.items():
        if name.startswith("on_") and name not in declared:
            yield from _hook_faults(root, name, member)


def class_faults(root: type[BaseModel], made: type[BaseModel]) -> Iterator[str]:
    """What is wrong with the parameters and class variables of a class."""
    for name in sorted(made.__class_vars__ - root.__class_vars__):
        if close := difflib.get_close_matches(name, CLASS_VARIABLES, n=1, cutoff=_CLOSE):
            yield f"'{name}' is no class variable of strategies; did you mean '{close[0]}'?"
    for name, fault_of in CLASS_VARIABLES.items():
        if fault := fault_of(getattr(made, name)):
            yield f"its class variable '{name}' {fault}"
    inherited = {name for base in made.__bases__ if issubclass(base, BaseModel) for name in base.model_fields}
    for name in sorted(made.model_fields.keys() - inherited):
        for other in sorted(inherited):
            if _is_slip(name, other):
                yield f"its parameter '{name}' is all but '{other}', which it inherits; did you mean that one?"
    yield from _default_faults(made)


def _mixed_in(bases: tuple[type, ...]) -> dict[str, Any]:
    """What a class gets from bases that are no strategies, and so were never looked at."""
    plain = [one for base in bases for one in reversed(base.__mro__) if not issubclass(one, BaseModel)]
    return {name: member for one in plain for name, member in vars(one).items()}


def _hook_faults(root: type[BaseModel], name: str, member: object) -> Iterator[str]:
    hooks = [hook for hook in vars(root) if hook.startswith("on_")]
    if name not in hooks:
        close = difflib.get_close_matches(name, hooks, n=1)
        advice = f"did you mean '{close[0]}'?" if close else f"the hooks are {', '.join(hooks)}"
        yield f"it has a hook '{name}', which nothing would call; {advice}"
    elif inspect.isasyncgenfunction(member):
        yield f"its hook '{name}' must not yield"
    elif not inspect.iscoroutinefunction(member):
        yield f"its hook '{name}' must be written 'async def {name}'"
    elif not _takes(member, arguments := list(inspect.signature(vars(root)[name]).parameters)):
        written = ", ".join(map(str, inspect.signature(member).parameters.values()))
        yield f"its hook '{name}' must take ({', '.join(arguments)}), not ({written})"


def _takes(member: Callable[..., Any], arguments: list[str]) -> bool:
    try:
        inspect.signature(member).bind(*arguments)
    except TypeError:
        return False
    return True


def _is_slip(name: str, other: str) -> bool:
    """Whether one letter too many, missing, wrong or out of place makes one name of the other; digits may differ."""
    begin = _alike(name, other)
    end = _alike(name[begin:][::-1], other[begin:][::-1])
    odd, other_odd = name[begin : len(name) - end], other[begin : len(other) - end]
    if not begin or (odd + other_odd).isdigit():
        return False
    return max(len(odd), len(other_odd)) == 1 or (len(odd) == 2 and odd == other_odd[::-1])


def _alike(one: str, other: str) -> int:
    """How many letters two words begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _default_faults(made: type[BaseModel]) -> Iterator[str]:
    try:
        made.model_validate({})
    except ValidationError as error:
        for item in error.errors():
            if item["loc"] and item["type"] != "missing":
                text = item["msg"].removeprefix("Value error, ")
                yield f"the default of its parameter '{item['loc'][0]}' is not valid: {text}, not {item['input']!r}"
    except Exception as error:  # noqa: BLE001 - the author's own validators may raise anything
        yield f"it fails where all parameters are left out: {type(error).__name__}: {error}"


def _resolutions_fault(value: object) -> str:
    if not isinstance(value, tuple):
        return f"must be a tuple such as ('1h',) or ('1h', '1d'), not {value!r}"
    unknown = [one for one in value if one not in list(Resolution)]
    return f"names {unknown[0]!r}, which is none of {', '.join(Resolution)}" if unknown else ""


def _from_to(least: int, most: int) -> Callable[[object], str]:
    def fault(value: object) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return "" if fits else f"must be from {least} to {most}, not {value!r}"

    return fault


CLASS_VARIABLES: dict[str, Callable[[object], str]] = {
    "resolutions": _resolutions_fault,
    "history": _from_to(1, MOST_CANDLES),
    "depth": _from_to(0, DEEPEST),
}
"""The class variables of strategies, and what is wrong with a value of each."""
