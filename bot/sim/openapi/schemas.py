"""The words of which schemas are made: JSON Schema 2020-12, as OpenAPI 3.1 takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

Schemas: TypeAlias = Mapping[str, Schema]
"""Schemas by the names under which `ref` finds them."""

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1}
"""An id, a symbol or a word that is not one of a closed set."""

NULL: Schema = {"type": "null"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
POSITIVE: Schema = {"type": "integer", "minimum": 1}
MOMENT: Schema = {"type": "string", "format": "date-time"}
USD: Schema = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,6}$"}
SIGNED_USD: Schema = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$"}
DECIMAL: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}


def words(choices: Iterable[str]) -> Schema:
    """One of a closed set of words."""
    return {"type": "string", "enum": [str(choice) for choice in choices]}


def word(only: str) -> Schema:
    """This word and no other."""
    return {"type": "string", "const": only}


def nullable(schema: Schema) -> Schema:
    """What a schema describes, or null."""
    return either(schema, NULL)


def either(*schemas: Schema) -> Schema:
    """What one of several schemas describes."""
    return {"anyOf": list(schemas)}


def listed(item: Schema) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": item}


def record(fields: Schemas, *, optional: Iterable[str] = ()) -> Schema:
    """An object of an answer: these fields and no others, all of them there but the `optional` ones."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": [name for name in fields if name not in set(optional)],
        "additionalProperties": False,
    }


def form(needed: Schemas, optional: Schemas) -> Schema:
    """An object of a request: null stands for an optional field that is left out, unknown fields change nothing."""
    return {
        "type": "object",
        "properties": {**needed, **{name: nullable(schema) for name, schema in optional.items()}},
        "required": list(needed),
    }


def wrapped(data: Schema) -> Schema:
    """What a schema describes, as the exchange wraps it."""
    return record({"data": data})


def ref(name: str) -> Schema:
    """The schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}
