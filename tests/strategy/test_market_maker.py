"""What `market_maker` decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from bot.domain.intents import Place, Quote
from bot.domain.order import Order, Side
from bot.execution.planner import plan
from bot.strategy.context import Context
from strategies.market_maker import MarketMaker
from tests.strategy.scene import a_context, a_market, ask, asks, bid, bids, book
from tests.strategy.toy import MOVES, Toy

EVEN = book({"1.96": 10, "1.90": 50}, {"2.04": 10, "2.10": 50})


async def decide(
    *resting: Order, holding: int = 0, depth: Any = EVEN, others: tuple[Order, ...] = (), **more: Any
) -> Context:
    market = {name: more.pop(name) for name in ("trading", "bids", "asks") if name in more}
    parameters = {"size": 5, "half_spread": "0.01", "max_inventory": 20, "skew": "0.001"} | more
    ctx = a_context(a_market(orders=resting, others=others, holding=holding, depth=depth, **market))
    await MarketMaker.model_validate(parameters).on_book(ctx)
    return ctx


async def test_it_quotes_around_the_middle_and_never_takes() -> None:
    ctx = await decide(holding=10, skew="0")
    assert (bids(ctx), asks(ctx)) == ([("1.98", 5)], [("2.02", 5)])
    assert isinstance(ctx.intents[0], Quote)
    assert ctx.intents[0].post_only


async def test_the_value_is_closer_to_the_side_that_will_give_way_first() -> None:
    heavy_bids = book({"1.96": 30}, {"2.04": 10})
    assert bids(await decide(depth=heavy_bids)) == [("1.99", 5)]
    heavy_asks = book({"1.96": 10}, {"2.04": 30})
    assert bids(await decide(depth=heavy_asks)) == [("1.96", 5)]


async def test_every_unit_held_moves_both_quotes_down() -> None:
    ctx = await decide(holding=10)
    assert (bids(ctx), asks(ctx)) == ([("1.96", 5)], [("2.00", 5)])


async def test_with_nothing_held_there_is_only_a_bid() -> None:
    ctx = await decide()
    assert (bids(ctx), asks(ctx)) == ([("1.98", 5)], [])


@pytest.mark.parametrize(("holding", "units"), [(14, 5), (17, 3), (20, 0), (23, 0)])
async def test_no_more_is_bid_for_than_the_bound_leaves_room_for(holding: int, units: int) -> None:
    assert sum(quantity for _, quantity in bids(await decide(holding=holding))) == units


async def test_only_what_it_holds_is_offered_and_only_what_trading_has() -> None:
    assert asks(await decide(holding=3, trading=50)) == [("2.02", 3)]
    assert asks(await decide(holding=8, trading=2)) == [("2.01", 2)]
    resting = ask(4, "2.01")
    assert asks(await decide(resting, holding=8, trading=4)) == [("2.01", 4)]


async def test_its_own_quotes_do_not_move_it() -> None:
    own = book({"1.98": 5, "1.96": 10}, {"2.02": 5, "2.04": 10})
    ctx = await decide(bid(5, "1.98"), ask(5, "2.02", number=2), depth=own, holding=5, skew="0")
    assert not plan(ctx.intents, ctx.orders)


async def test_the_bots_other_instances_do_not_move_it_either_but_it_does_not_meet_them() -> None:
    theirs = book({"1.96": 10}, {"1.97": 5, "2.04": 10})
    ctx = await decide(others=(ask(5, "1.97"),), depth=theirs)
    assert bids(ctx) == [("1.96", 5)]
    theirs = book({"2.03": 5, "1.96": 10}, {"2.04": 10})
    ctx = await decide(others=(bid(5, "2.03"),), depth=theirs, holding=5)
    assert asks(ctx) == [("2.04", 5)]


async def test_a_quote_that_is_nearly_right_keeps_its_place() -> None:
    assert bids(await decide(bid(5, "1.97"), tolerance="0.006")) == [("1.97", 5)]
    assert bids(await decide(bid(5, "1.95"), tolerance="0.006")) == [("1.98", 5)]
    assert asks(await decide(ask(5, "2.03"), holding=5, skew="0", tolerance="0.006")) == [("2.03", 5)]


async def test_a_quote_is_kept_only_where_it_does_not_cross() -> None:
    narrow = book({"1.97": 10}, {"1.98": 10})
    ctx = await decide(bid(5, "1.98"), depth=narrow, half_spread="0.006", tolerance="0.0055")
    assert bids(ctx) == [("1.96", 5)]


@pytest.mark.parametrize("depth", [book({}, {"2.04": 1}), book({"1.96": 1}, {}), book({}, {})])
async def test_it_withdraws_when_a_side_is_empty(depth: Any) -> None:
    ctx = await decide(bid(5, "1.98"), depth=depth, holding=5)
    assert plan(ctx.intents, ctx.orders).cancels == ("gb-1",)
    assert (bids(ctx), asks(ctx)) == ([], [])


async def test_a_side_that_is_all_its_own_is_empty() -> None:
    ctx = await decide(bid(5, "1.96"), depth=book({"1.96": 5}, {"2.04": 10}))
    assert bids(ctx) == []


async def test_it_withdraws_when_the_spread_is_too_narrow() -> None:
    assert bids(await decide(min_spread="0.05")) == []
    assert bids(await decide(min_spread="0.04")) == [("1.98", 5)]


async def test_without_a_book_it_goes_by_the_ticker() -> None:
    assert bids(await decide(depth=None, bids="1.90", asks="2.10")) == [("1.98", 5)]
    assert bids(await decide(depth=None, bids=None)) == []


async def test_a_value_below_a_tick_is_not_bid() -> None:
    assert bids(await decide(depth=book({"0.01": 5}, {"0.02": 5}), half_spread="0.5")) == []


@pytest.mark.parametrize(
    ("hook", "more"), [("on_start", []), ("on_tick", []), ("on_fill", [None]), ("on_order", [None])]
)
async def test_every_hook_requotes(hook: str, more: list[Any]) -> None:
    ctx = a_context(a_market(depth=EVEN))
    await getattr(MarketMaker(), hook)(ctx, *more)
    assert bids(ctx) == [("1.98", 5)]


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [({"tolerance": "0.01"}, "less than half_spread"), ({"skew": "0.1", "max_inventory": 10}, "less than 1")],
)
def test_parameters_that_would_cross_or_give_units_away_are_refused(parameters: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        MarketMaker.model_validate(parameters)


class Watched(Toy):
    """Sees that no quote crosses, and that the bound holds as soon as one is placed."""

    bound = 12

    def _place(self, place: Place) -> None:
        super()._place(place)
        assert place.post_only
        assert place.price < self.ask if place.side is Side.BUY else place.price > self.bid
        assert place.price % Decimal("0.01") == 0
        assert max(0, self.holding) + self.on_order(Side.BUY) <= self.bound
        assert self.on_order(Side.SELL) <= self.holding
        bought = [order.price for order in self.live if order.side is Side.BUY]
        sold = [order.price for order in self.live if order.side is Side.SELL]
        assert not bought or not sold or max(bought) < min(sold)


@given(MOVES)
async def test_it_never_crosses_and_never_holds_more_than_its_bound(moves: list[Any]) -> None:
    maker = MarketMaker(size=5, max_inventory=Watched.bound, skew=Decimal("0.01"), half_spread=Decimal("0.02"))
    toy = Watched(maker, trading=7)  # somebody else's, not to be sold
    await toy.live_through(moves)
    assert 0 <= toy.holding <= Watched.bound
