"""Values in the shape of a JSON schema."""

from __future__ import annotations


def example(schema: object) -> object:
    """A small value in a schema's shape: its constant, default or first choice, else the simplest of its type.

    Follows no references; what it does not understand becomes None.
    """
    if not isinstance(schema, dict):
        return None
    for chosen in ("const", "default"):
        if chosen in schema:
            return schema[chosen]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    return _of_type(schema)


def _of_type(schema: dict[str, object]) -> object:
    match schema.get("type"):
        case "object":
            properties = schema.get("properties")
            if not isinstance(properties, dict):
                return {}
            return {name: example(inner) for name, inner in properties.items()}
        case "string":
            return "text"
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case "array":
            return []
        case _:
            return None
