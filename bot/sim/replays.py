"""Answers to writes that may be repeated under the same `Idempotency-Key`."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sim.answers import Answer
from bot.sim.ledger import Account
from bot.sim.refusals import out_of_range

_KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, when it was given, and what it answered."""

    at: datetime
    asked: bytes
    answer: Answer


class Replays:
    """Remembers, for 24 hours, which success was answered to which key of which account."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def get(self, account: Account, key: str, asked: bytes, now: datetime) -> Answer | None:
        """The answer that was given under a key; None when there was none in the last 24 hours.

        Raises:
            Refusal: it was given to another request than `asked`, which `digest` made.
        """
        while self._kept and next(iter(self._kept.values())).at <= now - _KEPT_FOR:
            self._kept.popitem(last=False)
        kept = self._kept.get((account.account_id, key))
        if kept is None:
            return None
        if kept.asked != asked:
            raise out_of_range("the Idempotency-Key was used for another request; use a new one for each")
        return kept.answer

    def keep(self, account: Account, key: str, asked: bytes, answer: Answer, now: datetime) -> None:
        """Remember a success under a new key. A refusal has changed nothing, so it does not use up its key."""
        self._kept[account.account_id, key] = _Kept(now, asked, answer)


def digest(method: str, resource: str, body: bytes) -> bytes:
    """What tells one request from another: a hash of its method, its resource in whatever layout, and its body."""
    return hashlib.sha256(b"\n".join((method.encode(), resource.encode(errors="backslashreplace"), body))).digest()
