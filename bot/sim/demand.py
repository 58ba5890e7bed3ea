"""Demand for inference: an agent that uses up one account's Consumption units of one instrument."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, count, pairwise
from typing import Protocol

from bot.sim.ledger import Account
from bot.sim.venue import Venue

BUNDLE = timedelta(seconds=10)
"""How often tokens are asked for: a slot's tokens come in bundles, one every so often."""


class Demand(Protocol):
    """Tokens asked for, slot by slot. `bot.sim.traces.DemandTrace` is one, read from a file."""

    @property
    def slot_seconds(self) -> int:
        """How long a slot is."""
        ...

    def tokens(self, slot: int) -> int:
        """Tokens asked for in the slot of this number, counted from zero."""
        ...


@dataclass(frozen=True, slots=True)
class DailyDemand:
    """Made-up demand: a day's rhythm, busiest in the middle of the afternoon (UTC), with bursts now and then.

    Attributes:
        tokens_per_hour: the mean in the long run.
        seed: the same seed asks for the same tokens.
        start: the moment at which slot 0 begins.
        swing: how far the day's rhythm goes up and down from the mean, a fraction of it.
        burst_chance: the chance of a slot to be a burst.
        burst_factor: how many times more tokens a burst asks for than its time of day does otherwise.
        slot_seconds: how long a slot is.
    """

    tokens_per_hour: int
    seed: int | str
    start: datetime
    swing: float = 0.5
    burst_chance: float = 0.03
    burst_factor: float = 4.0
    slot_seconds: int = 600

    def tokens(self, slot: int) -> int:
        """Tokens asked for in the slot of this number."""
        at = self.start + timedelta(seconds=slot * self.slot_seconds)
        busiest = at.replace(hour=15, minute=0, second=0, microsecond=0)
        rhythm = 1 + self.swing * math.cos((at - busiest) / timedelta(days=1) * math.tau)
        rng = random.Random(f"demand {self.seed} {slot}")  # noqa: S311 - repeatable, not secret
        burst = self.burst_factor if rng.random() < self.burst_chance else 1.0
        base = self.tokens_per_hour * self.slot_seconds / 3600 / (1 + self.burst_chance * (self.burst_factor - 1))
        return round(base * rhythm * burst * rng.uniform(0.8, 1.2))


class Consumer:
    """Asks the venue for tokens from an account's Consumption units, as its owner's inference would.

    What there is no stock for is refused, as a real request is with status 402, and lost.

    Attributes:
        tokens_asked: tokens asked for so far.
        tokens_served: those of them that there was stock for.
        stockouts: how often tokens were refused when those before had been served.
    """

    def __init__(
        self, account: Account, instrument_id: str, demand: Demand, *, seed: int | str, start: datetime
    ) -> None:
        self.tokens_asked = 0
        self.tokens_served = 0
        self.stockouts = 0
        self._account = account
        self._instrument_id = instrument_id
        self._out_of_stock = False
        self._bundles = bundles(demand, random.Random(f"bundles {seed}"), start)  # noqa: S311 - repeatable, not secret
        self._next_at, self._next_tokens = next(self._bundles)

    @property
    def tokens_refused(self) -> int:
        """Tokens that there was no stock for, so far."""
        return self.tokens_asked - self.tokens_served

    def act(self, venue: Venue, now: datetime) -> datetime:
        """Ask for every bundle that is due; answers when the next one is."""
        while self._next_at <= now:
            self._ask(venue, self._next_tokens)
            self._next_at, self._next_tokens = next(self._bundles)
        return self._next_at

    def _ask(self, venue: Venue, tokens: int) -> None:
        if not tokens:
            return
        served = venue.consume(self._account, self._instrument_id, tokens)
        self.tokens_asked += tokens
        self.tokens_served += served
        if served < tokens and not self._out_of_stock:
            self.stockouts += 1
        self._out_of_stock = served < tokens


def bundles(demand: Demand, rng: random.Random, start: datetime) -> Iterator[tuple[datetime, int]]:
    """The moment and tokens of every bundle from `start` on, without end; a slot's bundles sum up to its tokens."""
    for slot in count():
        begins = start + timedelta(seconds=slot * demand.slot_seconds)
        pieces = _split(demand.tokens(slot), math.ceil(timedelta(seconds=demand.slot_seconds) / BUNDLE), rng)
        yield from ((begins + number * BUNDLE, tokens) for number, tokens in enumerate(pieces))


def _split(tokens: int, pieces: int, rng: random.Random) -> list[int]:
    """Cut tokens into uneven pieces, of which the largest are some three times the smallest."""
    cuts = list(accumulate(rng.uniform(0.5, 1.5) for _ in range(pieces)))
    edges = [0, *(round(tokens * (cut / cuts[-1])) for cut in cuts)]
    return [right - left for left, right in pairwise(edges)]
