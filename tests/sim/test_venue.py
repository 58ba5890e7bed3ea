from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.clock import SeededIds
from bot.domain.order import Side, TimeInForce
from bot.sim.config import SYMBOLS, VenueConfig
from bot.sim.ledger import Account
from bot.sim.market import SimMarket
from bot.sim.refusals import Refusal
from bot.sim.venue import Venue
from tests.sim.client import START

USD = 1_000_000
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def market(venue: Venue) -> SimMarket:
    return venue.market_by_symbol("text-prime")


@pytest.fixture
def buyer(venue: Venue) -> Account:
    return venue.add_account("buyer", cash=Decimal(100))


@pytest.fixture
def seller(venue: Venue) -> Account:
    return venue.add_account("seller", units={"text-prime": 50})


def test_there_is_one_market_for_each_configured_instrument() -> None:
    venue = Venue(VenueConfig(), start=START, ids=SeededIds(1))
    assert [market.symbol for market in venue.markets.values()] == list(SYMBOLS)
    for market in venue.markets.values():
        assert venue.market(market.market_id) is market
        assert venue.market_of(market.instrument_id) is market
        assert venue.market_by_symbol(market.symbol) is market


@pytest.mark.parametrize("look_up", [Venue.market, Venue.market_of, Venue.market_by_symbol])
def test_what_is_not_listed_is_not_found(venue: Venue, look_up: Callable[[Venue, str], SimMarket]) -> None:
    with pytest.raises(Refusal, match="404"):
        look_up(venue, "unobtainium")


