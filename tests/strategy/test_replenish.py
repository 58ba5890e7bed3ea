"""What `replenish` decides, hook by hook; that it keeps inference stocked over days is tested in the rehearsals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import Cash, Units
from bot.domain.intents import Intent, Quote, Stock
from bot.domain.market import Market, Ticker
from bot.domain.order import Order, OrderState, Side
from bot.execution.planner import plan
from bot.strategy.context import Context
from bot.strategy.snapshot import Consumption, MarketSnapshot
from strategies.replenish import Replenish

AT = datetime(2026, 1, 5, tzinfo=UTC)
MARKET = Market("m", "i", "text-prime", Decimal("0.01"))


def bid(units: int, price: str = "2.50", number: int = 1) -> Order:
    return Order(f"gb-{number}", "s", "m", Side.BUY, units, Decimal(price), AT, AT, OrderState.OPEN, f"o-{number}")


async def decide(
    *resting: Order,
    stock: int = 0,
    moving: int = 0,
    trading: int = 0,
    burn: float | None = None,
    bid: str | None = "1.90",
    ask: str | None = "2.10",
    cash: Decimal = Decimal(1000),
    market: Market = MARKET,
    others: tuple[Order, ...] = (),
    **parameters: Any,
) -> list[Intent]:
    ctx = Context(
        now=AT,
        cash=Cash(cash, cash),
        markets={
            "text-prime": MarketSnapshot(
                market,
                Ticker("m", AT, bid and Decimal(bid), ask and Decimal(ask)),  # type: ignore[arg-type]
                Units("i", trading, trading),
                Consumption(stock, moving, burn),
                resting,
                others,
            )
        },
        state={},
        log=structlog.stdlib.get_logger(),
    )
    strategy = Replenish.model_validate({"max_price": "2.50", "floor": 5, "target": 15, "lot": 1} | parameters)
    await strategy.on_tick(ctx)
    return ctx.intents


def quoted(intents: list[Intent]) -> list[tuple[str, int]]:
    (quote,) = [intent for intent in intents if isinstance(intent, Quote)]
    assert not quote.asks
    return [(str(level.price), level.quantity) for level in quote.bids]


def moved(intents: list[Intent]) -> int:
    return sum(intent.quantity for intent in intents if isinstance(intent, Stock))


async def test_with_nothing_at_all_it_bids_for_the_target_at_the_cap() -> None:
    intents = await decide()
    assert quoted(intents) == [("2.50", 15)]
    assert moved(intents) == 0


async def test_below_the_floor_it_moves_what_trading_has_up_to_the_target() -> None:
    assert moved(await decide(stock=4, trading=6)) == 6
    assert moved(await decide(stock=4, trading=60)) == 11


@pytest.mark.parametrize(("burn", "units"), [(None, 11), (6.0, 11), (3.0, 5), (1.0, 1), (0.0, 1)])
async def test_no_more_is_moved_than_is_used_up_before_it_expires(burn: float | None, units: int) -> None:
    assert moved(await decide(stock=4, trading=60, burn=burn)) == units


async def test_at_the_floor_it_moves_nothing() -> None:
    assert moved(await decide(stock=5, trading=6)) == 0


async def test_what_is_in_transfer_counts_as_stocked() -> None:
    intents = await decide(stock=1, moving=8, trading=6)
    assert moved(intents) == 0
    assert quoted(intents) == []


async def test_what_is_on_order_is_not_bought_again() -> None:
    intents = await decide(bid(10), stock=5)
    assert quoted(intents) == [("2.50", 10)]
    assert not plan(intents, [bid(10)])


async def test_what_is_held_in_trading_is_not_bought_again() -> None:
    assert quoted(await decide(stock=5, trading=4)) == [("2.50", 6)]


async def test_an_order_for_more_than_is_missing_is_taken_off() -> None:
    assert plan(await decide(bid(10), stock=12), [bid(10)]).cancels == ("gb-1",)


async def test_what_another_instance_has_on_order_is_not_bought_again() -> None:
    assert quoted(await decide(stock=5, others=(bid(8),))) == [("2.50", 2)]
    assert quoted(await decide(stock=5, others=(bid(10),))) == []


async def test_no_more_is_bid_for_than_the_cash_pays_for() -> None:
    assert quoted(await decide(cash=Decimal("20.00"))) == [("2.50", 8)]
    assert quoted(await decide(cash=Decimal("2.49"))) == []
    assert quoted(await decide(bid(8), cash=Decimal("5.00"))) == [("2.50", 10)]


async def test_bids_keep_to_the_markets_sizes_and_units_are_moved_all_the_same() -> None:
    small = replace(MARKET, max_size=6)
    assert quoted(await decide(market=small)) == [("2.50", 6)]
    large = replace(MARKET, min_size=10)
    intents = await decide(market=large, stock=2, trading=10)
    assert (moved(intents), quoted(intents)) == (10, [])
    assert quoted(await decide(market=large, stock=2, target=8)) == [("2.50", 10)]


async def test_small_amounts_wait_until_they_make_a_lot() -> None:
    assert quoted(await decide(stock=12, lot=5)) == []
    assert quoted(await decide(stock=10, lot=5)) == [("2.50", 5)]
    assert quoted(await decide(bid(5), stock=8, lot=5)) == [("2.50", 5)]


async def test_when_less_than_the_floor_is_owned_no_lot_is_too_small() -> None:
    assert quoted(await decide(stock=4, trading=10, lot=5)) == []
    assert quoted(await decide(stock=4, target=7, lot=5)) == [("2.50", 3)]


async def test_the_cap_is_rounded_down_to_the_tick() -> None:
    assert quoted(await decide(max_price="2.509")) == [("2.50", 15)]


@pytest.mark.parametrize(("stock", "price"), [(16, "1.89"), (10, "2.00"), (7, "2.05"), (5, "2.09"), (4, "2.10")])
async def test_the_bid_steps_up_to_the_ask_as_the_runway_shrinks(stock: int, price: str) -> None:
    intents = await decide(stock=stock, burn=8.0, discount="0.1", target=20)
    assert quoted(intents) == [(price, 20 - stock)]


async def test_without_burn_there_is_no_hurry() -> None:
    assert quoted(await decide(stock=10, discount="0.05")) == [("2.00", 5)]


async def test_stepping_up_stops_at_the_cap() -> None:
    assert quoted(await decide(stock=4, discount="0.05", max_price="1.95")) == [("1.95", 11)]


async def test_without_an_ask_to_follow_the_bid_is_the_cap() -> None:
    assert quoted(await decide(stock=5, discount="0.05", ask=None)) == [("2.50", 10)]


async def test_a_bid_does_not_chase_itself() -> None:
    assert quoted(await decide(stock=10, discount="0.05", bid="2.00")) == [("2.00", 5)]
    assert quoted(await decide(stock=10, discount="0.05", bid="2.09")) == [("2.00", 5)]


async def test_a_sell_order_is_no_price_to_keep() -> None:
    ask = replace(bid(3, "2.01"), side=Side.SELL)
    assert quoted(await decide(ask, stock=5, discount="0.05")) == [("2.00", 10)]


async def test_a_bid_that_is_nearly_right_keeps_its_place() -> None:
    assert quoted(await decide(bid(10, "2.02"), stock=5, discount="0.05")) == [("2.02", 10)]
    assert quoted(await decide(bid(10, "2.03"), stock=5, discount="0.05")) == [("2.00", 10)]


@given(
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 30),
    st.lists(st.integers(1, 10), max_size=3),
    st.sampled_from([Decimal(0), Decimal("0.05")]),
    st.integers(1, 8),
)
async def test_it_never_owns_more_than_the_target_and_never_bids_over_the_cap(
    stock: int, moving: int, trading: int, resting: list[int], discount: Decimal, lot: int
) -> None:
    orders = [bid(units, number=number) for number, units in enumerate(resting)]
    intents = await decide(*orders, stock=stock, moving=moving, trading=trading, discount=discount, lot=lot, burn=5.0)
    made = plan(intents, orders)
    kept = sum(order.remaining for order in orders if order.client_order_id not in made.cancels)
    new = sum(place.quantity for place in made.orders)
    if new:
        assert stock + moving + trading + kept + new <= 15
    assert all(place.price <= Decimal("2.50") for place in made.orders)
    assert moved(intents) <= trading
