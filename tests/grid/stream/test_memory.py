"""What is remembered of orders and fills, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.fill import Fill
from bot.domain.order import Side, VenueOrder
from bot.grid.stream.late import LateFills
from bot.grid.stream.memory import KEPT, OVERLAP, Memory
from tests.grid.scripted import NOW

LONG = KEPT + timedelta(seconds=1)


def order(name: str, at: datetime = NOW, status: str = "active", filled: int = 0) -> VenueOrder:
    return VenueOrder(name, status=status, quantity=10, filled=filled, created_at=at)


def fill(name: str, of: str, at: datetime = NOW, quantity: int = 1) -> Fill:
    return Fill(name, of, "m-1", Side.BUY, Decimal(2), quantity, at)


def test_lists_are_read_from_a_bit_before_their_last_row_but_never_from_before_the_beginning() -> None:
    memory = Memory(NOW)
    memory.has_orders([order("o-1", NOW + timedelta(seconds=10))])
    memory.has_fills([])
    assert (memory.orders_from, memory.fills_from) == (NOW, NOW)
    later = NOW + timedelta(hours=1)
    memory.has_orders([order("o-2", later), order("o-3")])
    memory.has_fills([fill("t-1", "o-2", later)])
    assert (memory.orders_from, memory.fills_from) == (later - OVERLAP, later - OVERLAP)


def test_fills_from_before_the_beginning_count_but_are_not_told() -> None:
    memory = Memory(NOW)
    memory.order(order("o-1", status="partially_filled", filled=3), NOW)
    assert not memory.fill(fill("t-0", "o-1", NOW - timedelta(days=1), 2), NOW)
    assert memory.owing() == ["o-1"]
    assert memory.fill(fill("t-1", "o-1", NOW, 1), NOW)
    assert memory.owing() == []
    assert not memory.fill(fill("t-1", "o-1", NOW, 1), NOW)


def test_an_order_that_is_over_is_forgotten_once_no_list_can_hold_it() -> None:
    memory = Memory(NOW)
    done = order("o-1", status="filled", filled=10)
    last = fill("t-1", "o-1", NOW, 10)
    assert memory.order(done, NOW)
    assert memory.fill(last, NOW)

    def is_known() -> bool:
        memory.forget(NOW + LONG)
        return not memory.fill(last, NOW)

    assert is_known()  # both lists are still read from there on
    memory.has_orders([order("o-2", NOW + LONG)])
    assert is_known()
    memory.has_fills([fill("t-2", "o-2", NOW + LONG)])
    memory.forget(NOW + KEPT)
    assert not memory.fill(last, NOW)
    assert not is_known()
    assert memory.order(done, NOW) == done


def test_orders_that_are_open_or_owe_fills_are_never_forgotten() -> None:
    memory = Memory(NOW)
    memory.order(order("open"), NOW)
    memory.order(order("owing", status="cancelled", filled=1), NOW)
    memory.order(order("done", status="cancelled"), NOW)
    memory.has_orders([order("o-2", NOW + LONG)])
    memory.forget(NOW + LONG)
    assert memory.order(order("open"), NOW) is None
    assert memory.order(order("owing", status="cancelled", filled=1), NOW) is None
    assert memory.order(order("done", status="cancelled"), NOW) is not None
    assert memory.write_off("owing") == 1
    memory.forget(NOW + LONG)
    assert memory.order(order("owing", status="cancelled", filled=1), NOW) is not None


def test_an_order_that_the_exchange_does_not_know_keeps_its_fills_known() -> None:
    memory = Memory(NOW)
    memory.order(order("o-1", filled=1, status="partially_filled"), NOW)
    memory.fill(fill("t-1", "o-1"), NOW)
    memory.unknown("o-1")
    assert memory.open_ids() == []
    assert not memory.fill(fill("t-1", "o-1"), NOW)
    assert memory.owing() == []


def test_late_fills_are_asked_for_ever_more_rarely() -> None:
    late = LateFills()
    assert late.seconds_left(NOW) is None
    late.watch(["o-1"], NOW)
    at, waits = NOW, []
    for _ in range(9):
        assert late.next(at) is None
        wait = late.seconds_left(at)
        assert wait
        waits.append(wait)
        at += timedelta(seconds=wait)
        assert late.next(at) == "o-1"
        late.watch(["o-1"], at)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert late.hopeless(at) == []
    assert late.hopeless(NOW + timedelta(hours=1)) == ["o-1"]
    late.watch([], at)
    assert late.seconds_left(at) is None
    assert late.next(at + timedelta(hours=1)) is None


def test_late_fills_of_many_orders_are_asked_for_one_after_the_other() -> None:
    late = LateFills()
    names = [f"o-{number}" for number in range(200)]
    late.watch(names, NOW)
    asked = []
    for second in range(1, 401):
        order_id = late.next(NOW + timedelta(seconds=second))
        if order_id is not None:
            asked.append(order_id)
            names.remove(order_id)
            late.watch(names, NOW + timedelta(seconds=second))
    assert len(asked) == len(set(asked)) == 200
