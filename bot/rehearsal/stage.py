"""What a seed draws: the market, the exchange's habits, the strategies, and what goes wrong when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from math import ceil
from random import Random
from typing import Any

from bot.rehearsal.plan import RehearsalPlan
from bot.settings import Settings
from bot.sim.build import Scenario
from bot.sim.config import SYMBOLS, VenueConfig
from bot.sim.faults.kinds import ClockJump, Fault, Maintenance
from bot.sim.faults.plan import FaultPlan
from bot.sim.office import USER, Grant, Opening, Role
from bot.sim.presets import CALM, STRESSED, CrowdConfig

STOCKED = "text-prime"
CHURNED = "code-max"
MEAN_PRICE = Decimal("2.00")

CASH_A_WEEK = Decimal(10_000)
"""What the account begins with, for each week that has begun by the end: a month must not end for want of money."""

LAST_STOP_SECONDS = 60.0
"""How long the last stop may take."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One seed's exchange and bot.

    Attributes:
        scenario: of the exchange, with its faults.
        settings: of the bot.
        streams: whether the exchange's stream is listened to.
        seconds: the least and the most that a request, and its answer, take on their way.
        foreign: whether somebody has placed an order by hand with the bot's account.
        leased: whether the bot needs the database's lease, and after a crash waits until the dead one's is old.
    """

    scenario: Scenario
    settings: Settings
    streams: bool
    seconds: tuple[float, float]
    foreign: bool
    leased: bool

    @property
    def last_settings(self) -> Settings:
        """Those of the last life, which takes its time to leave nothing on the book, so that all can be settled."""
        engine = self.settings.engine.model_copy(update={"on_stop": "cancel", "stop_seconds": LAST_STOP_SECONDS})
        strategies = tuple(one.model_copy(update={"on_stop": None}) for one in self.settings.strategies)
        return self.settings.model_copy(update={"engine": engine, "strategies": strategies})


def stage_of(plan: RehearsalPlan, seed: int) -> Stage:
    """The stage of a seed; the same plan and seed give the same.

    Raises:
        ConfigError: the strategies of the plan cannot be made, or trade what the exchange does not list.
    """
    chance = Random(f"stage {seed}")  # noqa: S311 - repeatable, not secret
    settings = plan.settings or Settings.model_validate(_mix(chance, supplies=seed % 4 == 0))
    traded = dict.fromkeys(symbol for one in settings.strategies for symbol in one.markets)
    venue = VenueConfig(
        symbols=tuple(symbol for symbol in SYMBOLS if symbol in traded),
        auto_transfer=chance.random() < 0.3,
        lot_hours=chance.choice((1, 4, 4)),
        sweep_hours=(0, 4, 8, 12, 16, 20) if chance.random() < 0.2 else (),
        transfer_seconds=chance.choice((0.0, 2.0, 2.0, 30.0)),
        cancel_status=chance.choice((200, 204)),
        closed_cancel_status=chance.choice((409, 500)),
    )
    scenario = Scenario(
        venue=venue,
        seed=seed,
        mean_price=MEAN_PRICE,
        crowd=_crowd(chance),
        accounts=(_account(plan, {CHURNED: 20} if plan.settings is None and CHURNED in traded else {}),),
        demand_symbol=next(iter(traded), STOCKED),
        tokens_per_hour=chance.choice((2_000_000, 6_000_000, 12_000_000)),
        faults=_faults(plan, seed, chance),
    )
    streams = settings.exchange.stream != "off" and chance.random() < 0.7
    slowest = chance.choice((0.01, 0.1, 0.4))
    return Stage(
        scenario,
        settings,
        streams,
        (slowest / 10, slowest),
        foreign=settings.engine.adopt_foreign_orders is None and chance.random() < 0.5,
        leased=chance.random() < 0.25,
    )


def _account(plan: RehearsalPlan, units: Mapping[str, int]) -> Opening:
    """The bot's, which may issue units as well."""
    cash = CASH_A_WEEK * ceil(plan.hours / (7 * 24))
    return Opening(USER, Role.SUPPLIER, Grant(cash, units))


def _mix(chance: Random, *, supplies: bool) -> dict[str, Any]:
    """One `replenish`, alone on its market or not, somebody who makes work, and perhaps one who issues units."""
    alone = chance.random() < 0.5
    worked = CHURNED if alone else STOCKED
    supply = [_strategy("supply", "bot.rehearsal.supplier:Supplier", worked, "300s", {})] if supplies else []
    replenish = {
        "floor": 5,
        "target": chance.choice((10, 15, 25)),
        "max_price": "2.60",
        "discount": chance.choice((0, "0.02")),
    }
    return {
        "strategies": [
            _strategy("stock", "replenish", STOCKED, "600s", replenish),
            _strategy("churn", "bot.rehearsal.churner:Churner", worked, "400s", {}),
            *supply,
        ],
        "engine": {
            "poll_seconds": 60,
            "stream_poll_seconds": 120,
            "stop_seconds": 30,
            "lease_seconds": 60,
            "reconcile_seconds": 600,
            "on_stop": chance.choice(("cancel", "keep")),
        },
    }


def _strategy(name: str, strategy: str, symbol: str, every: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "strategy": strategy,
        "markets": [symbol],
        "schedule": {"every": every},
        "parameters": parameters,
    }


def _crowd(chance: Random) -> CrowdConfig:
    """A thin crowd, which is quick, and takes often what the bot quotes."""
    crowd = chance.choice((CALM, STRESSED))
    return replace(crowd, depth=5, interval_seconds=60.0, takers_per_hour=200.0)


def _faults(plan: RehearsalPlan, seed: int, chance: Random) -> FaultPlan:
    until = timedelta(hours=plan.hours) - (plan.end - plan.quiet_from)
    return FaultPlan(tuple(_clipped(plan.faults.faults, until, chance)), plan.faults.seed + seed)


def _clipped(faults: tuple[Fault, ...], until: timedelta, chance: Random) -> Iterator[Fault]:
    """The faults, over in time. What has a time of its own gets one that the seed draws: no two seeds are alike."""
    for fault in faults:
        moved = fault
        if isinstance(fault, (ClockJump, Maintenance)) and fault.until is not None:
            length = min(fault.until - fault.begin, until / 4)
            begin = (until - length) * chance.random()
            moved = fault.model_copy(update={"begin": begin, "until": begin + length})
        if moved.begin < until:
            yield moved.model_copy(update={"until": min(until, moved.until or until)})
