"""What happened in a rehearsal, event by event, for whoever has to find out why a rule was broken."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from bot.errors import DataError
from bot.plain_data import plain_data
from bot.ports import Clock
from bot.redaction import redact


class EventJournal:
    """Collects events, each a dictionary that begins with its virtual time and its kind."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.clock: Clock | None = None

    def note(self, event: str, /, **facts: object) -> None:
        """Take down an event at the present moment of the rehearsal."""
        at = None if self.clock is None else self.clock.now()
        self.events.append(redact(plain_data({"at": at, "event": event, **facts})))

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Take down what the bot logs, while the block runs; nothing is logged elsewhere."""
        before = structlog.get_config()
        structlog.configure(
            processors=[structlog.stdlib.add_log_level, structlog.processors.format_exc_info, self._take],
            wrapper_class=structlog.make_filtering_bound_logger("debug"),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)

    def text(self) -> str:
        """One JSON document a line."""
        return "".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in self.events)

    def _take(self, _: object, __: str, told: MutableMapping[str, Any]) -> str:
        said = told.pop("event")
        self.note("log", said=said, **{name: value for name, value in told.items() if name not in ("at", "said")})
        raise structlog.DropEvent


def write_journal(text: str, path: Path) -> None:
    """Write a journal's text to a file that nobody else can read, in place of what was there. Raises `DataError`."""
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise DataError(f"the event journal cannot be written to {path}: {error.strerror}") from None


@contextmanager
def silence() -> Iterator[None]:
    """Nothing is logged while the block runs."""
    before = structlog.get_config()
    structlog.configure(
        processors=[_drop],
        wrapper_class=structlog.make_filtering_bound_logger("critical"),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(*_: object) -> str:
    raise structlog.DropEvent
