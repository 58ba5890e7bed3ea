"""What a request's query asks for.

Filters come in three spellings: `status=active`, `filters[0][field]=status&filters[0][value]=active`, and the same
under `flop[filters]`. A bracketed filter with an operator other than equality is ignored, as the exchange may
ignore any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from bot.sim.refusals import malformed, out_of_range

_BRACKETED = re.compile(r"(?:flop\[filters\]|filters)\[([0-9]{1,3})\]\[(field|op|value)\]")
_WHOLE = re.compile(r"[0-9]{1,15}")
_UNIX = re.compile(r"[0-9]{1,11}(\.[0-9]{1,6})?")
_SAME_NAME = {"order_by[]": "order_by", "order_directions[]": "order_direction"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Query:
    """A request's query, whatever its spelling. Of a name that repeats, the last value counts."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        bracketed: dict[str, dict[str, str]] = {}
        for name, value in pairs:
            if match := _BRACKETED.fullmatch(name):
                bracketed.setdefault(match[1], {})[match[2]] = value
            else:
                self._values[_SAME_NAME.get(name, name)] = value
        for part in bracketed.values():
            if "field" in part and "value" in part and part.get("op", "==") == "==":
                self._values[part["field"]] = part["value"]

    def text(self, name: str) -> str | None:
        """A value as it was sent; None when it was not."""
        return self._values.get(name)

    def translated(self, name: str, words: Mapping[str, str]) -> Query:
        """The same query, but for a value that has another word here."""
        value = self._values.get(name, "")
        return Query((self._values | {name: words[value]}).items()) if value in words else self

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of some words; the first when none was sent.

        Raises:
            Refusal: another word was sent.
        """
        value = self._values.get(name, choices[0])
        if value not in choices:
            raise malformed(f"{name} must be one of: {', '.join(choices)}")
        return value

    def whole(self, name: str, default: int, *, most: int | None = None) -> int:
        """A whole number from 1.

        Raises:
            Refusal: something else was sent, or more than `most`.
        """
        text = self._values.get(name)
        if text is None:
            return default
        if not _WHOLE.fullmatch(text) or int(text) < 1:
            raise malformed(f"{name} must be a whole number from 1")
        if most is not None and int(text) > most:
            raise out_of_range(f"{name} must be at most {most}")
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """A moment, sent as ISO 8601 (UTC where it names no zone) or Unix seconds; None when it was not sent.

        Raises:
            Refusal: something else was sent.
        """
        text = self._values.get(name)
        if text is None:
            return None
        try:
            if _UNIX.fullmatch(text):
                return _EPOCH + timedelta(seconds=float(text))
            moment = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            raise malformed(f"{name} must be ISO 8601 or Unix seconds") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
