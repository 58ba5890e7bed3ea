"""What the store promises, on every database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.domain.market import Market
from bot.domain.order import LIVE_STATES, Order, OrderState, Side, TimeInForce
from bot.domain.transfer import OPEN_TRANSFER_STATES, TransferState, Way
from bot.domain.transitions import Amended, Closed, apply
from bot.errors import StoreError
from bot.ports import BalanceSnapshot, Run, Store
from bot.storage.rows import IDS_AT_A_TIME
from bot.storage.store import SqlStore, open_store
from tests.storage.samples import (
    START,
    a_fill,
    a_record,
    a_transfer,
    accepted,
    after,
    an_order,
    filled,
)
from tests.storage.test_types import moments

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
prices = st.integers(1, 10**15).map(lambda number: Decimal(number).scaleb(-8))


@st.composite
def any_orders(draw: st.DrawFn) -> Order:
    quantity = draw(st.integers(1, 2**40))
    return Order(
        client_order_id="order-a",
        strategy=draw(text),
        market_id=draw(text),
        side=draw(st.sampled_from(Side)),
        quantity=quantity,
        price=draw(prices),
        created_at=draw(moments),
        updated_at=draw(moments),
        state=draw(st.sampled_from(OrderState)),
        order_id=draw(st.sampled_from([None, "venue-a"])),
        filled=draw(st.integers(0, quantity)),
        filled_notional=draw(prices | st.just(Decimal(0))),
        time_in_force=draw(st.sampled_from(TimeInForce)),
        reason=draw(text),
        post_only=draw(st.booleans()),
    )


async def journal(store: Store, name: str) -> Order:
    """An order that the exchange has."""
    order = an_order(name)
    await store.add_order(order)
    order = accepted(order)
    await store.save_order(order, a_record(order))
    return order


async def test_an_empty_store_knows_nothing(store: SqlStore) -> None:
    assert await store.markets() == []
    assert await store.order("nobody") is None
    assert await store.live_orders() == []
    assert await store.recent_orders(5) == []
    assert await store.order_history("nobody") == []
    assert await store.orders_by_client_id([]) == {}
    assert await store.orders_by_order_id(["x"]) == {}
    assert await store.recent_fills(5) == []
    assert await store.known_trades(["x"]) == set()
    assert await store.latest_fill_at() is None
    assert await store.orders_not_sent(START) == []
    assert await store.fills_since(START) == []
    assert await store.latch() is None
    assert await store.recent_incidents(5) == []
    assert await store.open_transfers() == []
    assert await store.recent_transfers(5) == []
    assert await store.known_transfers(["x"]) == set()
    assert (await store.moved(), await store.issued()) == ([], [])
    assert await store.latest_balances() == []
    assert await store.load_state("maker") == {}
    assert await store.counts() == {"orders": 0, "fills": 0, "transfers": 0}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=any_orders())
async def test_an_order_in_any_state_comes_back_as_it_was(store: SqlStore, order: Order) -> None:
    number = (await store.counts())["orders"]
    order = replace(
        order,
        client_order_id=f"order-{number}",
        order_id=f"venue-{number}" if order.order_id else None,
    )
    await store.add_order(order)
    assert await store.order(order.client_order_id) == order


@pytest.mark.parametrize("state", OrderState)
async def test_an_order_changes_to_any_state_and_its_history_tells(store: SqlStore, state: OrderState) -> None:
    order = an_order()
    await store.add_order(order)
    changed = replace(order, state=state, order_id="venue-1", reason="because", updated_at=after(5))
    record = a_record(changed, "Told", at=after(5))

    await store.save_order(changed, record)

    assert await store.order(order.client_order_id) == changed
    assert await store.order_history(order.client_order_id) == [record]
    assert await store.live_orders() == ([changed] if state in LIVE_STATES else [])


async def test_an_order_that_was_amended_comes_back_with_its_new_terms(store: SqlStore) -> None:
    order = await journal(store, "a")
    fill = a_fill(order, quantity=4)
    await store.add_fill(fill, order := filled(order, fill), a_record(order))
    order = apply(order, Amended(12, Decimal("1.30")), after(5))
    await store.save_order(order, a_record(order, "Amended", at=after(5)))
    assert await store.order("order-a") == order
    assert (order.quantity, order.price, order.filled) == (12, Decimal("1.30"), 4)


async def test_an_order_that_was_never_sent_can_be_sent_again(store: SqlStore) -> None:
    order = an_order()
    await store.add_order(order)
    for state in (OrderState.NOT_SENT, OrderState.SUBMITTING):
        order = replace(order, state=state)
        await store.save_order(order, a_record(order, state))
    assert await store.live_orders() == [order]
    assert [record.state for record in await store.order_history("order-a")] == ["not_sent", "submitting"]


async def test_orders_that_were_never_sent_are_listed_from_a_moment_on(store: SqlStore) -> None:
    for name, created, changed, state in [
        ("too-old", 3, 9, OrderState.NOT_SENT),
        ("b", 2, 10, OrderState.NOT_SENT),
        ("sent", 2, 11, OrderState.OPEN),
        ("a", 1, 11, OrderState.NOT_SENT),
    ]:
        await store.add_order(replace(an_order(name, at=after(created)), state=state, updated_at=after(changed)))
    assert [order.client_order_id for order in await store.orders_not_sent(after(10))] == ["order-a", "order-b"]


async def test_fills_are_listed_with_their_strategies_from_a_moment_on(store: SqlStore) -> None:
    maker, taker = an_order("a"), replace(an_order("b"), strategy="taker")
    stored: list[tuple[str, Fill]] = []
    for order, at in [(taker, 10), (maker, 11), (maker, 9), (taker, 11)]:
        if await store.order(order.client_order_id) is None:
            await store.add_order(order)
        before = accepted(await store.order(order.client_order_id) or order)
        fill = a_fill(before, f"t{len(stored)}", quantity=1, at=after(at))
        await store.add_fill(fill, filled(before, fill), a_record(order))
        stored.append((order.strategy, fill))
    assert await store.fills_since(after(10)) == [stored[0], stored[1], stored[3]]


async def test_the_newest_fills_and_the_sums_of_each_instance_on_each_market(store: SqlStore) -> None:
    sides = {"a": Side.BUY, "b": Side.SELL, "c": Side.BUY}
    orders = {name: replace(accepted(an_order(name)), side=side, strategy=name) for name, side in sides.items()}
    stored = []
    for number, name in enumerate("abcaabc"):
        if number < 3:
            await store.add_order(orders[name])
        fill = replace(a_fill(orders[name], f"t{number}", quantity=2, at=after(10 - number)), side=sides[name])
        orders[name] = filled(orders[name], fill)
        await store.add_fill(fill, orders[name], a_record(orders[name]))
        stored.append((name, fill))
    newest = await store.newest_fills(2)
    assert newest == [stored[number] for number in (6, 5, 3, 2, 1, 0)]
    market = orders["a"].market_id
    assert await store.traded() == [("a", market, 6), ("b", market, -4), ("c", market, 4)]


async def test_the_latch_is_what_was_set_last_whatever_the_clock_said(store: SqlStore, url: str) -> None:
    halted = Latch(TradingState.HALTED, "prices look wrong", "ada", after(60))
    resumed = Latch(TradingState.ACTIVE, "they were right", "bob", after(0))
    await store.set_latch(halted)
    assert await store.latch() == halted
    await store.set_latch(resumed)
    other = await open_store(url, create=False)
    assert await other.latch() == resumed
    await other.close()


async def test_the_latch_can_be_set_while_a_daemon_has_the_database_open(store: SqlStore, url: str) -> None:
    other = await open_store(url, create=False)
    latch = Latch(TradingState.HALTED, "stop", "ada", START)
    orders = [store.add_order(an_order(f"{number}")) for number in range(20)]
    await asyncio.gather(*orders, other.set_latch(latch))
    await other.close()
    assert await store.latch() == latch
    assert (await store.counts())["orders"] == 20


async def test_incidents_are_listed_newest_first(store: SqlStore) -> None:
    late, drift, again = (
        Incident(after(s), kind, "why") for s, kind in [(5, "late_order"), (1, "drift"), (1, "drift")]
    )
    for incident in (late, drift, again):
        await store.add_incident(incident)
    assert await store.recent_incidents(9) == [late, again, drift]
    assert await store.recent_incidents(1) == [late]


async def test_the_same_client_order_id_is_journaled_once(store: SqlStore) -> None:
    await store.add_order(an_order())
    with pytest.raises(StoreError, match=r"refused: .*client_order_id"):
        await store.add_order(an_order(quantity=99))
    assert await store.order("order-a") == an_order()


async def test_two_orders_cannot_have_one_venue_id(store: SqlStore) -> None:
    await journal(store, "a")
    other = an_order("b")
    await store.add_order(other)
    with pytest.raises(StoreError, match="order_id"):
        await store.save_order(replace(other, order_id="venue-a"), a_record(other))


async def test_an_order_that_was_never_journaled_cannot_change(store: SqlStore) -> None:
    order = an_order()
    with pytest.raises(StoreError, match="order order-a is not in the journal"):
        await store.save_order(order, a_record(order))
    assert await store.order_history("order-a") == []


@pytest.mark.parametrize(
    "broken",
    [
        {"quantity": 0},
        {"price": Decimal(0)},
        {"filled": 11},
        {"filled": -1},
        {"filled_notional": Decimal("-0.01")},
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(store: SqlStore, broken: dict[str, object]) -> None:
    with pytest.raises(StoreError, match="ck_orders_"):
        await store.add_order(replace(an_order(), **broken))  # type: ignore[arg-type]
    assert await store.counts() == {"orders": 0, "fills": 0, "transfers": 0}


async def test_orders_are_listed_by_time_and_then_as_they_were_written(store: SqlStore) -> None:
    for name, seconds in [("b", 1), ("a", 1), ("late", 2), ("early", 0)]:
        await store.add_order(an_order(name, at=after(seconds)))
    names = ["order-early", "order-b", "order-a", "order-late"]
    assert [order.client_order_id for order in await store.live_orders()] == names
    assert [order.client_order_id for order in await store.recent_orders(9)] == names[::-1]
    assert [order.client_order_id for order in await store.recent_orders(2)] == ["order-late", "order-a"]


async def test_a_history_is_told_as_it_happened_whatever_the_clock_said(store: SqlStore) -> None:
    order = an_order()
    await store.add_order(order)
    records = [a_record(order, event, at=after(seconds)) for event, seconds in [("first", 9), ("second", 3)]]
    for record in records:
        await store.save_order(order, record)
    assert await store.order_history(order.client_order_id) == records


async def test_orders_are_found_by_either_id(store: SqlStore) -> None:
    a, b = await journal(store, "a"), await journal(store, "b")
    assert await store.orders_by_order_id(["venue-b", "venue-x", "venue-a"]) == {"venue-a": a, "venue-b": b}
    assert await store.orders_by_client_id(["order-b", "order-x"]) == {"order-b": b}


async def test_any_number_of_ids_can_be_asked_for(store: SqlStore) -> None:
    order = await journal(store, "a")
    await store.add_fill(fill := a_fill(order), filled(order, fill), a_record(order))
    many = [f"nobody-{number}" for number in range(3 * IDS_AT_A_TIME)]
    assert (await store.orders_by_order_id([*many, "venue-a"])).keys() == {"venue-a"}
    assert await store.known_trades([*many, "t1", "t1"]) == {"t1"}
    assert await store.known_transfers(many) == set()


async def test_a_fill_is_stored_with_its_order_and_the_event(store: SqlStore) -> None:
    order = await journal(store, "a")
    fill = a_fill(order)
    after_it = filled(order, fill)

    assert await store.add_fill(fill, after_it, a_record(after_it, "Filled"))

    assert await store.recent_fills(5) == [fill]
    assert await store.order("order-a") == after_it
    assert [record.event for record in await store.order_history("order-a")] == ["Accepted", "Filled"]
    assert await store.counts() == {"orders": 1, "fills": 1, "transfers": 0}


async def test_a_known_trade_changes_nothing(store: SqlStore) -> None:
    order = await journal(store, "a")
    fill = a_fill(order)
    once = filled(order, fill)
    await store.add_fill(fill, once, a_record(once, "Filled"))

    again = replace(fill, price=Decimal("9.99"))
    assert not await store.add_fill(again, filled(once, again), a_record(once, "Filled again"))

    assert await store.recent_fills(5) == [fill]
    assert await store.order("order-a") == once
    assert [record.event for record in await store.order_history("order-a")] == ["Accepted", "Filled"]


async def test_a_trade_that_arrives_twice_at_once_counts_once(store: SqlStore) -> None:
    order = await journal(store, "a")
    fill = a_fill(order)
    once = filled(order, fill)
    stored = await asyncio.gather(*(store.add_fill(fill, once, a_record(once)) for _ in range(8)))
    assert sorted(stored) == [False] * 7 + [True]
    assert await store.order("order-a") == once


async def test_a_trade_that_two_connections_bring_at_once_counts_once(store: SqlStore, url: str) -> None:
    orders = [await journal(store, f"{number}") for number in range(10)]
    other = await open_store(url, create=False)
    for order in orders:
        fill = a_fill(order, f"trade-{order.order_id}")
        once = filled(order, fill)
        stored = await asyncio.gather(*(each.add_fill(fill, once, a_record(once)) for each in (store, other)))
        assert sorted(stored) == [False, True]
        assert await other.order(order.client_order_id) == once
    await other.close()


async def test_a_fill_that_was_applied_to_an_old_state_is_refused(store: SqlStore) -> None:
    order = await journal(store, "a")
    first, second = a_fill(order, "t1"), a_fill(order, "t2", quantity=3)
    await store.add_fill(first, filled(order, first), a_record(order))
    with pytest.raises(StoreError, match=r"order-a has 4 units filled in the journal, not 0: .* from an old one"):
        await store.add_fill(second, filled(order, second), a_record(order))
    assert await store.known_trades(["t1", "t2"]) == {"t1"}


async def test_an_old_state_cannot_make_a_fill_forgotten(store: SqlStore) -> None:
    order = await journal(store, "a")
    fill = a_fill(order)
    await store.add_fill(fill, filled(order, fill), a_record(order))
    cancelled = apply(order, Closed(OrderState.CANCELLED), after(3))
    with pytest.raises(StoreError, match="order-a has 4 units filled in the journal, not 0"):
        await store.save_order(cancelled, a_record(cancelled))
    assert await store.order("order-a") == filled(order, fill)


async def test_a_fill_of_an_order_that_was_never_journaled_is_refused(store: SqlStore) -> None:
    order = accepted(an_order())
    fill = a_fill(order)
    with pytest.raises(StoreError):
        await store.add_fill(fill, filled(order, fill), a_record(order))
    assert await store.counts() == {"orders": 0, "fills": 0, "transfers": 0}


async def test_fills_are_listed_newest_first_of_one_order_or_of_all(store: SqlStore) -> None:
    a, b = await journal(store, "a"), await journal(store, "b")
    one = a_fill(a, "t1", quantity=1, at=after(7))
    two = a_fill(b, "t2", quantity=1, at=after(5))
    three = a_fill(b, "t0", quantity=1, at=after(5))
    await store.add_fill(one, filled(a, one), a_record(a))
    await store.add_fill(two, b := filled(b, two), a_record(b))
    await store.add_fill(three, filled(b, three), a_record(b))

    assert await store.recent_fills(9) == [one, three, two]
    assert await store.recent_fills(2) == [one, three]
    assert await store.recent_fills(9, client_order_id="order-b") == [three, two]
    assert await store.latest_fill_at() == after(7)


@pytest.mark.parametrize("state", TransferState)
async def test_a_transfer_changes_to_any_state(store: SqlStore, state: TransferState) -> None:
    transfer = a_transfer()
    await store.add_transfer(transfer)
    assert await store.open_transfers() == [transfer]

    changed = replace(transfer, state=state, transfer_id="tr-1", reason="because", updated_at=after(5))
    await store.save_transfer(changed)

    assert await store.recent_transfers(5) == [changed]
    assert await store.open_transfers() == ([changed] if state in OPEN_TRANSFER_STATES else [])
    assert await store.known_transfers(["tr-1", "tr-2"]) == {"tr-1"}


@pytest.mark.parametrize("way", Way)
async def test_a_transfer_keeps_its_way(store: SqlStore, way: Way) -> None:
    transfer = replace(a_transfer(), way=way)
    await store.add_transfer(transfer)
    await store.save_transfer(replace(transfer, state=TransferState.UNKNOWN))
    assert [one.way for one in await store.open_transfers()] == [way]


COUNTED = [
    # way, state, units of three that have been taken from Trading and that are still to be moved there
    (Way.ISSUE, TransferState.UNKNOWN, 0, 0),
    (Way.ISSUE, TransferState.REFUSED, 0, 0),
    (Way.ISSUE, TransferState.COMPLETED, 0, 3),
    (Way.TO_TRADING, TransferState.SUBMITTING, 0, -3),
    (Way.TO_TRADING, TransferState.UNKNOWN, 0, -3),
    (Way.TO_TRADING, TransferState.PENDING, 0, -3),
    (Way.TO_TRADING, TransferState.COMPLETED, -3, -3),
    (Way.TO_TRADING, TransferState.NOT_SENT, 0, 0),
    (Way.TO_TRADING, TransferState.REFUSED, 0, 0),
    (Way.TO_TRADING, TransferState.FAILED, 0, 0),
    (Way.TO_CONSUMPTION, TransferState.UNKNOWN, 3, 0),
    (Way.TO_CONSUMPTION, TransferState.COMPLETED, 3, 0),
    (Way.TO_CONSUMPTION, TransferState.FAILED, 0, 0),
]


@pytest.mark.parametrize(("way", "state", "taken", "left"), COUNTED)
async def test_units_that_are_issued_and_moved_are_counted_by_their_strategies(
    store: SqlStore, way: Way, state: TransferState, taken: int, left: int
) -> None:
    issued = replace(a_transfer("issued"), way=Way.ISSUE, state=TransferState.COMPLETED, quantity=10)
    await store.add_transfer(issued)
    await store.add_transfer(replace(issued, key="another", strategy="taker"))
    changed = replace(a_transfer(), way=way, state=state)
    await store.add_transfer(changed)
    assert await store.issued() == [("maker", "i1", 10 + left), ("taker", "i1", 10)]
    assert [units for *_, units in await store.moved() if units] == ([taken] if taken else [])
    assert changed.taken == taken


async def test_what_was_issued_and_moved_to_trading_is_not_moved_again(store: SqlStore) -> None:
    for number, way in enumerate((Way.ISSUE, Way.TO_TRADING)):
        await store.add_transfer(replace(a_transfer(str(number)), way=way, state=TransferState.COMPLETED))
    assert await store.issued() == []


async def test_transfers_are_listed_by_time_and_then_as_they_were_written(store: SqlStore) -> None:
    for name, seconds in [("b", 1), ("a", 1), ("early", 0)]:
        await store.add_transfer(a_transfer(name, at=after(seconds)))
    keys = ["transfer-early", "transfer-b", "transfer-a"]
    assert [transfer.key for transfer in await store.open_transfers()] == keys
    assert [transfer.key for transfer in await store.recent_transfers(2)] == keys[:0:-1]


async def test_one_transfer_of_the_exchange_is_one_of_ours(store: SqlStore) -> None:
    for name in "ab":
        await store.add_transfer(a_transfer(name))
    await store.save_transfer(replace(a_transfer("a"), transfer_id="tr-1"))
    with pytest.raises(StoreError, match="transfer_id"):
        await store.save_transfer(replace(a_transfer("b"), transfer_id="tr-1"))
    with pytest.raises(StoreError, match="transfer transfer-c is not in the journal"):
        await store.save_transfer(a_transfer("c"))
    with pytest.raises(StoreError, match="ck_transfers_quantity"):
        await store.add_transfer(replace(a_transfer("c"), quantity=0))


async def test_the_latest_balance_of_each_account_and_asset(store: SqlStore) -> None:
    def held(seconds: float, account: str, asset: str, total: int) -> BalanceSnapshot:
        return BalanceSnapshot(after(seconds), account, asset, Decimal(total), Decimal(total - 1), Decimal(1))

    await store.save_balances([])
    await store.save_balances([held(2, "trading", "i1", 1), held(1, "cash", "USD", 5), held(0, "trading", "i2", 7)])
    await store.save_balances([held(1, "trading", "i1", 2), held(1, "cash", "USD", 6)])
    assert await store.latest_balances() == [
        held(1, "cash", "USD", 6),
        held(2, "trading", "i1", 1),
        held(0, "trading", "i2", 7),
    ]


async def test_a_strategy_keeps_its_own_state(store: SqlStore) -> None:
    await store.save_state("maker", {"bid": "1.25", "seen": [1, 2]}, START)
    await store.save_state("taker", {"n": 1}, START)
    await store.save_state("maker", {"bid": None}, after(1))
    assert await store.load_state("maker") == {"bid": None}
    assert await store.load_state("taker") == {"n": 1}


async def test_a_run_begins_once_and_ends(store: SqlStore) -> None:
    run = Run("run-1", "paper", START, version="0.1.0")
    await store.begin_run(run)
    with pytest.raises(StoreError, match="run_id"):
        await store.begin_run(run)
    await store.end_run("run-1", after(60))
    with pytest.raises(StoreError, match="run run-2 was never begun"):
        await store.end_run("run-2", after(60))


async def test_the_latest_run_is_the_one_that_was_begun_last_ended_or_not(store: SqlStore) -> None:
    assert await store.latest_run() is None
    await store.begin_run(Run("run-1", "run", after(9)))
    await store.begin_run(Run("run-2", "run", START, version="0.1.0"))
    assert await store.latest_run() == Run("run-2", "run", START, version="0.1.0")
    await store.end_run("run-2", after(60))
    assert await store.latest_run() == Run("run-2", "run", START, ended_at=after(60), version="0.1.0")


async def test_markets_are_stored_as_they_were_seen_last(store: SqlStore) -> None:
    prime = Market("m1", "i1", "text-prime", Decimal("0.01"), max_size=1000)
    code = Market("m2", "i2", "code-max", Decimal("0.0005"), min_size=5, status="suspended")
    await store.save_markets([prime, code])
    assert await store.markets() == [code, prime]
    coarser = replace(prime, tick=Decimal("0.05"), max_size=None)
    await store.save_markets([coarser])
    await store.save_markets([])
    assert await store.markets() == [code, coarser]


async def test_calls_at_once_are_all_stored(store: SqlStore) -> None:
    await asyncio.gather(*(store.add_order(an_order(f"{number}")) for number in range(30)))
    assert (await store.counts())["orders"] == 30


async def test_a_cancelled_call_is_finished_and_leaves_the_store_usable(store: SqlStore) -> None:
    call = asyncio.create_task(store.add_order(an_order()))
    waiting = asyncio.create_task(store.add_order(an_order("b")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for _ in range(2):  # impatient callers cancel twice
        call.cancel()
        waiting.cancel()
        await asyncio.sleep(0)
    for task in (call, waiting):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await store.order("order-a") == an_order()
    assert await store.order("order-b") is None


async def test_the_text_of_a_store_shows_no_password(store: SqlStore) -> None:
    assert repr(store).startswith("SqlStore('")
    assert repr(store.database) == f"Database('{store.database.name}')"
