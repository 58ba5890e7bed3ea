"""Answers to writes that may be repeated under the same `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.sim.answers import Answer
from bot.sim.ledger import Account
from bot.sim.refusals import malformed, out_of_range
from bot.sim.snapshot import KeptAnswer

_KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r"[ -~]{1,255}")


class Replays:
    """Remembers, for 24 hours, which success was answered to which key of which account; `kept` are those of before."""

    def __init__(self, kept: Iterable[KeptAnswer] = ()) -> None:
        self._kept = OrderedDict(((answer.account_id, answer.key), answer) for answer in kept)

    @property
    def kept(self) -> list[KeptAnswer]:
        """What is remembered, oldest first."""
        return list(self._kept.values())

    def get(self, account: Account, key: str, asked: bytes, now: datetime) -> Answer | None:
        """The answer that was given under a key; None when there was none in the last 24 hours.

        Raises:
            Refusal: it was given to another request than `asked`, which `digest` made; or this cannot be a key.
        """
        if not _KEY.fullmatch(key):
            raise malformed("an Idempotency-Key has from 1 to 255 characters, all of them ASCII")
        while self._kept and next(iter(self._kept.values())).at <= now - _KEPT_FOR:
            self._kept.popitem(last=False)
        kept = self._kept.get((account.account_id, key))
        if kept is None:
            return None
        if kept.asked != asked:
            raise out_of_range("the Idempotency-Key was used for another request; use a new one for each")
        return Answer(kept.status, kept.body)

    def keep(self, account: Account, key: str, asked: bytes, answer: Answer, now: datetime) -> None:
        """Remember a success under a new key. A refusal has changed nothing, so it does not use up its key."""
        kept = KeptAnswer(account.account_id, key, now, asked, answer.status, answer.body)
        self._kept[kept.account_id, key] = kept


def digest(method: str, resource: str, body: bytes) -> bytes:
    """What tells one request from another: a hash of its method, its resource in whatever layout, and its body."""
    return hashlib.sha256(b"\n".join((method.encode(), resource.encode(errors="backslashreplace"), body))).digest()
