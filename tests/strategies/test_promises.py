"""What the library's strategies promise, kept by whole bots on a simulated exchange for hours of virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from bot.cli.rehearsal import START
from bot.domain.money import micros_of
from bot.domain.order import OrderState, Side
from bot.sim.build import SimExchange
from bot.sim.config import VenueConfig
from bot.sim.office import USER, Grant, Opening, Role
from tests.strategies.rehearsing import QUICK, SCENARIO, Rehearsal, instance, rehearse

MINUTE = timedelta(minutes=1)
WIDE = replace(SCENARIO, crowd=replace(QUICK, spread=0.06, takers_per_hour=240.0, volatility=0.3))
"""A wide spread that is there to be earned, and many who pay it."""

WILD = replace(SCENARIO, crowd=replace(QUICK, volatility=2.0))
"""A price that goes up and down by a tenth within hours."""


def user_units(seen: Rehearsal) -> tuple[int, int]:
    """Units of the user's in Trading and in Consumption."""
    instrument = seen.sim.venue.market_by_symbol("text-prime").instrument_id
    account = seen.sim.account
    return account.units[instrument].total, account.lots[instrument].units


def test_market_makers_hold_their_bounds_and_touch_only_their_own_orders(tmp_path: Path) -> None:
    by_hand = []

    def begin(sim: SimExchange) -> None:
        market = sim.venue.market_by_symbol("text-prime")
        by_hand.append(sim.venue.place(sim.account, market, Side.BUY, 3, micros_of(Decimal("1.00"))))

    async def look(seen: Rehearsal) -> None:
        held = await seen.held()
        for order in await seen.store.live_orders():
            if order.side is Side.BUY:
                held[order.strategy] = held.get(order.strategy, 0) + order.remaining
        assert held.get("near", 0) <= 12
        assert held.get("far", 0) <= 6

    maker = instance("market_maker", "near", size=4, half_spread="0.01", max_inventory=12)
    # a second one, whose quotes are off the market and near enough to where they should be for hours
    other = instance("market_maker", "far", size=3, half_spread="0.2", max_inventory=6, tolerance="0.19")
    seen = rehearse(
        tmp_path, WIDE, maker, other, hours=[0.6], look=look, every=MINUTE, begin=begin, engine={"on_stop": "keep"}
    )
    assert len(seen.fills_of("near", Side.BUY)) > 5
    assert len(seen.fills_of("near", Side.SELL)) > 5
    held = sum(fill.quantity if fill.side is Side.BUY else -fill.quantity for fill in seen.fills_of("near"))
    assert 0 <= held <= 12
    assert by_hand[0].is_open
    assert [order.state for order in seen.orders if order.strategy == "far"] == [OrderState.OPEN]
    assert all(order.post_only for order in seen.orders)


def test_twap_is_done_by_its_deadline_evenly_under_its_limit_and_across_a_restart(tmp_path: Path) -> None:
    job = instance("twap", quantity=48, duration="PT2H", limit="2.60", slices=8)
    seen = rehearse(tmp_path, SCENARIO, job, hours=[0.9, 1.6])
    fills = seen.fills_of("it")
    assert sum(fill.quantity for fill in fills) == 48
    assert max(fill.executed_at for fill in fills) <= START + timedelta(hours=2)
    assert all(fill.side is Side.BUY and fill.price <= Decimal("2.60") for fill in fills)
    for slices in range(1, 8):
        until = START + slices * 15 * MINUTE
        assert sum(fill.quantity for fill in fills if fill.executed_at < until) in range(6 * slices - 6, 6 * slices + 1)


def test_twap_sells_what_it_has_to_as_well(tmp_path: Path) -> None:
    scenario = replace(SCENARIO, units={"text-prime": 30})
    job = instance("twap", side="sell", quantity=30, duration="PT1H", limit="1.50", slices=6)
    seen = rehearse(tmp_path, scenario, job, hours=[1])
    assert sum(fill.quantity for fill in seen.fills_of("it", Side.SELL)) == 30


def test_batch_capacity_has_its_units_in_consumption_when_the_job_begins_and_not_long_before(tmp_path: Path) -> None:
    job = instance("batch_capacity", units=80, max_price="2.40", deadline="PT3H", ahead="PT10M")
    consumed: list[int] = []

    async def look(seen: Rehearsal) -> None:
        consumed.append(user_units(seen)[1])

    seen = rehearse(tmp_path, SCENARIO, job, hours=[1.5, 1.5], look=look, every=MINUTE)
    fills = seen.fills_of("it")
    assert sum(fill.quantity for fill in fills) == 80
    assert all(fill.price <= Decimal("2.40") for fill in fills)
    assert consumed[168] == 0
    assert user_units(seen) == (0, 80)
    paid = sum(fill.notional for fill in fills) / 80
    mean = seen.sim.venue.market_by_symbol("text-prime").trades.mean_price
    assert mean is not None
    assert paid <= mean * Decimal("1.01")


