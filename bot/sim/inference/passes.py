"""Passes: what a redirect carries in its path, so that the supplier knows whose request comes, whatever its headers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Ids
from bot.sim.ledger import Account

PASS_LIFE = timedelta(seconds=60)
"""How long a pass is good for: long enough for a client's retries."""

_PREFIX = "/route/"


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave for one account to use one instrument; good before `ends_at`, as often as wanted."""

    account: Account
    instrument_id: str
    ends_at: datetime


class Passes:
    """Passes that were given out and are still good."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._passes: OrderedDict[str, Pass] = OrderedDict()

    def issue(self, account: Account, instrument_id: str, now: datetime) -> str:
        """A new pass, as a path that goes before the path of the request."""
        self._forget(now)
        name = self._ids.new("pass")
        self._passes[name] = Pass(account, instrument_id, now + PASS_LIFE)
        return f"{_PREFIX}{name}"

    def split(self, path: str, now: datetime) -> tuple[Pass | None, str]:
        """The pass that a path begins with, None where it has none that is good, and the rest of the path."""
        if not path.startswith(_PREFIX):
            return None, path
        name, _, rest = path.removeprefix(_PREFIX).partition("/")
        self._forget(now)
        return self._passes.get(name), f"/{rest}"

    def _forget(self, now: datetime) -> None:
        while self._passes and next(iter(self._passes.values())).ends_at <= now:
            self._passes.popitem(last=False)
