"""Logs: ours and every library's through one pipeline, stamped by the injected clock and without secrets."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.plain_data import plain_data
from bot.ports import Clock
from bot.redaction import redact

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "console", "json"]

LIBRARY_LEVEL = logging.WARNING
"""Libraries are heard from this level on, whatever our own level is, unless ours is higher."""


def configure(level: Level, format: Format, clock: Clock, stream: TextIO | None = None) -> None:  # noqa: A002
    """Log to `stream`, stderr by default. May be called again; the last call counts.

    Args:
        level: the least of our own events that is logged.
        format: `console` for people, `json` for one JSON document a line; `auto` is console on a terminal, else json.
        clock: stamps every event.
        stream: where to.
    """
    out = stream or sys.stderr
    threshold = logging.getLevelNamesMapping()[level.upper()]
    told: list[Processor] = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _stamper(clock)]
    written: list[Processor] = [structlog.processors.format_exc_info, _plain_and_redacted, _renderer(format, out)]
    structlog.configure(
        processors=[*told, structlog.stdlib.PositionalArgumentsFormatter(), *written],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *name: _Writer(out, *name),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=told, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written]
    )
    _hear_libraries(out, formatter, max(threshold, LIBRARY_LEVEL))


class _Writer(structlog.WriteLogger):
    """Writes lines, and knows the name of the logger it writes for."""

    def __init__(self, stream: TextIO, name: str = "gridbot") -> None:
        super().__init__(stream)
        self.name = name


class _LibraryHandler(logging.StreamHandler[TextIO]):
    """Ours on the root logger, so that configuring again can find and replace it."""


def _hear_libraries(out: TextIO, formatter: logging.Formatter, level: int) -> None:
    handler = _LibraryHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [*(other for other in root.handlers if not isinstance(other, _LibraryHandler)), handler]
    root.setLevel(level)


def _stamper(clock: Clock) -> Processor:
    def stamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["timestamp"] = clock.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return event

    return stamp


def _plain_and_redacted(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    clean: EventDict = redact(plain_data(event))
    return clean


def _renderer(format: Format, out: TextIO) -> Processor:  # noqa: A002
    if format == "json" or (format == "auto" and not out.isatty()):
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty() and "NO_COLOR" not in os.environ, exception_formatter=structlog.dev.plain_traceback
    )
