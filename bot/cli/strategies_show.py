"""A strategy class told: what it does, what it takes, and what to write in the settings to run it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen, MultipleOf
from pydantic.fields import FieldInfo

from bot.cli.strategies_example import bare, example
from bot.plain_data import plain_data
from bot.strategy.base import HOOKS, Strategy
from bot.strategy.rules import CLASS_VARIABLES


def summary(kind: type[Strategy]) -> str:
    """What a strategy does, in a line."""
    return _doc(kind).partition("\n\n")[0].replace("\n", " ") or "(it does not say what it does)"


def described(name: str, kind: type[Strategy]) -> dict[str, Any]:
    """Everything that is to be known of a strategy to run it, as JSON can hold it. `name` is what it is called."""
    return {
        "name": name,
        "class": kind.__name__,
        "does": summary(kind),
        "doc": _doc(kind),
        "parameters": [_parameter(one, field) for one, field in kind.model_fields.items()],
        "hooks": [hook for hook in HOOKS if kind.overrides(hook)],
        "class_variables": {one: plain_data(getattr(kind, one)) for one in CLASS_VARIABLES},
        "yaml": yaml_to_run(name, kind),
    }


def in_words(record: dict[str, Any]) -> str:
    """What `described` tells, for people."""
    lines = [record["name"], "", record["doc"] or record["does"], "", "parameters"]
    for one in record["parameters"]:
        default = "required" if one["required"] else f"{_flow(one['default'])} if not given"
        lines.append(f"  {one['name']}: {', '.join([one['type'], *one['limits'], default])}")
        if one["description"]:
            lines.append(f"      {one['description']}")
    if not record["parameters"]:
        lines[-1] = "no parameters"
    variables = (f"{name} = {_flow(value)}" for name, value in record["class_variables"].items())
    lines += ["", f"hooks: {', '.join(record['hooks']) or 'none'}", f"class variables: {', '.join(variables)}"]
    return "\n".join([*lines, "", "to run it, add to the settings:", "", record["yaml"]])


def yaml_to_run(name: str, kind: type[Strategy]) -> str:
    """An instance with all of its parameters, as the settings have it; made-up values of required ones are marked."""
    lines = [
        "strategies:",
        f"  - name: {_flow(kind.__name__.lower() if ':' in name else name.replace('_', '-'))}",
        f"    strategy: {_flow(name)}",
        "    markets: [text-prime]",
    ]
    if kind.overrides("on_candle"):
        lines.append("    candles: 1m")
    if kind.overrides("on_tick"):
        lines.append("    schedule: {every: 60s}")
    values = list(_values(kind))
    return "\n".join([*lines, "    parameters:", *values] if values else lines)


def _values(kind: type[Strategy]) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        if field.is_required():
            yield f"      {name}: {_flow(example(field))}  # required; choose your own"
        elif not field.default_factory_takes_validated_data:
            yield f"      {name}: {_flow(_default(field))}"


def _parameter(name: str, field: FieldInfo) -> dict[str, Any]:
    return {
        "name": name,
        "type": _type(field.annotation),
        "required": field.is_required(),
        "default": _default(field),
        "limits": [text for item in field.metadata if (text := _limit(item))],
        "description": field.description or "",
    }


def _default(field: FieldInfo) -> Any:
    """What it is if not given; None too where that depends on the other parameters."""
    if field.is_required() or field.default_factory_takes_validated_data:
        return None
    return plain_data(field.get_default(call_default_factory=True))


def _type(annotation: Any) -> str:
    kind = bare(annotation)
    none = "" if kind is annotation else " or null"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}{none}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(one.value) for one in kind)}{none}"
    if kind is timedelta:
        return f"length of time (90s, 4h){none}"
    if isinstance(kind, type) and not get_args(kind):
        return f"{kind.__name__}{none}"
    return re.sub(r"\b\w+\.(?=\w)", "", str(kind)) + none


def _limit(item: object) -> str:
    match item:
        case Ge(ge=bound):
            return f"at least {plain_data(bound)}"
        case Gt(gt=bound):
            return f"above {plain_data(bound)}"
        case Le(le=bound):
            return f"at most {plain_data(bound)}"
        case Lt(lt=bound):
            return f"below {plain_data(bound)}"
        case MinLen(min_length=length):
            return f"of length {length} or more"
        case MaxLen(max_length=length):
            return f"of length {length} or less"
        case MultipleOf(multiple_of=step):
            return f"a multiple of {plain_data(step)}"
    pattern = getattr(item, "pattern", None)
    return f"like {pattern}" if pattern else ""


def _doc(kind: type[Strategy]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _flow(value: object) -> str:
    """A value as YAML, on a line."""
    return yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10_000).strip()[1:-1]
