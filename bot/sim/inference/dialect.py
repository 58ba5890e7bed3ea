"""What differs between the two forms in which inference is offered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.sim.inference.ask import Ask
from bot.sim.inference.completion import Completion
from bot.sim.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Served:
    """An answered request; `number` counts requests, `at` is when it was answered."""

    ask: Ask
    completion: Completion
    number: int
    at: datetime


class Dialect(Protocol):
    """One form of requests and answers."""

    def read(self, body: bytes) -> Ask:
        """What a body asks for. Raises `Refusal`."""
        ...

    def whole(self, served: Served) -> object:
        """The JSON of an answer in one piece."""
        ...

    def events(self, served: Served) -> Iterator[bytes]:
        """An answer as server-sent events."""
        ...

    def refused(self, refusal: Refusal) -> object:
        """The JSON of a refusal."""
        ...
