"""Orders of a day, reduce-only orders, and orders of one account that meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.clock import SeededIds
from bot.domain.order import Side, TimeInForce
from bot.sim.config import SelfTrade, VenueConfig
from bot.sim.ledger import Account
from bot.sim.market import SimMarket
from bot.sim.refusals import Refusal
from bot.sim.venue import Venue
from tests.sim.client import START, Client

ORDERS = "/v1/trading/orders"
USD = 1_000_000
BUY, SELL = Side.BUY, Side.SELL
MIDNIGHT = datetime(2026, 7, 2, tzinfo=UTC)


def until(client: Client, moment: datetime) -> None:
    """Let time pass for a client and its exchange."""
    client.now = moment
    client.get("/v1/me")


def test_an_order_of_a_day_expires_at_midnight(alice: Client) -> None:
    day = alice.order(time_in_force="day", quantity=3).data
    assert (day["status"], day["time_in_force"]) == ("active", "day")
    lasting = alice.order().data["order_id"]
    until(alice, MIDNIGHT - timedelta(microseconds=1))
    assert alice.get(f"{ORDERS}/{day['order_id']}").data["status"] == "active"
    until(alice, MIDNIGHT)
    told = alice.get(f"{ORDERS}/{day['order_id']}").data
    assert (told["status"], told["closure_reason"], told["closed_at"]) == (
        "expired",
        "end_of_day",
        "2026-07-02T00:00:00Z",
    )
    assert [row["order_id"] for row in alice.get(ORDERS, ("status", "expired")).data] == [day["order_id"]]
    assert [row["order_id"] for row in alice.get(ORDERS, ("status", "active")).data] == [lasting]
    assert alice.account.cash.locked == 1 * USD


def test_an_order_placed_at_midnight_has_the_whole_day(alice: Client) -> None:
    until(alice, MIDNIGHT)
    order_id = alice.order(time_in_force="day").data["order_id"]
    until(alice, MIDNIGHT + timedelta(hours=23, minutes=59))
    assert alice.get(f"{ORDERS}/{order_id}").data["status"] == "active"
    until(alice, MIDNIGHT + timedelta(days=1))
    assert alice.get(f"{ORDERS}/{order_id}").data["status"] == "expired"


def test_what_was_filled_or_cancelled_does_not_expire(alice: Client, bob: Client) -> None:
    cancelled, filled, half = (alice.order(time_in_force="day", quantity=2).data["order_id"] for _ in range(3))
    alice.delete(f"{ORDERS}/{cancelled}")
    bob.order(side="sell", quantity=3)
    until(alice, MIDNIGHT)
    told = [alice.get(f"{ORDERS}/{order_id}").data for order_id in (cancelled, filled, half)]
    assert [order["status"] for order in told] == ["cancelled", "filled", "expired"]
    assert told[2]["filled_quantity"] == 1


def test_a_waiting_order_of_a_day_expires_too(alice: Client) -> None:
    order = alice.order(type="stop_limit", stop_price="1.20", time_in_force="day").data
    assert order["status"] == "pending"
    until(alice, MIDNIGHT)
    assert alice.get(f"{ORDERS}/{order['order_id']}").data["status"] == "expired"
    assert alice.account.cash.locked == 0


def test_a_post_only_order_may_be_for_the_day(alice: Client) -> None:
    assert alice.order(time_in_force="day", post_only=True).status == 201


def test_an_order_becomes_one_of_a_day_and_one_that_lasts(alice: Client) -> None:
    first, second, third = (alice.order(time_in_force=tif).data["order_id"] for tif in ("gtc", "day", "day"))
    for order_id, words in ((first, ["day"]), (second, ["gtc"]), (third, ["gtc", "day"])):
        for word in words:
            got = alice.put(f"{ORDERS}/{order_id}", {"time_in_force": word})
            assert (got.status, got.data["time_in_force"]) == (200, word)
    until(alice, MIDNIGHT)
    statuses = [alice.get(f"{ORDERS}/{order_id}").data["status"] for order_id in (first, second, third)]
    assert statuses == ["expired", "active", "expired"]


@pytest.mark.parametrize(("asked", "quantity"), [(30, 30), (70, 60), (100_000, 60)])
def test_a_reduce_only_sell_is_cut_to_what_other_sells_leave(alice: Client, asked: int, quantity: int) -> None:
    alice.order(side="sell", quantity=40, price="9.00")
    order = alice.order(side="sell", quantity=asked, price="2.00", reduce_only=True).data
    assert (order["quantity"], order["remaining_quantity"], order["reduce_only"]) == (quantity, quantity, True)


def test_a_reduce_only_sell_of_nothing_is_refused(alice: Client) -> None:
    alice.order(side="sell", quantity=100, price="9.00")
    for fields in ({"price": "2.00"}, {"type": "market", "price": None}):
        got = alice.order(side="sell", reduce_only=True, **fields)
        assert (got.status, got.code) == (400, "INSUFFICIENT_BALANCE")
    assert "0 are available" in got.json["error"]["message"]


def test_a_reduce_only_buy_is_refused(alice: Client) -> None:
    got = alice.order(reduce_only=True)
    assert (got.status, "reduce_only goes with sells" in got.detail) == (422, True)


def test_a_reduce_only_sell_grows_no_further_than_what_is_held(alice: Client, bob: Client) -> None:
    bob.order(quantity=5, price="1.00")
    order_id = alice.order(side="sell", quantity=10, price="1.00", reduce_only=True).data["order_id"]
    alice.order(side="sell", quantity=60, price="9.00")
    order = alice.put(f"{ORDERS}/{order_id}", {"quantity": 1_000}).data
    assert (order["quantity"], order["filled_quantity"], order["remaining_quantity"]) == (40, 5, 35)


def test_a_reduce_only_order_that_waits_is_cut_when_it_is_placed(alice: Client) -> None:
    order = alice.order(type="stop", side="sell", price=None, stop_price="0.50", quantity=200, reduce_only=True)
    assert (order.data["status"], order.data["quantity"]) == ("pending", 100)


def two_accounts(self_trade: SelfTrade) -> tuple[Venue, SimMarket, Account, Account]:
    venue = Venue(VenueConfig(symbols=("text-prime",), self_trade=self_trade), start=START, ids=SeededIds(1))
    accounts = [venue.add_account(name, cash=Decimal(100), units={"text-prime": 20}) for name in ("maker", "both")]
    return venue, venue.market_by_symbol("text-prime"), accounts[0], accounts[1]


def test_the_resting_order_is_cancelled_where_that_is_configured() -> None:
    venue, market, maker, both = two_accounts(SelfTrade.CANCEL_RESTING)
    own = venue.place(both, market, SELL, 5, 2 * USD)
    behind = venue.place(maker, market, SELL, 3, 3 * USD)
    order = venue.place(both, market, BUY, 4, 3 * USD)
    assert (own.status, own.closure_reason, own.filled) == ("cancelled", "self_trade_prevented", 0)
    assert (behind.status, order.status, order.filled) == ("filled", "partially_filled", 3)
    assert (both.cash.locked, both.units[market.instrument_id].locked) == (3 * USD, 0)
    assert list(venue.history(both).open.values()) == [order]


def test_the_incoming_order_is_cancelled_by_default() -> None:
    assert VenueConfig().self_trade is SelfTrade.CANCEL_INCOMING


@pytest.mark.parametrize(
    ("self_trade", "filled", "own_is_open"),
    [(SelfTrade.CANCEL_INCOMING, 0, True), (SelfTrade.CANCEL_RESTING, 3, False)],
)
def test_fill_or_kill_counts_what_it_could_trade_with(self_trade: SelfTrade, filled: int, own_is_open: bool) -> None:
    venue, market, maker, both = two_accounts(self_trade)
    own = venue.place(both, market, SELL, 5, 2 * USD)
    venue.place(maker, market, SELL, 3, 3 * USD)
    order = venue.place(both, market, BUY, 3, 3 * USD, time_in_force=TimeInForce.FOK)
    assert (order.filled, own.is_open) == (filled, own_is_open)


def test_fill_or_kill_that_fails_cancels_no_resting_order() -> None:
    venue, market, maker, both = two_accounts(SelfTrade.CANCEL_RESTING)
    own = venue.place(both, market, SELL, 5, 2 * USD)
    venue.place(maker, market, SELL, 3, 3 * USD)
    order = venue.place(both, market, BUY, 4, 3 * USD, time_in_force=TimeInForce.FOK)
    assert (order.closure_reason, own.is_open) == ("fill_or_kill", True)


def test_a_market_buy_pays_only_for_what_is_not_its_owners() -> None:
    venue, market, maker, both = two_accounts(SelfTrade.CANCEL_RESTING)
    venue.place(both, market, SELL, 5, 2 * USD)
    venue.place(maker, market, SELL, 20, 5 * USD)
    order = venue.place(both, market, BUY, 20, None)
    assert (order.status, both.cash.total, both.cash.locked) == ("filled", 0, 0)


def test_a_post_only_order_is_refused_even_if_it_would_meet_only_its_owners() -> None:
    venue, market, _, both = two_accounts(SelfTrade.CANCEL_RESTING)
    own = venue.place(both, market, SELL, 5, 2 * USD)
    with pytest.raises(Refusal, match="post-only"):
        venue.place(both, market, BUY, 1, 2 * USD, post_only=True)
    assert own.is_open
