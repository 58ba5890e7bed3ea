"""Charts of the strategies that need more than one market's candles, from bots on the simulated exchange."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bot.domain.order import Side
from bot.sim.build import Scenario
from bot.sim.config import VenueConfig
from bot.sim.office import USER, Grant, Opening, Role
from bot.sim.presets import CALM
from docs.charting.data import Shared
from docs.charting.model import StandIn
from docs.charting.panels import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Chart,
    area,
    fills,
    level,
    line,
    marks,
    runway,
    spans,
)
from docs.charting.rehearsal import START, AnyOf, rehearse
from docs.charting.seen import Seen

SYMBOL = "text-prime"
QUICK = replace(CALM, depth=6, interval_seconds=60)
"""A calm crowd that costs little time."""

PLAIN = Scenario(venue=VenueConfig(symbols=(SYMBOL,)), crowd=QUICK, tokens_per_hour=None)
"""One market, and nobody who uses up what is bought."""

BEGIN = "2022-01-10 12:00"
"""From when on prices follow the candles."""

FOLLOWS = "prices follow bitcoin from 10 January 2022, 12:00, on, scaled to a mean of 2 USD"


def market_maker(shared: Shared) -> Chart:
    """Six hours with a fall and a recovery, in a market that is wide enough to quote in."""
    maker = _instance("market_maker", size=5, half_spread="0.01", max_inventory=20)
    seen = _follow(shared, 6, replace(PLAIN, crowd=replace(QUICK, spread=0.03)), maker)
    chart = Chart(
        "market_maker: size 5, half_spread 1 %, max_inventory 20, on the simulated exchange, its crowd 3 % wide\n"
        f"{FOLLOWS}; 6 h",
        (3, 1.5, 2),
    )
    _prices(chart, seen)
    held = chart.panel(1, "units held")
    area(held, seen.times, seen.held(), "_", GREEN)
    level(held, 20, "max_inventory")
    gain = chart.panel(2, "gain, USD")
    line(gain, seen.times, seen.gain(), "the strategy, units at the middle of the market", PURPLE)
    level(gain, 0, "cash alone", ls=":")
    chart.figures = f"{_traded(seen)}; gain {seen.gain()[-1]:.2f}, least {np.nanmin(seen.gain()):.2f}"
    return chart


def supplier(shared: Shared) -> Chart:
    """Four hours in which bids fall to the floor and come back."""
    ladder = _instance("supplier", floor="1.98", capacity=500, size=10, levels=5)
    opening = Opening(USER, Role.SUPPLIER, Grant(Decimal(10)))
    seen = _follow(shared, 4, replace(PLAIN, accounts=(opening,)), ladder)
    chart = Chart(
        "supplier: floor 1.98, capacity 500 a day, 5 asks of 10 units, 1 % apart, on the simulated exchange\n"
        f"{FOLLOWS}; 4 h",
        (3, 1.5, 2),
    )
    level(_prices(chart, seen), 1.98, "floor")
    units, sold = chart.panel(1, "units"), -seen.held()
    issued = sold + seen.of("trading", SYMBOL)
    area(units, seen.times, sold, "sold", ORANGE)
    line(units, seen.times, issued, "issued and in Trading", BLUE, drawstyle="steps-post")
    level(units, 500, "capacity of the day")
    line(chart.panel(2, "earned, USD"), seen.times, seen.cash - seen.cash[0], "_", PURPLE)
    chart.figures = f"{_traded(seen)}; {issued.max():.0f} issued, {seen.cash[-1] - seen.cash[0]:.2f} USD earned"
    return chart


def tier_switch(shared: Shared) -> Chart:
    """A day with two markets whose prices go their own ways."""
    symbols, colours = ("text-prime", "text-max"), (BLUE, ORANGE)
    scenario = replace(PLAIN, venue=VenueConfig(symbols=symbols), crowd=replace(QUICK, volatility=0.25), seed=3)
    quality = dict.fromkeys(symbols, "1")
    switch = _instance("tier_switch", quality=quality, target=24, floor=8, max_price="2.30")
    user = AnyOf(symbols, shared.trace("m-large_c34", day=1), START)
    seen = rehearse(scenario, [switch | {"markets": list(symbols)}], hours=24, consumer=user)
    chart = Chart(
        "tier_switch: two instruments of equal quality, target 24, floor 8, max_price 2.30, switch 3 %\n"
        "on the simulated exchange, prices walk at random around 2 USD; demand of client m-large_c34 of ServeGen; 24 h",
        (3, 2, 1.5),
    )
    asks, stock = chart.panel(0, "ask, USD per unit"), chart.panel(1, "units in\nConsumption")
    level(asks, 2.30, "max_price")
    for symbol, colour in zip(symbols, colours, strict=True):
        line(asks, seen.times, seen.of("ask", symbol), symbol, colour, lw=0.8)
        bought = [fill for where, fill in seen.fills if where == symbol]
        marks(asks, bought, "^", colour, f"{len(bought)} buys, {sum(fill.quantity for fill in bought)} units")
        area(stock, seen.times, seen.of("consumption", symbol), symbol, colour)
    spans(stock, seen.times, np.diff(seen.refused, append=seen.refused[-1]) > 0, "tokens refused")
    whole = seen.of("consumption", symbols[0]) + seen.of("consumption", symbols[1])
    asked = np.diff(seen.asked, append=seen.asked[-1]) / 1e6
    line(chart.panel(2, "runway at last\nhour's use, h"), seen.times, runway(whole, asked), "_", GREEN)
    served = f"{user.asked / 1e6:.1f} units asked for, {user.served / user.asked:.2%} served"
    chart.figures = f"{_traded(seen)}; {served}, {seen.expired:.1f} expired"
    return chart


def llm_agent(shared: Shared) -> Chart:
    """Twelve hours with a stand-in for a model, whose tokens are bought beside."""
    agent = _instance("llm_agent", model=SYMBOL, max_price="2.40", budget="60")
    agent |= {"markets": ["code-max"], "candles": "5m", "schedule": {"every": "15m"}}
    stock = _instance("replenish", floor=1, target=2, lot=1, max_price="2.60") | {"name": "stock"}
    scenario = replace(PLAIN, venue=VenueConfig(symbols=(SYMBOL, "code-max")))
    seen = _follow(shared, 12, scenario, stock, agent, inference=StandIn)
    chart = Chart(
        "llm_agent: max_units 5, max_holding 20, max_price 2.40, budget 60 USD a day, asks every 15 min\n"
        "on the simulated exchange; a rule, and nonsense now and then, stand in for the model\n"
        f"{FOLLOWS}; 12 h",
        (3, 1.5, 2),
    )
    _prices(chart, seen, "code-max")
    held = chart.panel(1, "units held")
    area(held, seen.times, seen.held(), "_", GREEN)
    level(held, 20, "max_holding")
    gain, trades = chart.panel(2, "gain, USD"), seen.gain("code-max")
    tokens = seen.cash - seen.cash[0] + seen.of("trading", "code-max") * seen.middle("code-max") - trades
    line(gain, seen.times, trades, "its trades, units at the middle of the market", PURPLE)
    line(gain, seen.times, trades + tokens, "less what units to ask with have cost", ORANGE)
    level(gain, 0, "cash alone", ls=":")
    chart.figures = f"{_traded(seen)}; gain {trades[-1]:.2f}, tokens {tokens[-1]:.2f}; {dict(seen.state)}"
    return chart


def _instance(strategy: str, **parameters: object) -> dict[str, Any]:
    return {
        "name": "it",
        "strategy": strategy,
        "markets": [SYMBOL],
        "schedule": {"every": "60s"},
        "parameters": parameters,
    }


def _follow(shared: Shared, hours: int, scenario: Scenario, *strategies: dict[str, Any], **how: Any) -> Seen:
    """Run strategies on an exchange whose prices follow the candles from `BEGIN` on."""
    with tempfile.TemporaryDirectory() as folder:
        candles = shared.cut(BEGIN, hours + 1, Path(folder))
        return rehearse(replace(scenario, candles=candles), strategies, hours=hours, **how)


def _prices(chart: Chart, seen: Seen, symbol: str = SYMBOL) -> Axes:
    axes = chart.panel(0, "USD per unit")
    line(axes, seen.times, seen.of("ask", symbol), "best bid and ask", GREY, lw=0.7)
    line(axes, seen.times, seen.of("bid", symbol), "_", GREY, lw=0.7)
    fills(axes, [fill for _, fill in seen.fills])
    return axes


def _traded(seen: Seen) -> str:
    units: Counter[Side] = Counter()
    usd = dict.fromkeys(Side, 0.0)
    for _, fill in seen.fills:
        units[fill.side] += fill.quantity
        usd[fill.side] += float(fill.notional)
    traded = [f"{side} {units[side]} units at {usd[side] / units[side]:.4f}" for side in Side if units[side]]
    means = [f"{symbol} {mean:.4f}" for symbol, mean in seen.means.items()]
    return f"{', '.join(traded)}, in {len(seen.fills)} fills; mean of all trades: {', '.join(means)}"
