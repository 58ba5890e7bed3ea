"""Answers to writes that may be repeated under the same `Idempotency-Key`."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from bot.sim.answers import Answer
from bot.sim.ledger import Account

_KEPT_FOR = timedelta(hours=24)


class Replays:
    """Remembers, for 24 hours, what was answered to which key of which account."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str], tuple[datetime, Answer]] = OrderedDict()

    def get(self, account: Account, key: str, now: datetime) -> Answer | None:
        """The answer that was given under a key; None when there was none in the last 24 hours."""
        while self._answers and next(iter(self._answers.values()))[0] <= now - _KEPT_FOR:
            self._answers.popitem(last=False)
        kept = self._answers.get((account.account_id, key))
        return kept[1] if kept else None

    def keep(self, account: Account, key: str, answer: Answer, now: datetime) -> None:
        """Remember an answer under a new key."""
        self._answers[account.account_id, key] = (now, answer)
