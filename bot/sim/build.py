"""Making a living exchange: markets with a crowd in each, a user with money, and the user's demand for inference."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from bot.candle_file import read_candles
from bot.clock import SeededIds
from bot.errors import ConfigError, DataError
from bot.ports import Ids
from bot.sim import state
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.credentials import Credentials, Keys, credentials_for
from bot.sim.crowd import Crowd
from bot.sim.demand import Consumer, DailyDemand, Demand
from bot.sim.faults.faults import Faults
from bot.sim.faults.plan import FaultPlan
from bot.sim.inference import InferenceApi
from bot.sim.keeper import Keeper
from bot.sim.ledger import Account
from bot.sim.office import USER, Grant, Office, Opening
from bot.sim.presets import CALM, CrowdConfig
from bot.sim.prices import PricePath, RandomWalk, Replay, WalkConfig
from bot.sim.snapshot import KeptAnswer
from bot.sim.stream import StreamHub
from bot.sim.traces import read_trace
from bot.sim.venue import Venue


@dataclass(frozen=True, slots=True)
class Scenario:
    """What goes on in a simulated exchange. The same scenario, start and ids make the same exchange.

    Attributes:
        venue: the exchange's rules.
        seed: what all chance is drawn from.
        mean_price: what a unit costs in the mean, on every market, USD.
        candles: a candle file whose shape the prices follow; None: they walk at random around the mean.
        crowd: how the background traders behave.
        accounts: the users' accounts, the first of which is *the* user's; none: one for the user alone.
        cash: what the user begins with where no accounts are named, USD.
        units: Trading units that the user begins with then, by symbol.
        demand_symbol: the instrument that the user's inference uses.
        tokens_per_hour: how many tokens it uses in the mean; None: none.
        trace: a demand trace file that is used instead.
        client: whose demand in the trace it is, where the trace has several clients.
        faults: what goes wrong in it.
    """

    venue: VenueConfig = field(default_factory=VenueConfig)
    seed: int = 1
    mean_price: Decimal = Decimal("2.00")
    candles: Path | None = None
    crowd: CrowdConfig = CALM
    accounts: tuple[Opening, ...] = ()
    cash: Decimal = Decimal(10_000)
    units: Mapping[str, int] = field(default_factory=dict)
    demand_symbol: str = "text-prime"
    tokens_per_hour: int | None = 6_000_000
    trace: Path | None = None
    client: str | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)


@dataclass(frozen=True, slots=True)
class SimExchange:
    """A living exchange.

    Attributes:
        venue: its state.
        api: what answers requests to it.
        stream: what serves its stream.
        inference: what answers inference requests to it.
        office: who opens accounts in it, and knows their keys.
        account: the user's account.
        crowds: its background traders, by symbol.
        consumer: who uses the user's Consumption units; None: nobody does.
        faults: what goes wrong in it, and with requests on their way to it; None: nothing.
    """

    venue: Venue
    api: ExchangeApi
    stream: StreamHub
    inference: InferenceApi
    office: Office
    account: Account
    crowds: Mapping[str, Crowd]
    consumer: Consumer | None
    faults: Faults | None

    @property
    def keys(self) -> Keys:
        """The user's keys."""
        return self.office.keys(self.account)

    def credentials(self, base_url: str) -> Credentials:
        """What clients need to trade here, the Trading API being at this address."""
        accounts = (self.office.credentials(account) for account in self.office.accounts())
        return credentials_for(self.venue, self.keys, base_url, accounts)

    def dump(self) -> bytes:
        """What is to be kept of it."""
        return state.dump(self.venue, self.office.seed, self.api.replays.kept)


