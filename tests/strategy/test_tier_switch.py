"""What `tier_switch` decides."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.order import Side
from bot.errors import StrategyError
from bot.execution.planner import plan
from bot.strategy.context import Context
from strategies.tier_switch import TierSwitch
from tests.strategy.scene import MAX, a_context, a_market, bid, bids, moved

RULES = {"quality": {"text-prime": "1", "text-max": "2"}, "max_price": "2.50", "target": 20, "floor": 5, "lot": 1}


async def decide(
    prime: dict[str, Any] | None = None, best: dict[str, Any] | None = None, *, chosen: str | None = None, **more: Any
) -> Context:
    """A decision; by default a unit of text-prime costs 2.10, and one of text-max, which counts twice, 4.00."""
    account = {name: more.pop(name) for name in ("cash",) if name in more}
    dear: dict[str, Any] = {"bids": "3.80", "asks": "4.00", "market": MAX}
    ctx = a_context(
        a_market(**(prime or {})),
        a_market(**dear | (best or {})),
        state={} if chosen is None else {"chosen": chosen},
        **account,
    )
    await TierSwitch.model_validate(RULES | more).on_tick(ctx)
    return ctx


async def test_it_buys_what_is_cheapest_for_its_quality() -> None:
    ctx = await decide()
    assert (bids(ctx), bids(ctx, MAX)) == ([], [("4.00", 10)])
    ctx = await decide(best={"asks": "4.30"})
    assert (bids(ctx), bids(ctx, MAX)) == ([("2.10", 20)], [])


async def test_it_changes_markets_only_for_a_clear_advantage() -> None:
    ctx = await decide(best={"asks": "4.10"}, chosen="text-prime")
    assert (bids(ctx), bids(ctx, MAX)) == ([("2.10", 20)], [])
    ctx = await decide(best={"asks": "4.06"}, chosen="text-prime")
    assert (bids(ctx), bids(ctx, MAX)) == ([], [("4.06", 10)])
    assert ctx.state == {"chosen": "text-max"}


async def test_the_cap_is_on_a_weighted_unit() -> None:
    ctx = await decide({"asks": "2.70"}, {"asks": "5.20"})
    assert (bids(ctx), bids(ctx, MAX)) == ([], [("5.00", 10)])
    assert bids(await decide({"asks": "2.60"}, {"asks": None}, max_price="2.509")) == [("2.50", 20)]


async def test_with_nothing_offered_anywhere_it_waits_and_remembers() -> None:
    ctx = await decide({"asks": None}, {"asks": None}, chosen="text-max")
    assert (bids(ctx), bids(ctx, MAX)) == ([], [])
    assert ctx.state == {"chosen": "text-max"}


async def test_a_market_that_has_run_out_is_left() -> None:
    ctx = await decide(best={"asks": None}, chosen="text-max")
    assert bids(ctx) == [("2.10", 20)]


async def test_everything_owned_counts_by_its_weight() -> None:
    ctx = await decide({"stock": 1, "moving": 2, "trading": 3}, {"stock": 4})
    assert bids(ctx, MAX) == [("4.00", 3)]


async def test_bids_of_others_count() -> None:
    ctx = await decide({"others": [bid(4, "2.00")]}, {"others": [bid(3, "3.90", market=MAX)]}, chosen="text-max")
    assert bids(ctx, MAX) == [("4.00", 5)]


async def test_a_bid_that_is_being_left_counts_until_it_is_gone() -> None:
    ctx = await decide({"orders": [bid(18, "2.10")]}, chosen="text-prime")
    assert bids(ctx, MAX) == [("4.00", 1)]
    made = plan(ctx.intents, (*ctx.orders, *ctx["text-max"].orders))
    assert made.cancels == ("gb-1",)


async def test_a_bid_that_rests_right_stays() -> None:
    ctx = await decide(best={"orders": [bid(10, "4.00", market=MAX)]})
    assert not plan(ctx.intents, ctx["text-max"].orders)


async def test_small_amounts_wait_until_they_make_a_lot() -> None:
    assert bids(await decide(best={"stock": 8}, lot=5), MAX) == []
    assert bids(await decide(best={"stock": 7}, lot=5), MAX) == [("4.00", 3)]
    assert bids(await decide(best={"stock": 1}, target=6, lot=5), MAX) == [("4.00", 2)]


async def test_no_more_is_bid_for_than_the_cash_pays_for_or_the_market_takes() -> None:
    assert bids(await decide(cash=Decimal("12.50")), MAX) == [("4.00", 3)]
    assert bids(await decide(cash=Decimal(1)), MAX) == []
    assert bids(await decide(max_price="0.001"), MAX) == []
    small = replace(MAX, max_size=4)
    assert bids(await decide(best={"market": small}), MAX) == [("4.00", 4)]


async def test_below_the_floor_units_are_moved_by_their_weight() -> None:
    ctx = await decide({"stock": 4, "trading": 3}, {"trading": 30})
    assert (moved(ctx), moved(ctx, MAX)) == (3, 7)
    ctx = await decide({"stock": 4, "trading": 30}, {"trading": 30})
    assert (moved(ctx), moved(ctx, MAX)) == (16, 0)
    ctx = await decide({"stock": 1, "trading": 30}, {"stock": 2, "trading": 30})
    assert (moved(ctx), moved(ctx, MAX)) == (0, 0)


@pytest.mark.parametrize(("burns", "units"), [((None, None), 16), ((3.0, None), 5), ((1.0, 2.0), 11), ((0.1, 0.1), 1)])
async def test_no_more_is_moved_than_is_used_up_before_it_expires(
    burns: tuple[float | None, float | None], units: int
) -> None:
    ctx = await decide({"stock": 4, "trading": 30, "burn": burns[0]}, {"burn": burns[1]})
    assert moved(ctx) == units


async def test_a_weight_of_a_market_that_is_not_traded_is_an_error() -> None:
    with pytest.raises(StrategyError, match="'text-std' is not one of this strategy's markets"):
        await decide(quality={"text-std": 1})


def test_parameters_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="must not be below floor"):
        TierSwitch.model_validate(RULES | {"floor": 21})
    with pytest.raises(ValidationError, match="greater than 0"):
        TierSwitch.model_validate(RULES | {"quality": {"text-prime": 0}})


@pytest.mark.parametrize(("hook", "more"), [("on_start", []), ("on_fill", [None]), ("on_order", [None])])
async def test_every_hook_restocks(hook: str, more: list[Any]) -> None:
    ctx = a_context(a_market())
    strategy = TierSwitch.model_validate(RULES | {"quality": {"text-prime": 1}})
    await getattr(strategy, hook)(ctx, *more)
    assert bids(ctx) == [("2.10", 20)]


UNITS = st.integers(0, 8)
PRICES = st.one_of(st.none(), st.decimals("0.5", "8", places=2).map(str))
RESTING = st.lists(st.integers(1, 8), max_size=2)


@given(PRICES, PRICES, UNITS, UNITS, RESTING, RESTING, st.sampled_from([None, "text-prime", "text-max"]))
async def test_it_never_bids_above_the_cap_and_never_comes_to_more_than_its_target(
    cheap: str | None,
    dear: str | None,
    stock: int,
    trading: int,
    on_prime: list[int],
    on_max: list[int],
    chosen: str | None,
) -> None:
    prime_bids = [bid(units, "2.00", number=n) for n, units in enumerate(on_prime)]
    max_bids = [bid(units, "4.00", number=10 + n, market=MAX) for n, units in enumerate(on_max)]
    ctx = await decide(
        {"asks": cheap, "stock": stock, "orders": prime_bids},
        {"asks": dear, "trading": trading, "orders": max_bids},
        chosen=chosen,
    )
    live = [*prime_bids, *max_bids]
    made = plan(ctx.intents, live)
    weights = {"m": 1, "m-max": 2}
    assert all(place.price <= Decimal("2.50") * weights[place.market_id] for place in made.orders)
    assert all(place.side is Side.BUY for place in made.orders)
    if made.orders:
        resting = sum(order.remaining * weights[order.market_id] for order in live)
        new = sum(place.quantity * weights[place.market_id] for place in made.orders)
        assert stock + 2 * trading + resting + new <= 20