def test_an_account_begins_with_what_it_is_given(venue: Venue, market: SimMarket) -> None:
    account = venue.add_account("carol", cash=Decimal("12.34"), units={"text-prime": 7})
    assert (account.cash.total, account.cash.available, account.cash.locked) == (12_340_000, 12_340_000, 0)
    assert account.units[market.instrument_id].available == 7
    assert venue.accounts["carol"] is account


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"name": "buyer"}, "already"),
        ({"name": "x", "verify_key": b"short"}, "32 bytes"),
        ({"name": "x", "cash": Decimal(-1)}, "less than nothing"),
        ({"name": "x", "units": {"text-prime": -1}}, "less than nothing"),
        ({"name": "x", "cash": Decimal("0.0000001")}, "micro-dollars"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    venue: Venue, buyer: Account, options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        venue.add_account(**options)  # type: ignore[arg-type]
    assert list(venue.accounts) == ["buyer"]


def test_a_key_belongs_to_one_account(venue: Venue) -> None:
    venue.add_account("first", verify_key=bytes(32))
    with pytest.raises(ValueError, match="'first' has the key of 'second'"):
        venue.add_account("second", verify_key=bytes(32))
    assert list(venue.accounts) == ["first"]


def test_a_buy_locks_its_price_and_a_sell_its_units_until_they_are_cancelled(
    venue: Venue, market: SimMarket, buyer: Account, seller: Account
) -> None:
    bid = venue.place(buyer, market, BUY, 10, 3 * USD)
    ask = venue.place(seller, market, SELL, 20, 4 * USD)
    assert (buyer.cash.available, buyer.cash.locked) == (70 * USD, 30 * USD)
    assert (seller.units[market.instrument_id].available, seller.units[market.instrument_id].locked) == (30, 20)
    venue.cancel(buyer, bid.order_id)
    venue.cancel(seller, ask.order_id)
    assert (buyer.cash.available, buyer.cash.locked) == (100 * USD, 0)
    assert (seller.units[market.instrument_id].available, seller.units[market.instrument_id].locked) == (50, 0)
    assert (bid.status, bid.closure_reason, bid.closed_at) == ("cancelled", "cancelled_by_user", START)


def test_a_buy_fills_at_the_resting_price_and_keeps_the_difference(
    venue: Venue, market: SimMarket, buyer: Account, seller: Account
) -> None:
    ask = venue.place(seller, market, SELL, 4, 2 * USD)
    bid = venue.place(buyer, market, BUY, 10, 3 * USD)
    assert (ask.status, ask.closure_reason, ask.notional) == ("filled", "filled", 8 * USD)
    assert (bid.status, bid.filled, bid.remaining, bid.notional) == ("partially_filled", 4, 6, 8 * USD)
    assert (buyer.cash.available, buyer.cash.locked) == (100 * USD - 8 * USD - 18 * USD, 18 * USD)
    assert buyer.units[market.instrument_id].available == 4
    assert seller.cash.available == 8 * USD
    [trade] = market.trades.recent
    assert (trade.price, trade.quantity, trade.side, trade.executed_at) == (2 * USD, 4, BUY, START)
    assert (trade.maker_order_id, trade.taker_order_id) == (ask.order_id, bid.order_id)
    assert [(fill.trade, fill.order) for fill in venue.history(buyer).fills] == [(trade, bid)]
    assert [(fill.trade, fill.order) for fill in venue.history(seller).fills] == [(trade, ask)]


def test_what_is_sold_is_not_transferred(venue: Venue, market: SimMarket, buyer: Account) -> None:
    eager = venue.add_account("eager", units={"text-prime": 9}, auto_transfer=True)
    venue.place(buyer, market, BUY, 2, 3 * USD)
    venue.place(eager, market, SELL, 2, 3 * USD)
    assert (eager.units[market.instrument_id].available, venue.history(eager).transfers) == (7, [])


def test_a_market_order_takes_what_there_is_and_never_rests(
    venue: Venue, market: SimMarket, buyer: Account, seller: Account
) -> None:
    venue.place(seller, market, SELL, 2, 3 * USD)
    venue.place(seller, market, SELL, 2, 5 * USD)
    order = venue.place(buyer, market, BUY, 10, None)
    assert (order.status, order.closure_reason, order.filled) == ("cancelled", "no_liquidity", 4)
    assert (buyer.cash.available, buyer.cash.locked) == (84 * USD, 0)
    assert market.book.asks.best_price is None


def test_a_market_buy_is_refused_whole_when_it_cannot_be_paid(
    venue: Venue, market: SimMarket, buyer: Account, seller: Account
) -> None:
    venue.place(seller, market, SELL, 50, 3 * USD)
    with pytest.raises(Refusal, match=r"needs 102 USD, 100 are available"):
        venue.place(buyer, market, BUY, 34, None)
    assert buyer.cash.available == 100 * USD
    assert venue.history(buyer).orders == []


@pytest.mark.parametrize("side", [BUY, SELL])
def test_what_cannot_be_paid_is_refused_and_changes_nothing(venue: Venue, market: SimMarket, side: Side) -> None:
    poor = venue.add_account("poor")
    revision = venue.revision
    with pytest.raises(Refusal) as refused:
        venue.place(poor, market, side, 1, USD, client_order_id="mine")
    assert (refused.value.status, refused.value.code) == (400, "INSUFFICIENT_BALANCE")
    assert venue.revision == revision
    assert not venue.history(poor).has_client_order_id("mine")


def test_immediate_or_cancel_does_not_rest(venue: Venue, market: SimMarket, buyer: Account, seller: Account) -> None:
    venue.place(seller, market, SELL, 2, 3 * USD)
    order = venue.place(buyer, market, BUY, 5, 3 * USD, time_in_force=TimeInForce.IOC)
    assert (order.status, order.closure_reason, order.filled) == ("cancelled", "immediate_or_cancel", 2)
    assert market.book.bids.best_price is None


def test_fill_or_kill_fills_whole_or_not_at_all(
    venue: Venue, market: SimMarket, buyer: Account, seller: Account
) -> None:
    venue.place(seller, market, SELL, 2, 3 * USD)
    killed = venue.place(buyer, market, BUY, 3, 3 * USD, time_in_force=TimeInForce.FOK)
    assert (killed.status, killed.closure_reason, killed.filled) == ("cancelled", "fill_or_kill", 0)
    filled = venue.place(buyer, market, BUY, 2, 3 * USD, time_in_force=TimeInForce.FOK)
    assert (filled.status, filled.filled) == ("filled", 2)


def test_a_post_only_order_is_refused_when_it_would_trade(
    venue: Venue, market: SimMarket, buyer: Account, seller: Account
) -> None:
    venue.place(seller, market, SELL, 2, 3 * USD)
    with pytest.raises(Refusal, match=r"422.*post-only"):
        venue.place(buyer, market, BUY, 1, 3 * USD, post_only=True)
    assert venue.place(buyer, market, BUY, 1, 2 * USD, post_only=True).status == "active"


def test_an_order_never_trades_with_its_owners_own(venue: Venue, market: SimMarket, seller: Account) -> None:
    both = venue.add_account("both", cash=Decimal(100), units={"text-prime": 10})
    venue.place(seller, market, SELL, 1, 2 * USD)
    own = venue.place(both, market, SELL, 5, 3 * USD)
    order = venue.place(both, market, BUY, 6, 3 * USD)
    assert (order.status, order.closure_reason, order.filled) == ("cancelled", "self_trade_prevented", 1)
    assert (own.status, own.remaining) == ("active", 5)
    assert both.cash.locked == 0


@pytest.mark.parametrize(
    ("quantity", "price", "options", "status"),
    [
        (0, USD, {}, 422),
        (11, USD, {}, 422),
        (1, 0, {}, 422),
        (1, -USD, {}, 422),
        (1, 101 * USD, {}, 422),
        (1, USD + 1, {}, 422),
        (1, USD, {"stop_price": 0}, 422),
        (1, USD, {"stop_price": USD + 1}, 422),
        (1, USD, {"stop_price": USD, "post_only": True}, 400),
        (1, USD, {"reduce_only": True}, 422),
        (1, None, {"post_only": True}, 400),
        (1, USD, {"post_only": True, "time_in_force": TimeInForce.IOC}, 400),
    ],
)
def test_orders_keep_the_markets_rules(
    quantity: int, price: int | None, options: dict[str, object], status: int
) -> None:
    venue = Venue(VenueConfig(max_size=10, max_price=Decimal(100)), start=START, ids=SeededIds(1))
    account = venue.add_account("rich", cash=Decimal(10_000))
    with pytest.raises(Refusal) as refused:
        venue.place(account, venue.market_by_symbol("text-prime"), BUY, quantity, price, **options)  # type: ignore[arg-type]
    assert refused.value.status == status
    assert account.cash.locked == 0


def test_a_client_order_id_is_good_for_one_order_of_the_account(
    venue: Venue, market: SimMarket, buyer: Account
) -> None:
    first = venue.place(buyer, market, BUY, 1, USD, client_order_id="mine")
    venue.cancel(buyer, first.order_id)
    with pytest.raises(Refusal, match="DUPLICATE_CLIENT_ORDER_ID"):
        venue.place(buyer, market, BUY, 1, USD, client_order_id="mine")
    other = venue.add_account("other", cash=Decimal(1))
    assert venue.place(other, market, BUY, 1, USD, client_order_id="mine").is_open


def test_a_closed_order_cannot_be_cancelled(venue: Venue, market: SimMarket, buyer: Account) -> None:
    order = venue.place(buyer, market, BUY, 1, USD)
    venue.cancel(buyer, order.order_id)
    with pytest.raises(Refusal, match=r"500.*order_already_cancelled"):
        venue.cancel(buyer, order.order_id)


def test_orders_of_others_cannot_be_cancelled(venue: Venue, market: SimMarket, buyer: Account, seller: Account) -> None:
    order = venue.place(buyer, market, BUY, 1, USD)
    with pytest.raises(Refusal, match="404"):
        venue.cancel(seller, order.order_id)
    assert order.is_open


def test_bulk_cancel_takes_one_market_or_all_and_only_the_accounts_own(
    venue: Venue, market: SimMarket, buyer: Account
) -> None:
    other_market = venue.market_by_symbol("code-max")
    other = venue.add_account("other", cash=Decimal(10))
    foreign = venue.place(other, market, BUY, 1, USD)
    for where in (market, market, other_market):
        venue.place(buyer, where, BUY, 1, USD)
    assert venue.cancel_all(buyer, market) == 2
    assert venue.cancel_all(buyer) == 1
    assert venue.cancel_all(buyer) == 0
    assert foreign.is_open


def test_of_the_house_only_open_orders_are_remembered(venue: Venue, market: SimMarket, buyer: Account) -> None:
    house = venue.add_account("house", units={"text-prime": 100}, house=True)
    revision = venue.revision
    cancelled = venue.place(house, market, SELL, 1, 9 * USD)
    venue.cancel(house, cancelled.order_id)
    resting = venue.place(house, market, SELL, 2, 9 * USD)
    assert venue.revision == revision
    venue.place(buyer, market, BUY, 1, 9 * USD)
    history = venue.history(house)
    assert (history.orders, history.fills, list(history.open.values())) == ([], [], [resting])
    assert history.order(resting.order_id) is resting
    with pytest.raises(Refusal, match="404"):
        venue.cancel(house, cancelled.order_id)


@dataclass
class Witness:
    """An agent that notes when it acted."""

    name: str
    notes: list[tuple[str, datetime, datetime]]
    every: timedelta | None = None

    def act(self, venue: Venue, now: datetime) -> datetime | None:
        self.notes.append((self.name, now, venue.now))
        return None if self.every is None else now + self.every


def test_agents_act_in_the_order_of_time_and_of_joining(venue: Venue) -> None:
    notes: list[tuple[str, datetime, datetime]] = []
    second = timedelta(seconds=1)
    venue.add_agent(Witness("once", notes), START + 2 * second)
    venue.add_agent(Witness("steady", notes, every=second), START + second)
    venue.advance(START + 2 * second)
    assert [(name, (now - START).seconds) for name, now, _ in notes] == [("steady", 1), ("once", 2), ("steady", 2)]
    assert all(now == at for _, now, at in notes)


def test_time_passes_to_the_moment_asked_for_and_never_back(venue: Venue) -> None:
    venue.advance(START + timedelta(hours=1))
    venue.advance(START)
    assert venue.now == START + timedelta(hours=1)


def test_an_agent_that_would_act_for_ever_at_one_moment_is_an_error(venue: Venue) -> None:
    venue.add_agent(Witness("stuck", [], every=timedelta(0)), START)
    with pytest.raises(ValueError, match="not later"):
        venue.advance(START)


def test_an_agent_that_joins_late_acts_now(venue: Venue) -> None:
    notes: list[tuple[str, datetime, datetime]] = []
    venue.advance(START + timedelta(hours=1))
    venue.add_agent(Witness("late", notes), START)
    venue.advance(START + timedelta(hours=2))
    assert notes == [("late", START + timedelta(hours=1), START + timedelta(hours=1))]


@dataclass
class Revisions:
    """Sees whether the revision has grown since it was last asked."""

    venue: Venue
    last: int = field(default=-1)

    def grew(self) -> bool:
        before, self.last = self.last, self.venue.revision
        return self.last > before


def test_the_revision_grows_with_everything_that_a_user_sees_but_use_of_tokens(
    venue: Venue, market: SimMarket, buyer: Account
) -> None:
    house = venue.add_account("house", units={"text-prime": 100}, house=True)
    revisions = Revisions(venue, venue.revision)
    venue.place(house, market, SELL, 5, 2 * USD)
    assert not revisions.grew()
    order = venue.place(buyer, market, BUY, 7, 2 * USD)
    assert revisions.grew()
    venue.place(house, market, SELL, 1, 2 * USD)
    assert revisions.grew()
    venue.cancel(buyer, order.order_id)
    assert revisions.grew()
    venue.transfer(buyer, market.instrument_id, 3)
    assert revisions.grew()
    venue.advance(START + timedelta(seconds=2))
    assert revisions.grew()
    venue.consume(buyer, market.instrument_id, 10)
    assert not revisions.grew()
    venue.advance(START + timedelta(hours=5))
    assert revisions.grew()
    venue.add_account("another")
    assert revisions.grew()
