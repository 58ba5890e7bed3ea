"""What was refused, and telling of it without a storm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.intents import Issue, Place, Stock
from bot.ports import Clock

log = structlog.stdlib.get_logger("risk")

AGAIN_AFTER = timedelta(minutes=1)
"""How long the same refusal of the same strategy is not told again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order, transfer or issue that does not go out.

    Attributes:
        intent: what was wanted.
        limit: the setting that forbids it, such as `risk.max_order_units`, or `halted` or `reducing`.
        why: the figures, in words.
    """

    intent: Place | Stock | Issue
    limit: str
    why: str


@dataclass(slots=True)
class _Told:
    at: datetime
    since: int = 0


class RefusalLog:
    """Tells each refusal once, and while it comes again and again, once a minute with how often it came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str, str, str], _Told] = {}

    def tell(self, strategy: str, refusal: Refusal, symbol: str) -> None:
        """Log a refusal, or count it."""
        now, intent = self._clock.now(), refusal.intent
        what = "order" if isinstance(intent, Place) else "transfer" if isinstance(intent, Stock) else "issue"
        kind = str(intent.side) if isinstance(intent, Place) else what
        key = (strategy, refusal.limit, symbol, kind)
        told = self._told.get(key)
        if told is not None and now - told.at < AGAIN_AFTER:
            told.since += 1
            return
        repeated = {"like_it_since": told.since} if told is not None and told.since else {}
        self._told[key] = _Told(now)
        log.warning(
            f"{what} refused",
            strategy=strategy,
            wanted=_words(intent, symbol),
            why=refusal.why,
            limit=refusal.limit,
            **repeated,
        )


def _words(intent: Place | Stock | Issue, symbol: str) -> str:
    match intent:
        case Stock():
            return f"move {intent.quantity} {symbol} to Consumption"
        case Issue():
            return f"issue {intent.quantity} {symbol}"
        case Place():
            return f"{intent.side} {intent.quantity} {symbol} at {intent.price}"
