"""Making a living exchange: markets with a crowd in each, a user with money, and the user's demand for inference."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from bot.errors import ConfigError, DataError
from bot.ports import Ids
from bot.sim.api import ExchangeApi
from bot.sim.candles import read_candles
from bot.sim.config import VenueConfig
from bot.sim.credentials import Credentials, Keys, credentials_for, new_keys
from bot.sim.crowd import Crowd, CrowdConfig
from bot.sim.demand import Consumer, DailyDemand, Demand
from bot.sim.inference import InferenceApi
from bot.sim.ledger import Account, fingerprint_of
from bot.sim.prices import PricePath, RandomWalk, Replay, WalkConfig
from bot.sim.stream import StreamHub
from bot.sim.traces import read_trace
from bot.sim.venue import Venue

USER = "user"
"""The name of the user's account."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What goes on in a simulated exchange. The same scenario, start and ids make the same exchange.

    Attributes:
        venue: the exchange's rules.
        seed: what all chance is drawn from.
        mean_price: what a unit costs in the mean, on every market, USD.
        candles: a candle file whose shape the prices follow; None: they walk at random around the mean.
        crowd: how the background traders behave.
        cash: what the user begins with, USD.
        units: Trading units that the user begins with, by symbol.
        demand_symbol: the instrument that the user's inference uses.
        tokens_per_hour: how many tokens it uses in the mean; None: none.
        trace: a demand trace file that is used instead.
        client: whose demand in the trace it is, where the trace has several clients.
    """

    venue: VenueConfig = field(default_factory=VenueConfig)
    seed: int = 1
    mean_price: Decimal = Decimal("2.00")
    candles: Path | None = None
    crowd: CrowdConfig = field(default_factory=CrowdConfig)
    cash: Decimal = Decimal(10_000)
    units: Mapping[str, int] = field(default_factory=dict)
    demand_symbol: str = "text-prime"
    tokens_per_hour: int | None = 6_000_000
    trace: Path | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class SimExchange:
    """A living exchange.

    Attributes:
        venue: its state.
        api: what answers requests to it.
        stream: what serves its stream.
        inference: what answers inference requests to it.
        account: the user's account.
        keys: the user's keys.
        crowds: its background traders, by symbol.
        consumer: who uses the user's Consumption units; None: nobody does.
    """

    venue: Venue
    api: ExchangeApi
    stream: StreamHub
    inference: InferenceApi
    account: Account
    keys: Keys
    crowds: Mapping[str, Crowd]
    consumer: Consumer | None

    def credentials(self, base_url: str) -> Credentials:
        """What a client needs to trade here as the user, the Trading API being at this address."""
        return credentials_for(self.venue, self.keys, base_url)


def build_exchange(
    scenario: Scenario, *, start: datetime, ids: Ids, keys: Keys | None = None, venue: Venue | None = None
) -> SimExchange:
    """Make an exchange that lives from `start` on; its books are filled when this returns.

    Args:
        scenario: what goes on in it.
        start: the present, UTC.
        ids: of all that is made in it.
        keys: the user's; None: drawn from the seed, fit for simulation only.
        venue: an exchange brought back from its file, to live on; None: a new one. Its user then keeps what it has,
            instead of getting what the scenario gives.

    Raises:
        ConfigError: the scenario names an instrument that is not listed.
        DataError: a file is malformed, or `venue` has no account with these keys.
    """
    unlisted = {scenario.demand_symbol, *scenario.units} - set(scenario.venue.symbols)
    if unlisted:
        listed = ", ".join(scenario.venue.symbols)
        raise ConfigError(f"no such instrument: {', '.join(sorted(unlisted))}; the exchange lists {listed}")
    if keys is None:
        keys = new_keys(random.Random(f"keys {scenario.seed}"))  # noqa: S311 - repeatable, as documented
    if venue is None:
        venue = Venue(scenario.venue, start=start, ids=ids)
        account = venue.add_account(USER, verify_key=keys.verify_key, cash=scenario.cash, units=scenario.units)
    else:
        account = _owner(venue, keys)
    crowds = _crowds(venue, scenario, start)
    consumer = _consumer(venue, account, scenario, start)
    venue.advance(start)
    inference = InferenceApi(venue, {keys.consumption: account}, ids=ids)
    return SimExchange(venue, ExchangeApi(venue), StreamHub(venue), inference, account, keys, crowds, consumer)


def _owner(venue: Venue, keys: Keys) -> Account:
    account = venue.account_of_key(fingerprint_of(keys.verify_key))
    if account is None:
        raise DataError(
            "the saved exchange has no account with this key, so it was made with another seed; "
            "go back to that seed, or move its file away to begin anew"
        )
    return account


def _crowds(venue: Venue, scenario: Scenario, start: datetime) -> dict[str, Crowd]:
    replay = scenario.candles and Replay(read_candles(scenario.candles), scenario.mean_price, start)
    crowds = {}
    for market in venue.markets.values():
        prices: PricePath = replay or RandomWalk(
            WalkConfig(scenario.mean_price), f"{scenario.seed} {market.symbol}", start
        )
        crowd = crowds[market.symbol] = Crowd(venue, market, prices, scenario.crowd, scenario.seed)
        venue.add_agent(crowd, start)
    return crowds


def _consumer(venue: Venue, account: Account, scenario: Scenario, start: datetime) -> Consumer | None:
    demand: Demand
    if scenario.trace is not None:
        demand = read_trace(scenario.trace, scenario.client)
    elif scenario.tokens_per_hour is not None:
        demand = DailyDemand(scenario.tokens_per_hour, scenario.seed, start)
    else:
        return None
    instrument_id = venue.market_by_symbol(scenario.demand_symbol).instrument_id
    consumer = Consumer(account, instrument_id, demand, seed=scenario.seed, start=start)
    venue.add_agent(consumer, start)
    return consumer
