"""An exchange at which things go wrong, for tests."""

from __future__ import annotations

from bot.clock import SeededIds
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.faults.faults import Faults
from bot.sim.faults.kinds import Fault
from bot.sim.faults.plan import FaultPlan
from bot.sim.stream import StreamHub
from bot.sim.venue import Venue
from tests.sim.client import START, Client, open_account

SYMBOLS = ("text-prime", "code-max")


class FaultyWorld:
    """An exchange with two users, each with 1,000 USD and 100 units of text-prime."""

    def __init__(self, *faults: Fault, seed: int = 1, speed: float = 1.0) -> None:
        config = VenueConfig(symbols=SYMBOLS, rate_limits=None, speed=speed)
        self.venue = Venue(config, start=START, ids=SeededIds(1))
        self.faults = Faults(FaultPlan(faults, seed), self.venue)
        self.api = ExchangeApi(self.venue, self.faults)
        self.hub = StreamHub(self.venue, self.faults)
        self.alice = open_account(self.api, "alice")
        self.bob = open_account(self.api, "bob")

    @property
    def market_id(self) -> str:
        return self.venue.market_by_symbol("text-prime").market_id

    @property
    def instrument_id(self) -> str:
        return self.venue.market_by_symbol("text-prime").instrument_id

    def later(self, **span: float) -> None:
        for client in (self.alice, self.bob):
            client.later(**span)

    def ids(self, path: str, name: str, client: Client | None = None) -> list[str]:
        return [row[name] for row in (client or self.alice).get(path).data]
