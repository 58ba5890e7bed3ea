"""Lists that tell of things as they were, and rows that are told of late."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from bot.sim.crowd import Crowd
from bot.sim.faults.kinds import ClockJump, LateFills, LateOrders, StaleLists
from bot.sim.presets import CALM
from bot.sim.prices import RandomWalk, WalkConfig
from tests.sim.client import START
from tests.sim.faults.world import FaultyWorld


def test_stale_lists_tell_of_orders_as_they_were() -> None:
    world = FaultyWorld(StaleLists(seconds=(5, 5), route="GET orders*"))
    kept, cancelled, filled = (world.alice.order(price=price, quantity=4).data["order_id"] for price in ("1", "2", "3"))
    world.later(seconds=10)
    world.bob.order(side="sell", price="3", quantity=1)
    world.later(seconds=10)
    world.alice.delete(f"/v1/orders/{cancelled}")
    world.bob.order(side="sell", price="3", quantity=3)
    new = world.alice.order(price="0.50").data["order_id"]
    world.later(seconds=4)

    shown = {row["order_id"]: row for row in world.alice.get("/v1/orders?status=active").data}
    assert set(shown) == {kept, cancelled}
    assert (shown[cancelled]["closed_at"], shown[cancelled]["closure_reason"]) == (None, None)
    (partial,) = world.alice.get("/v1/orders?status=partially_filled").data
    assert (partial["order_id"], partial["filled_quantity"], partial["remaining_quantity"]) == (filled, 1, 3)
    assert (partial["average_price"], partial["status"]) == ("3.00", "partially_filled")
    assert world.alice.get("/v1/orders?status=filled").data == []
    assert world.alice.get(f"/v1/orders/{new}").status == 404
    assert world.alice.get(f"/v1/orders/{filled}").data["filled_quantity"] == 1

    world.later(seconds=1)
    assert world.ids("/v1/orders?status=active", "order_id") == [new, kept]
    assert world.ids("/v1/orders?status=filled", "order_id") == [filled]
    assert world.faults.injected == {"stale_lists": 7}


def test_an_order_that_had_not_filled_yet_is_shown_as_active() -> None:
    world = FaultyWorld(StaleLists(seconds=(5, 5)))
    order_id = world.alice.order(price="3", quantity=4).data["order_id"]
    world.later(seconds=10)
    world.bob.order(side="sell", price="3", quantity=1)
    (row,) = world.alice.get("/v1/orders").data
    assert (row["order_id"], row["status"], row["filled_quantity"], row["average_price"]) == (
        order_id,
        "active",
        0,
        None,
    )


def test_a_stop_order_that_was_set_off_is_shown_as_waiting() -> None:
    world = FaultyWorld(StaleLists(seconds=(5, 5), route="GET orders"))
    stop = {"type": "stop_limit", "stop_price": "3.00", "price": "2.00"}
    order_id = world.alice.order(**stop).data["order_id"]
    world.later(seconds=10)
    world.bob.order(side="sell", price="3.00")
    world.alice.order(price="3.00")
    assert world.alice.get(f"/v1/orders/{order_id}").data["status"] == "active"
    assert world.ids("/v1/orders?status=pending", "order_id") == [order_id]
    world.later(seconds=5)
    assert world.ids("/v1/orders?status=active", "order_id") == [order_id]


def test_an_order_with_new_terms_stays_what_it_was_else() -> None:
    world = FaultyWorld(StaleLists(seconds=(5, 5)))
    order_id = world.alice.order(price="3", quantity=4).data["order_id"]
    world.bob.order(side="sell", price="3", quantity=1)
    world.later(seconds=10)
    world.alice.put(f"/v1/orders/{order_id}", {"price": "2.00"})
    (row,) = world.alice.get("/v1/orders").data
    assert (row["status"], row["filled_quantity"], row["price"]) == ("partially_filled", 1, "2.00")


def test_stale_lists_leave_out_new_fills_and_know_transfers_as_pending() -> None:
    world = FaultyWorld(StaleLists(seconds=(5, 5)))
    world.alice.order(price="3", quantity=1)
    world.bob.order(side="sell", price="3", quantity=1)
    transfer = {"instrument_id": world.instrument_id, "quantity": 5}
    world.alice.post("/v1/transfers/trading-to-consumption", transfer)
    assert world.alice.get("/v1/trades").data == []
    assert world.alice.get("/v1/transfer-histories").data == []
    world.later(seconds=5)
    (row,) = world.alice.get("/v1/transfer-histories").data
    assert (row["status"], row["transferred_at"]) == ("pending", None)
    assert len(world.alice.get("/v1/trades").data) == 1
    world.later(seconds=2)
    assert world.alice.get("/v1/transfer-histories?status=completed").data[0]["quantity"] == 5


def test_a_late_order_can_be_cancelled_but_not_be_seen() -> None:
    world = FaultyWorld(LateOrders(seconds=(3, 3), at=(2,)))
    first, late, third = (world.alice.order().data["order_id"] for _ in range(3))
    assert world.ids("/v1/orders", "order_id") == [third, first]
    assert world.ids("/v1/orders?status=active&order_direction=asc", "order_id") == [first, third]
    assert world.alice.get(f"/v1/orders/{late}").status == 404
    assert world.alice.delete(f"/v1/orders/{late}").status == 204
    world.later(seconds=3)
    assert world.ids("/v1/orders", "order_id") == [third, late, first]
    assert world.alice.get(f"/v1/orders/{late}").data["status"] == "cancelled"
    assert world.faults.injected == {"late_orders": 1}


def test_every_order_is_an_occasion_for_every_fault_of_orders() -> None:
    world = FaultyWorld(LateOrders(seconds=(3, 3), at=(1,)), LateOrders(seconds=(9, 9), at=(2,)))
    late, later = (world.alice.order().data["order_id"] for _ in range(2))
    assert world.ids("/v1/orders", "order_id") == []
    world.later(seconds=3)
    assert world.ids("/v1/orders", "order_id") == [late]
    world.later(seconds=6)
    assert world.ids("/v1/orders", "order_id") == [later, late]


def test_a_cursor_stays_good_when_a_late_order_appears_between_pages() -> None:
    world = FaultyWorld(LateOrders(seconds=(3, 3), at=(3,)))
    placed = [world.alice.order().data["order_id"] for _ in range(5)]
    page = world.alice.get("/v1/orders?limit=2").json
    assert [row["order_id"] for row in page["data"]] == [placed[4], placed[3]]
    world.later(seconds=3)
    rest = world.alice.get("/v1/orders?limit=9", ("next", page["paging"]["next_cursor"])).data
    assert [row["order_id"] for row in rest] == [placed[2], placed[1], placed[0]]


def test_a_late_fill_shows_in_its_order_first() -> None:
    world = FaultyWorld(LateFills(seconds=(2, 4), at=(1,)))
    order_id = world.alice.order(price="3", quantity=2).data["order_id"]
    world.bob.order(side="sell", price="3", quantity=1)
    world.bob.order(side="sell", price="3", quantity=1)
    assert world.alice.get(f"/v1/orders/{order_id}").data["status"] == "filled"
    (seen,) = world.ids(f"/v1/trades?order_id={order_id}", "trade_id")
    both = world.ids("/v1/trades", "trade_id", world.bob)
    assert len(both) == 2
    (late,) = set(both) - {seen}
    assert world.alice.get(f"/v1/trades/{late}").status == 404
    assert world.bob.get(f"/v1/trades/{late}").status == 200
    world.later(seconds=4)
    assert world.alice.get(f"/v1/trades/{late}").status == 200
    assert world.ids("/v1/trades", "trade_id") == both


def test_what_background_traders_do_is_no_occasion_for_a_fault() -> None:
    world = FaultyWorld(LateOrders(seconds=(1, 1)), LateFills(seconds=(1, 1)))
    market = world.venue.market_by_symbol("text-prime")
    prices = RandomWalk(WalkConfig(Decimal(2)), "walk", START)
    world.venue.add_agent(Crowd(world.venue, market, prices, CALM, 1), START)
    world.venue.advance(START + timedelta(minutes=10))
    assert world.faults.injected == {}


def test_a_clock_jump_shows_in_the_date_and_in_the_check_of_time_stamps() -> None:
    world = FaultyWorld(ClockJump(seconds=120, begin=timedelta(seconds=10), until=timedelta(seconds=20)))
    assert world.alice.get("/v1/me").response.headers["date"] == "Wed, 01 Jul 2026 00:30:00 GMT"
    world.later(seconds=10)
    answer = world.alice.get("/v1/me")
    assert (answer.status, answer.response.headers["date"]) == (401, "Wed, 01 Jul 2026 00:32:10 GMT")
    health = world.alice.get("/v1/health")
    assert health.data["server_time"] == "2026-07-01T00:32:10Z"
    world.alice.now += timedelta(seconds=9)
    assert world.faults.injected == {"clock_jump": 2}
    world.later(seconds=10)
    assert world.alice.get("/v1/me").status == 200


def test_who_signs_by_the_clock_that_jumped_is_let_in() -> None:
    world = FaultyWorld(ClockJump(seconds=-3600))
    request = world.alice.signed("GET", "/v1/me")
    world.alice.now -= timedelta(hours=1)
    ahead = world.alice.signed("GET", "/v1/me")
    assert world.api.handle(request, START).status == 401
    assert world.api.handle(ahead, START).status == 200