def build_exchange(
    scenario: Scenario,
    *,
    start: datetime,
    ids: Ids,
    venue: Venue | None = None,
    answers: Iterable[KeptAnswer] = (),
) -> SimExchange:
    """Make an exchange that lives from `start` on; its books are filled when this returns.

    Args:
        scenario: what goes on in it.
        start: the present, UTC.
        ids: of all that is made in it.
        venue: an exchange brought back, made with this seed, to live on; None: a new one. Its users then keep what they
            have, and only those that it does not know get what the scenario gives.
        answers: what that one answered to writes that may be repeated.

    Raises:
        ConfigError: the scenario names an instrument that is not listed.
        DataError: a file is malformed.
    """
    _see_that_all_is_listed(scenario)
    if venue is None:
        venue = Venue(scenario.venue, start=start, ids=ids)
    office = _staffed(venue, scenario)
    account = next(office.accounts())
    present = venue.tempo.at(start)
    crowds = _crowds(venue, scenario, present)
    consumer = _consumer(venue, account, scenario, present)
    venue.advance(start)
    inference = InferenceApi(venue, office.by_consumption_key, ids=ids)
    faults = Faults(scenario.faults, venue) if scenario.faults.faults else None
    api, stream = ExchangeApi(venue, faults, answers), StreamHub(venue, faults)
    return SimExchange(venue, api, stream, inference, office, account, crowds, consumer, faults)


async def open_exchange(
    scenario: Scenario, keeper: Keeper | None, *, now: datetime, seed: int | None = None, ids: Ids | None = None
) -> SimExchange:
    """The exchange that was kept, living on, or a new one.

    Args:
        scenario: what goes on in it, its seed apart.
        keeper: where it is kept; None: nowhere.
        now: the present, UTC.
        seed: what keys and all chance are drawn from; None: from what they were drawn before, or from chance.
        ids: of all that is made in it from now on; None: they are drawn from the seed, and none comes twice.

    Raises:
        ConfigError: the scenario names an instrument that is not listed.
        DataError: what was kept, or a file of the scenario, is malformed; or it was made with another seed.
        GridbotError: what was kept cannot be read.
    """
    data = None if keeper is None else await keeper.load()
    if data is None:
        seed = secrets.randbits(64) if seed is None else seed
        return build_exchange(replace(scenario, seed=seed), start=now, ids=ids or SeededIds(seed))
    ids = ids or state.ids_after(data)
    try:
        seed = state.seed_of(data) if seed is None else seed
        scenario = scenario if seed is None else replace(scenario, seed=seed)
        venue = state.restore(data, scenario.venue, now, ids)
        _see_that_its_seed_is(scenario.seed, venue)
    except DataError as error:
        raise DataError(f"{keeper}: {error}") from None
    return build_exchange(scenario, start=now, ids=ids, venue=venue, answers=state.answers_of(data))


def _see_that_its_seed_is(seed: int, venue: Venue) -> None:
    office = Office(venue, seed)
    first = next(office.accounts(), None)
    if first is not None and not office.signs(first):
        raise DataError(
            "the saved exchange has no account with this key, so it was made with another seed; "
            "go back to that seed, or move it away to begin anew"
        )


def _see_that_all_is_listed(scenario: Scenario) -> None:
    given = {symbol for opening in _openings(scenario) for symbol in opening.grant.units}
    unlisted = {scenario.demand_symbol, *given} - set(scenario.venue.symbols)
    if unlisted:
        listed = ", ".join(scenario.venue.symbols)
        raise ConfigError(f"no such instrument: {', '.join(sorted(unlisted))}; the exchange lists {listed}")


def _openings(scenario: Scenario) -> tuple[Opening, ...]:
    return scenario.accounts or (Opening(USER, grant=Grant(scenario.cash, scenario.units)),)


def _staffed(venue: Venue, scenario: Scenario) -> Office:
    """An office that knows all accounts: those that were brought back, and those that the scenario adds."""
    office = Office(venue, scenario.seed)
    for opening in scenario.accounts if any(office.accounts()) else _openings(scenario):
        if opening.name not in venue.accounts:
            office.open(opening)
    return office


def _crowds(venue: Venue, scenario: Scenario, start: datetime) -> dict[str, Crowd]:
    replay = scenario.candles and Replay(read_candles(scenario.candles), scenario.mean_price, start)
    walk = WalkConfig(scenario.mean_price, scenario.crowd.volatility)
    crowds = {}
    for market in venue.markets.values():
        prices: PricePath = replay or RandomWalk(walk, f"{scenario.seed} {market.symbol}", start)
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
