"""What was found out by a check, and how a list of such findings is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.cli.output import document, say


class State(StrEnum):
    """What a check came to; SKIP: it could not be made."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        state: what it came to.
        reason: what was found.
        remedy: what to do about it; empty when nothing is to be done.
    """

    name: str
    state: State
    reason: str
    remedy: str = ""


def ok(name: str, reason: str) -> Check:
    """All is well."""
    return Check(name, State.OK, reason)


def warn(name: str, reason: str, remedy: str = "") -> Check:
    """It may lead to trouble."""
    return Check(name, State.WARN, reason, remedy)


def fail(name: str, reason: str, remedy: str = "") -> Check:
    """It is wrong."""
    return Check(name, State.FAIL, reason, remedy)


def skip(name: str, reason: str, remedy: str = "") -> Check:
    """It could not be looked at."""
    return Check(name, State.SKIP, reason, remedy)


def tell(checks: Sequence[Check], *, as_json: bool) -> None:
    """Print findings, one after the other, each with its remedy."""
    if as_json:
        document(checks)
        return
    width = max(len(check.name) for check in checks)
    for check in checks:
        first, *more = [*check.reason.splitlines(), *(f"-> {line}" for line in check.remedy.splitlines())]
        say(f"{check.state:4}   {check.name:{width}}   {first}")
        for line in more:
            say(f"{'':{width + 10}}{line}")
