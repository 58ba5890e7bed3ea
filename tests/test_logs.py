from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from bot.errors import StoreError
from bot.logs import Format, Level, configure

log = structlog.stdlib.get_logger("daemon")


class StoppedClock:
    """Always the same moment."""

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 12, 30, 0, 123456, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _afterwards_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def configured(form: Format = "json", level: Level = "info", stream: io.StringIO | None = None) -> io.StringIO:
    out = stream or io.StringIO()
    configure(level, form, StoppedClock(), out)
    return out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_one_json_line_stamped_by_the_given_clock() -> None:
    out = configured()
    log.bind(run="run-1").info("order placed", price=Decimal("2.50"), quantity=5)
    assert lines(out) == [
        {
            "timestamp": "2026-01-05T12:30:00.123Z",
            "level": "info",
            "logger": "daemon",
            "event": "order placed",
            "run": "run-1",
            "price": "2.5",
            "quantity": 5,
        }
    ]


def test_libraries_go_through_the_same_pipeline_from_warning_on() -> None:
    out = configured(level="debug")
    for name in ("aiohttp.access", "apscheduler", "sqlalchemy.engine", "alembic.runtime"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("%s is %d", "this", 5, extra={"password": "hunter2"})
    assert lines(out) == [
        {"timestamp": "2026-01-05T12:30:00.123Z", "level": "warning", "logger": name, "event": "this is 5"}
        for name in ("aiohttp.access", "apscheduler", "sqlalchemy.engine", "alembic.runtime")
    ]


@pytest.mark.parametrize(
    ("level", "ours", "theirs"),
    [
        ("debug", ["debug", "info", "warning", "error"], ["warning", "error"]),
        ("warning", ["warning", "error"], ["warning", "error"]),
        ("error", ["error"], ["error"]),
    ],
)
def test_what_is_below_the_level_is_not_logged(level: Level, ours: list[str], theirs: list[str]) -> None:
    out = configured(level=level)
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("x")
    assert [line["level"] for line in lines(out)] == ours
    out = configured(level=level)
    for name in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger("aiohttp"), name)("x")
    assert [line["level"] for line in lines(out)] == theirs


def fail() -> None:
    local_secret = "swordfish"
    raise StoreError(f"lost postgresql://ann:hunter2@db/grid after {len(local_secret)} tries")


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_gets_into_a_line(form: Format) -> None:
    out = configured(form)
    log.info(
        "connecting to %s",
        "postgresql://ann:hunter2@db/grid",
        password="hunter2",
        headers={"X-Api-Key": "hunter2", "accept": "json"},
        held=SecretStr("hunter2"),
        error=StoreError("x-api-key: hunter2"),
        key="transfer-1",
        tokens_served=3,
    )
    logging.getLogger("aiohttp").warning("cannot reach %s", "https://ann:hunter2@host")
    try:
        fail()
    except StoreError:
        log.exception("failed")
        logging.getLogger("asyncio").exception("failed")
    text = out.getvalue()
    assert "hunter2" not in text
    assert "swordfish" not in text.replace('local_secret = "swordfish"', "")
    assert "transfer-1" in text
    assert text.count("StoreError: lost postgresql://ann:***@db/grid after 9 tries") == 2
    assert text.count("in fail") == 2, "with the traceback"


def test_auto_is_for_people_on_a_terminal_and_for_machines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = configured("auto")
    log.info("hello")
    assert lines(out)[0]["event"] == "hello"
    out = configured("auto", stream=Terminal())
    log.info("hello")
    assert "\x1b[" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    out = configured("auto", stream=Terminal())
    log.info("hello", price=Decimal("2.50"))
    assert out.getvalue().split() == ["2026-01-05T12:30:00.123Z", "[info", "]", "hello", "[daemon]", "price=2.5"]


def test_the_last_configuration_counts_and_nothing_is_logged_twice(capsys: pytest.CaptureFixture[str]) -> None:
    first = configured()
    configure("info", "json", StoppedClock())
    log.info("ours")
    logging.getLogger("aiohttp").warning("theirs")
    assert first.getvalue() == ""
    captured = capsys.readouterr()
    assert [json.loads(line)["event"] for line in captured.err.splitlines()] == ["ours", "theirs"]
    assert captured.out == ""


def test_a_logger_without_a_name_is_gridbots() -> None:
    out = configured()
    structlog.stdlib.get_logger().info("hello")
    assert lines(out)[0]["logger"] == "gridbot"
