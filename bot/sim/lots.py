"""Consumption stock: tokens in lots that are used first-in first-out and expire."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain.money import TOKENS_PER_UNIT
from bot.sim.moments import Moment


@dataclass(slots=True)
class Lot:
    """Tokens that arrived together. `expires_at` is None where lots never expire."""

    arrived_at: Moment
    expires_at: Moment | None
    tokens: int


class Lots:
    """One account's Consumption stock of one instrument.

    Every token that ever arrived is held, used, expired or withdrawn:
    `received = tokens + used + expired + withdrawn`.

    Attributes:
        tokens: tokens held now.
        received: tokens that ever arrived.
        used: tokens that inference used.
        expired: tokens that were lost.
        withdrawn: tokens that went back to Trading.
        in_transit: units on their way from Trading.
        committed: units that were ever sent here, and did not turn back on the way.
    """

    __slots__ = ("_lots", "committed", "expired", "in_transit", "received", "tokens", "used", "withdrawn")

    def __init__(self, lots: Iterable[Lot] = ()) -> None:
        self._lots = deque(lots)
        self.tokens = sum(lot.tokens for lot in self._lots)
        self.received = 0
        self.used = 0
        self.expired = 0
        self.withdrawn = 0
        self.in_transit = 0
        self.committed = 0

    def __iter__(self) -> Iterator[Lot]:
        return iter(self._lots)

    @property
    def units(self) -> int:
        """Whole units held; a unit that is partly used does not count."""
        return self.tokens // TOKENS_PER_UNIT

    def commit(self, units: int) -> None:
        """Units have left Trading for here."""
        self.in_transit += units
        self.committed += units

    def revoke(self, units: int) -> None:
        """Units that were in transit go back to Trading."""
        self.in_transit -= units
        self.committed -= units

    def arrive(self, units: int, now: datetime, expires_at: datetime | None) -> None:
        """Units that were in transit become a lot."""
        self.in_transit -= units
        tokens = units * TOKENS_PER_UNIT
        self._lots.append(Lot(now, expires_at, tokens))
        self.tokens += tokens
        self.received += tokens

    def use(self, tokens: int) -> int:
        """Use up to so many tokens, oldest lot first; answers how many there were."""
        wanted = served = min(tokens, self.tokens)
        while wanted:
            lot = self._lots[0]
            taken = min(wanted, lot.tokens)
            lot.tokens -= taken
            wanted -= taken
            if not lot.tokens:
                self._lots.popleft()
        self.tokens -= served
        self.used += served
        return served

    def withdraw(self, units: int) -> None:
        """Take out whole units, newest lot first. The caller has seen that they are there.

        What expires next stays to be used: moved to Trading and back it would begin a new life.
        """
        tokens = wanted = units * TOKENS_PER_UNIT
        while wanted:
            lot = self._lots[-1]
            taken = min(wanted, lot.tokens)
            lot.tokens -= taken
            wanted -= taken
            if not lot.tokens:
                self._lots.pop()
        self.tokens -= tokens
        self.withdrawn += tokens

    def expire(self, now: datetime) -> int:
        """Drop the lots whose time is up; answers how many tokens were lost."""
        lost = 0
        while self._lots and self._lots[0].expires_at is not None and self._lots[0].expires_at <= now:
            lost += self._lots.popleft().tokens
        self.tokens -= lost
        self.expired += lost
        return lost