def test_batch_capacity_rather_goes_short_than_pays_more(tmp_path: Path) -> None:
    job = instance("batch_capacity", units=80, max_price="1.70", deadline="PT1H")
    seen = rehearse(tmp_path, SCENARIO, job, hours=[1.2])
    assert seen.fills == []
    assert {order.price for order in seen.orders} == {Decimal("1.70")}
    assert [order for order in seen.orders if order.is_live] == []


def test_tier_switch_keeps_its_target_from_another_market_when_supply_of_the_cheapest_is_gone(tmp_path: Path) -> None:
    scenario = replace(SCENARIO, venue=VenueConfig(symbols=("text-prime", "text-max")), tokens_per_hour=12_000_000)
    weights = {"text-prime": Decimal(1), "text-max": Decimal("0.9")}
    switch = instance("tier_switch", quality=weights, max_price="2.50", target=30, floor=10)

    async def look(seen: Rehearsal) -> None:
        now = seen.clock.now()
        if now == START + timedelta(hours=1):
            seen.sim.crowds["text-prime"].shock(seen.sim.venue, timedelta(hours=1))
        owned = Decimal(0)
        for symbol, weight in weights.items():
            market = seen.sim.venue.market_by_symbol(symbol)
            account, instrument = seen.sim.account, market.instrument_id
            live = [order for order in await seen.store.live_orders() if order.market_id == market.market_id]
            resting = sum(order.remaining for order in live)
            owned += weight * (resting + account.units[instrument].total + account.lots[instrument].units)
        assert owned <= 30

    both = switch | {"markets": list(weights)}
    seen = rehearse(tmp_path, scenario, both, hours=[1.75], look=look, every=MINUTE)
    for symbol, weight in weights.items():
        market_id = seen.sim.venue.market_by_symbol(symbol).market_id
        fills = [fill for fill in seen.fills_of("it") if fill.market_id == market_id]
        assert fills
        assert all(order.price <= Decimal("2.50") * weight for order in seen.orders if order.market_id == market_id)
        first = min(fill.executed_at for fill in fills)
        assert (first > START + timedelta(hours=1)) is (symbol == "text-max")


def test_supplier_sells_its_days_capacity_and_nothing_below_its_floor(tmp_path: Path) -> None:
    scenario = replace(SCENARIO, accounts=(Opening(USER, Role.SUPPLIER, Grant(Decimal(10))),))
    ladder = instance("supplier", floor="1.95", capacity=60, size=5, levels=4)
    seen = rehearse(tmp_path, scenario, ladder, hours=[2, 1])
    issued = sum(one.quantity for one in seen.sim.venue.history(seen.sim.account).issuances)
    sold = sum(fill.quantity for fill in seen.fills_of("it", Side.SELL))
    assert 40 <= sold <= issued <= 60
    assert all(order.side is Side.SELL and order.price >= Decimal("1.95") for order in seen.orders)
    assert user_units(seen)[0] == issued - sold


def test_sma_cross_goes_with_the_trend_and_never_holds_more_than_its_size(tmp_path: Path) -> None:
    async def look(seen: Rehearsal) -> None:
        assert 0 <= (await seen.held()).get("it", 0) <= 10

    cross = instance("sma_cross", size=10, fast=3, slow=9)
    del cross["schedule"]
    seen = rehearse(tmp_path, WILD, cross, hours=[1, 1], look=look, every=MINUTE)
    sides = [fill.side for fill in seen.fills_of("it")]
    assert sides.count(Side.BUY) > 1
    assert sides.count(Side.SELL) > 1


def test_dip_buyer_never_holds_more_than_its_lots_and_sells_at_a_profit(tmp_path: Path) -> None:
    async def look(seen: Rehearsal) -> None:
        live = [order for order in await seen.store.live_orders() if order.side is Side.BUY]
        assert (await seen.held()).get("it", 0) + sum(order.remaining for order in live) <= 12

    buyer = instance("dip_buyer", lot=4, lots=3, window=15, drop="0.01", take_profit="0.01")
    del buyer["schedule"]
    seen = rehearse(tmp_path, WILD, buyer, hours=[0.75, 0.75], look=look, every=MINUTE)
    bought, sold = seen.fills_of("it", Side.BUY), seen.fills_of("it", Side.SELL)
    assert sold
    assert min(fill.price for fill in sold) > min(fill.price for fill in bought)
