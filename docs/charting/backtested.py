"""Charts of the strategies that need one market's candles and no more, from back-tests."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
from matplotlib.axes import Axes

from bot.backtest import Backtest, BacktestResult, FillRules
from bot.domain.candle import Resolution
from bot.domain.order import Side
from bot.sim.traces import DemandTrace
from docs.charting.data import Shared
from docs.charting.panels import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Chart,
    Times,
    area,
    fills,
    level,
    line,
    moment_of,
    runway,
    spans,
)
from strategies.batch_capacity import BatchCapacity
from strategies.dip_buyer import DipBuyer
from strategies.replenish import Replenish
from strategies.sma_cross import SmaCross
from strategies.twap import Twap

RULES = FillRules(spread=2, volume_share=Decimal("0.25"))
"""A spread of two ticks, 1 % of the price as on the simulated exchange, and a quarter of the volume for us."""

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def sma_cross(shared: Shared) -> Chart:
    """A month of hourly candles."""
    history = shared.history("2022-01-01", 31 * DAY, Resolution.H1)
    result = Backtest(SmaCross(size=10, fast=12, slow=48), history, cash=Decimal(100), rules=RULES).run()
    chart = Chart(
        "sma_cross: size 10, fast 12, slow 48, on hourly candles, spread 2 ticks\n"
        "bitcoin, January 2022, scaled to 2 USD a unit",
        (3, 1, 2),
    )
    _prices(chart, result)
    area(chart.panel(1, "units held"), _ends(result), result.position, "_", GREEN)
    _equity(chart, result, units=10)
    return chart


def dip_buyer(shared: Shared) -> Chart:
    """A month of hourly candles."""
    history = shared.history("2022-01-01", 31 * DAY, Resolution.H1)
    strategy = DipBuyer(lot=10, lots=3, window=24, patience=DAY)
    result = Backtest(strategy, history, cash=Decimal(100), rules=RULES).run()
    chart = Chart(
        "dip_buyer: lot 10, lots 3, window 24, drop 3 %, take_profit 2 %, patience 24 h, on hourly candles, "
        "spread 2 ticks\nbitcoin, January 2022, scaled to 2 USD a unit",
        (3, 1, 2),
    )
    _prices(chart, result)
    area(chart.panel(1, "units held"), _ends(result), result.position, "_", GREEN)
    _equity(chart, result, units=30)
    return chart


def twap(shared: Shared) -> Chart:
    """Four hours in which the price falls, minute by minute."""
    history = shared.history("2022-01-05 17:00", 4 * HOUR + MINUTE)
    strategy = Twap(quantity=240, duration=4 * HOUR, limit=Decimal("2.40"), slices=24)
    result = Backtest(strategy, history, cash=Decimal(1000), rules=RULES, schedule=MINUTE).run()
    chart = Chart(
        "twap: buy 240 within 4 h in 24 slices, limit 2.40, ticks every minute, on one-minute candles, "
        "spread 2 ticks\nbitcoin, 5 January 2022, scaled to 2 USD a unit",
        (3, 1.5, 2),
    )
    _prices(chart, result)
    bought, times = chart.panel(1, "units bought"), _ends(result)
    area(bought, times, result.position, "bought", GREEN)
    line(bought, times, np.arange(len(times)), "evenly, one a minute", GREY, ls="--")
    _paid(chart, 2, result)
    return chart


def replenish(shared: Shared) -> Chart:
    """Three days in which the market exceeds the cap for one."""
    history = shared.history("2022-01-11", 3 * DAY)
    demand = shared.trace("m-large_c34", day=1)
    strategy = Replenish(floor=8, target=24, lot=2, max_price=Decimal("2.18"))
    result = Backtest(
        strategy,
        history,
        cash=Decimal(1000),
        rules=RULES,
        schedule=MINUTE,
        demand=demand,
        transfer_delay=timedelta(seconds=2),
    ).run()
    chart = Chart(
        "replenish: floor 8, target 24, lot 2, max_price 2.18, ticks every minute, spread 2 ticks\n"
        "demand of client m-large_c34 of ServeGen; price of bitcoin, 11 to 13 January 2022, scaled to 2 USD a unit",
        (3, 1.5, 2, 1.5, 2),
    )
    level(_prices(chart, result), 2.18, "max_price")
    _stock(chart, result, demand)
    _paid(chart, 4, result)
    return chart


def batch_capacity(shared: Shared) -> Chart:
    """A burst of demand that is known of 18 hours ahead."""
    ahead, burst = 18 * HOUR, shared.busiest("m-mid_c22", 18)
    demand = DemandTrace(burst.slot_seconds, (0,) * (ahead // timedelta(seconds=burst.slot_seconds)) + burst.slots)
    units = -(-sum(burst.slots) // 1_000_000)
    result = Backtest(
        BatchCapacity(units=units, max_price=Decimal("2.15"), deadline=ahead),
        shared.history("2022-01-10 12:00", ahead + 3 * HOUR),
        cash=Decimal(1000),
        rules=RULES,
        schedule=MINUTE,
        demand=demand,
        transfer_delay=timedelta(seconds=2),
    ).run()
    chart = Chart(
        f"batch_capacity: {units} units within 18 h, max_price 2.15, discount 5 %, ticks every minute, spread 2 ticks\n"
        "the job: the busiest 3 h of client m-mid_c22 of ServeGen; price of bitcoin, 10 January 2022, scaled to 2 USD",
        (3, 1.5, 1.5, 2),
    )
    level(_prices(chart, result), 2.15, "max_price")
    area(chart.panel(1, "units in\nTrading"), _ends(result), result.position, "_", GREEN)
    area(chart.panel(2, "units in\nConsumption"), _ends(result), result.stock, "_", BLUE)
    _paid(chart, 3, result)
    return chart


def _ends(result: BacktestResult) -> Times:
    return result.history.end.astype("datetime64[ns]")


def _prices(chart: Chart, result: BacktestResult) -> Axes:
    """The price and the fills; the figures of the run go with it."""
    axes, history = chart.panel(0, "USD per unit"), result.history
    line(axes, history.time.astype("datetime64[ns]"), history.close / 1e6, "price, between bid and ask", GREY, lw=0.9)
    fills(axes, result.fills)
    chart.figures = _figures(result)
    return axes


def _equity(chart: Chart, result: BacktestResult, *, units: int) -> None:
    """What the account is worth, beside that of one that buys at the beginning and of one that does nothing."""
    axes, times, history = chart.panel(2, "equity, USD"), _ends(result), result.history
    line(axes, times, result.equity / 1e6, "the strategy", PURPLE)
    begun = result.equity[0] / 1e6
    held = begun + units * (history.close - history.open[0]) / 1e6
    line(axes, times, held, f"{units} units held throughout", GREY, ls="--")
    level(axes, begun, "cash alone", ls=":")


def _stock(chart: Chart, result: BacktestResult, demand: DemandTrace) -> None:
    times = _ends(result)
    slots = demand.slot_seconds // 60
    asked = np.array([demand.tokens(minute // slots) / slots for minute in range(len(times))]) / 1e6
    area(chart.panel(1, "asked for,\nunits per hour"), times, asked * 60, "_", ORANGE)
    held = chart.panel(2, "units in\nConsumption")
    area(held, times, result.stock, "stock", BLUE)
    spans(held, times, (result.stock == 0) & (asked > 0), "less than a unit")
    line(chart.panel(3, "runway at last\nhour's use, h"), times, runway(result.stock, asked), "_", GREEN)


def _paid(chart: Chart, number: int, result: BacktestResult) -> None:
    """What a unit has cost in the mean so far, beside the market's mean over the time so far."""
    axes, history, times = chart.panel(number, "mean cost so far,\nUSD per unit"), result.history, _ends(result)
    mean = np.cumsum(history.close / 1e6) / np.arange(1, len(history) + 1)
    line(axes, times, mean, "market's price", GREY, ls="--")
    bought = [fill for fill in result.fills if fill.side is Side.BUY]
    cost = np.cumsum([float(fill.notional) for fill in bought])
    each = cost / np.cumsum([fill.quantity for fill in bought])
    at = np.array([*(moment_of(fill.executed_at) for fill in bought), times[-1]])
    line(axes, at, np.append(each, each[-1]), "paid", BLUE, drawstyle="steps-post")


def _figures(result: BacktestResult) -> str:
    close, use = result.history.close / 1e6, result.inference
    bought, sold = (sum(fill.quantity for fill in result.fills if fill.side is side) for side in (Side.BUY, Side.SELL))
    text = (
        f"{bought} units bought at {result.cost_per_unit or 0:.4f}, {sold} sold in {len(result.fills)} fills; "
        f"equity {result.equity[0] / 1e6:.2f} to {result.final_equity:.2f}; "
        f"market {close[0]:.2f} to {close[-1]:.2f}, mean {close.mean():.4f}"
    )
    if use.served_share is None:
        return text
    return (
        f"{text}; {use.asked / 1e6:.1f} units asked for, {use.served_share:.2%} served, {use.stockouts} stock-outs, "
        f"{use.waste_share or 0:.1%} expired"
    )
