"""A simulated exchange that was put away comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.domain.order import Side
from bot.errors import DataError
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.history import Way
from bot.sim.ledger import AccountMode
from bot.sim.orders import SimTrade
from bot.sim.refusals import Refusal
from bot.sim.state import dump, restore
from bot.sim.venue import Venue
from tests.sim.client import START, Client, open_account

CONFIG = VenueConfig(symbols=("text-prime", "code-max"), rate_limits=None)
LATER_IDS = SeededIds(2)
READS = (
    "instruments",
    "markets",
    "orders",
    "trades",
    "trading-accounts",
    "currency-trading-accounts",
    "consumption-accounts",
    "transfer-histories",
    "me",
)


@pytest.fixture
def busy(api: ExchangeApi, alice: Client, bob: Client) -> Venue:
    """Resting, filled, partly filled, cancelled and refused orders; stock partly used; a transfer under way."""
    instrument_id = api.venue.market_by_symbol("text-prime").instrument_id
    alice.order(quantity=9, price="1.50", client_order_id="a-1")
    alice.order(quantity=5, price="1.40", client_order_id="a-2", time_in_force="day")
    bob.later(seconds=1)
    bob.order(side="sell", quantity=3, price="1.45", client_order_id="b-1")
    bob.order(side="sell", quantity=4, price="2.10")
    bob.order("code-max", quantity=1, price="0.10")
    alice.now = bob.now
    alice.order(type="market", price=None, quantity=2)
    alice.delete(f"/v1/orders/{alice.order(price='1.10').data['order_id']}")
    alice.order(quantity=10_000, price="9.00")
    alice.order(type="stop", price=None, stop_price="9.00")
    alice.post("/v1/transfers/trading-to-consumption", {"instrument_id": instrument_id, "quantity": 20})
    alice.later(minutes=5)
    alice.get("/v1/me")
    api.venue.consume(alice.account, instrument_id, 2_500_000)
    alice.post("/v1/transfers/trading-to-consumption", {"instrument_id": instrument_id, "quantity": 7})
    alice.post("/v1/transfers/consumption-to-trading", {"instrument_id": instrument_id, "quantity": 4})
    bob.now = alice.now
    return api.venue


def revived(venue: Venue, now: datetime | None = None, config: VenueConfig = CONFIG) -> Venue:
    return restore(dump(venue), config, now or venue.now, LATER_IDS)


def again(client: Client, venue: Venue) -> Client:
    """The client, now of a revived exchange."""
    return Client(ExchangeApi(venue), client.key, max(client.now, venue.now))


def damaged(venue: Venue, damage: Callable[[dict[str, Any]], object]) -> bytes:
    kept = json.loads(dump(venue))
    damage(kept)
    return json.dumps(kept).encode()


def test_every_read_answers_as_before(busy: Venue, alice: Client, bob: Client) -> None:
    venue = revived(busy)
    for client in (alice, bob):
        order_ids = [order["order_id"] for order in client.get("/v1/orders").data]
        trade_ids = [trade["trade_id"] for trade in client.get("/v1/trades").data]
        assert order_ids
        assert trade_ids
        more = [f"orders/{order_id}" for order_id in order_ids] + [f"trades/{trade_id}" for trade_id in trade_ids]
        for read in (*READS, *more):
            before, after = client.get(f"/v1/{read}"), again(client, venue).get(f"/v1/{read}")
            assert after.response.body == before.response.body, read
        active = ("status", "active")
        assert again(client, venue).get("/v1/orders", active).json == client.get("/v1/orders", active).json
    for market in busy.markets.values():
        path = f"/v1/markets/{market.market_id}/orderbook"
        assert again(alice, venue).get(path).json == alice.get(path).json


def test_what_comes_back_is_put_away_as_the_same_bytes(busy: Venue) -> None:
    assert dump(revived(busy)) == dump(busy)


def test_house_orders_are_not_kept(busy: Venue) -> None:
    market = busy.market_by_symbol("text-prime")
    house = busy.add_account("crowd", cash=Decimal(100), house=True)
    busy.place(house, market, Side.BUY, 10, 1_500_000)
    busy.place(house, market, Side.BUY, 10, 1_500_000, stop_price=99_000_000)
    venue = revived(busy)
    assert set(venue.accounts) == {"alice", "bob"}
    best = venue.market_by_symbol("text-prime").book.bids.best_within(None)
    assert best is not None
    assert {order.account.name for order in best} == {"alice"}


def test_orders_keep_their_priority(venue: Venue, alice: Client, bob: Client) -> None:
    for client in (bob, alice, bob):
        client.order(quantity=2, price="1.50")
    back = revived(venue)
    seller = back.add_account("seller", units={"text-prime": 10})
    back.place(seller, back.market_by_symbol("text-prime"), Side.SELL, 3, 1_500_000)
    first, second = (back.history(back.accounts[name]).orders for name in ("bob", "alice"))
    assert [order.filled for order in first] == [2, 0]
    assert [order.filled for order in second] == [1]


def test_waiting_orders_wait_on_and_keep_their_priority(venue: Venue, alice: Client, bob: Client) -> None:
    for client, price in ((bob, "0.90"), (alice, "0.90"), (bob, "0.95"), (alice, "0.95"), (bob, "0.90")):
        client.order(type="stop", side="sell", price=None, stop_price=price)
    alice.order(type="stop_limit", price="2.00", stop_price="1.20", quantity=3)
    back = revived(venue)
    assert dump(back) == dump(venue)
    market = back.market_by_symbol("text-prime")
    assert back.accounts["alice"].cash.locked == 6_000_000
    maker = back.add_account("maker", cash=Decimal(100), units={"text-prime": 10})
    for cents in (95, 90, 80, 70, 60, 50, 40):
        back.place(maker, market, Side.BUY, 1, cents * 10_000)
    back.place(back.add_account("seller", units={"text-prime": 1}), market, Side.SELL, 1, None)
    sold = [trade.maker_order_id for trade in market.trades.recent]
    assert len(sold) == 6
    owners = [name for trade in market.trades.recent for name in ("alice", "bob") if took(back, name, trade)]
    assert owners == ["bob", "alice", "bob", "alice", "bob"]


def took(venue: Venue, name: str, trade: SimTrade) -> bool:
    orders = venue.history(venue.accounts[name]).orders
    return trade.taker_order_id in [order.order_id for order in orders]


def test_orders_of_a_day_expire_at_its_end(venue: Venue, alice: Client) -> None:
    order_id = alice.order(time_in_force="day").data["order_id"]
    for now, status in (
        (venue.now, "active"),
        (START.replace(hour=23, minute=59), "active"),
        (START + timedelta(days=2), "expired"),
    ):
        client = again(alice, revived(venue, now))
        told = client.get(f"/v1/orders/{order_id}").data
        assert told["status"] == status
    assert told["closed_at"] == "2026-07-02T00:00:00Z"


def test_a_reduce_only_order_stays_one(venue: Venue, alice: Client) -> None:
    order_id = alice.order(side="sell", price="9.00", reduce_only=True).data["order_id"]
    client = again(alice, revived(venue))
    assert client.get(f"/v1/orders/{order_id}").data["reduce_only"] is True
    assert client.put(f"/v1/orders/{order_id}", {"quantity": 1_000}).data["quantity"] == 100


def test_life_goes_on_with_the_money_and_ids_that_were_there(busy: Venue, alice: Client) -> None:
    client = again(alice, revived(busy))
    assert client.order(client_order_id="a-1").status == 400
    open_id = client.get("/v1/orders", ("status", "active")).data[0]["order_id"]
    before = client.account.cash.available
    assert client.delete(f"/v1/orders/{open_id}").status == 204
    assert client.account.cash.available > before
    assert client.order(quantity=2, price="2.10", time_in_force="ioc").data["status"] == "filled"


def test_a_transfer_under_way_arrives_at_its_time_and_its_lot_expires_at_its_time(busy: Venue, alice: Client) -> None:
    venue = revived(busy, busy.now + timedelta(hours=1))
    client = again(alice, venue)
    back, there = client.get("/v1/transfer-histories").data[:2]
    for transfer in (back, there):
        assert transfer["status"] == "completed"
        assert datetime.fromisoformat(transfer["transferred_at"]) == busy.now + timedelta(seconds=2)
    assert client.account.units[venue.market_by_symbol("text-prime").instrument_id].total == 82
    instrument_id = venue.market_by_symbol("text-prime").instrument_id
    lots = client.account.lots[instrument_id]
    assert (lots.units, lots.in_transit) == (20, 0)
    venue.advance(busy.now + timedelta(hours=4, seconds=1))
    assert lots.units == 7
    venue.advance(busy.now + timedelta(hours=4, seconds=2))
    assert lots.units == 0
    assert lots.received == lots.used + lots.expired + lots.withdrawn


def test_a_supplier_keeps_what_it_issued(api: ExchangeApi) -> None:
    carol = open_account(api, "carol", units={}, supplier=True)
    instrument_id = api.venue.market_by_symbol("text-prime").instrument_id
    carol.post("/v1/supply-issuances", {"instrument_id": instrument_id, "quantity": 9})
    carol.post("/v1/issuance-accounts/transfer", {"instrument_id": instrument_id, "quantity": 5})
    client = again(carol, revived(api.venue))
    for read in ("issuance-accounts", "supply-issuances", "supply-issuances/summary", "transfer-histories"):
        assert client.get(f"/v1/{read}").response.body == carol.get(f"/v1/{read}").response.body
    client.later(seconds=2)
    assert client.order(side="sell", quantity=5).status == 201
    assert client.get("/v1/supply-issuances/summary").data[0]["available"] == 4


def test_an_account_keeps_its_mode(api: ExchangeApi) -> None:
    eve = open_account(api, "eve", mode=AccountMode.EASY)
    assert again(eve, revived(api.venue)).order().status == 403


def test_a_file_of_before_there_were_suppliers_loads(busy: Venue) -> None:
    kept = json.loads(dump(busy))
    for account in kept["accounts"]:
        for name in ("mode", "supplier", "issuances"):
            del account[name]
        account["transfers"] = [transfer for transfer in account["transfers"] if "to-trading" not in transfer["way"]]
        for transfer in account["transfers"]:
            del transfer["way"]
        for lots in account["lots"].values():
            lots["lots"][-1:] = [lot | {"tokens": lot["tokens"] + lots["withdrawn"]} for lot in lots["lots"][-1:]]
            del lots["withdrawn"]
    venue = restore(json.dumps(kept).encode(), CONFIG, busy.now, LATER_IDS)
    alice = venue.accounts["alice"]
    assert (alice.mode, alice.supplier) == (AccountMode.ADVANCED, False)
    assert {transfer.way for transfer in venue.history(alice).transfers} == {Way.TO_CONSUMPTION}


def test_time_that_passed_meanwhile_passes_for_lots_and_sweeps(busy: Venue, alice: Client) -> None:
    config = replace(CONFIG, sweep_hours=(4,))
    venue = revived(busy, START.replace(hour=23), config)
    lots = again(alice, venue).account.lots[venue.market_by_symbol("text-prime").instrument_id]
    assert lots.units == 0
    swept = again(alice, venue).get("/v1/transfer-histories").data[0]
    assert datetime.fromisoformat(swept["created_at"]) == START.replace(hour=4, minute=0)


def test_lots_that_never_expire_are_there_however_long_it_took() -> None:
    venue = Venue(replace(CONFIG, lot_hours=None), start=START, ids=SeededIds(1))
    account = venue.add_account("user", units={"text-prime": 3})
    instrument_id = venue.market_by_symbol("text-prime").instrument_id
    venue.transfer(account, instrument_id, 3)
    venue.advance(START + timedelta(seconds=2))
    back = revived(venue, START + timedelta(days=365), venue.config)
    assert back.accounts["user"].lots[instrument_id].units == 3


def test_a_clock_that_went_back_does_no_harm(busy: Venue) -> None:
    assert revived(busy, busy.now - timedelta(hours=1)).now == busy.now


def test_an_exchange_from_the_future_is_refused_rather_than_waited_for(busy: Venue) -> None:
    with pytest.raises(DataError, match="which is still to come; set the clock right"):
        revived(busy, busy.now - timedelta(days=30))


def test_a_new_symbol_gets_a_market_and_the_others_keep_theirs(busy: Venue, alice: Client) -> None:
    venue = revived(busy, config=replace(CONFIG, symbols=("agent-max", *CONFIG.symbols)))
    assert set(busy.markets) < set(venue.markets)
    assert again(alice, venue).order("agent-max").status == 201


def test_a_market_that_is_not_configured_any_more_is_told(busy: Venue) -> None:
    with pytest.raises(DataError, match="its markets code-max are not configured any more"):
        revived(busy, config=replace(CONFIG, symbols=("text-prime",)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept.update(format="something else"),
        lambda kept: kept.pop("now"),
        lambda kept: kept["markets"][0]["resting"].append("order-unknown"),
        lambda kept: kept["markets"][0]["resting"].pop(),
        lambda kept: kept["markets"][0]["waiting"].pop(),
        lambda kept: kept["markets"][0]["waiting"].append(kept["markets"][0]["resting"].pop()),
        lambda kept: kept["markets"][0]["resting"].append(kept["markets"][0]["waiting"].pop()),
        lambda kept: kept["markets"].pop(),
        lambda kept: kept["accounts"][0]["fills"][0].update(order_id="order-unknown"),
        lambda kept: kept["accounts"][0].update(name="bob"),
        lambda kept: kept["accounts"][0]["units"].update(unknown={"available": 1, "locked": 0}),
        lambda kept: kept["accounts"][0]["transfers"][-1].update(instrument_id="unknown"),
        lambda kept: kept["accounts"][0].update(verify_keys=["AAAA"]),
        lambda kept: kept["accounts"][0].update(verify_keys=kept["accounts"][1]["verify_keys"]),
        lambda kept: kept.update(seed="x"),
        lambda kept: kept.update(clock="2025-07-01T00:30:00Z", now="9999-07-01T00:30:00Z"),
        lambda kept: kept["accounts"][0]["cash"].update(available="much"),
        lambda kept: kept["accounts"][0].update(mode="tired"),
        lambda kept: kept["accounts"][0]["transfers"][-1].update(way="home"),
        lambda kept: kept["accounts"][0].update(account_id=kept["accounts"][1]["account_id"]),
        lambda kept: kept.update(now="2026-07-01T00:30:00"),
        lambda kept: kept["accounts"][0]["transfers"][-1].update(created_at="9999-12-31T23:59:59Z"),
        lambda kept: kept["markets"][1]["resting"].append(kept["markets"][0]["resting"].pop()),
    ],
)
def test_a_damaged_state_is_told_with_a_remedy(busy: Venue, damage: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(DataError, match=r"not a whole simulated exchange .*; move it away"):
        restore(damaged(busy, damage), CONFIG, busy.now, LATER_IDS)


def prime(balances: dict[str, Any]) -> Any:
    """What there is of text-prime, the first instrument."""
    return next(iter(balances.values()))


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda it: it["cash"].update(available=-1), "less than no cash available"),
        (lambda it: it["cash"].update(locked=0), "the cash locked are not what its open orders lock"),
        (lambda it: prime(it["units"]).update(locked=1), "the units of .* locked are not what its open orders lock"),
        (lambda it: prime(it["units"]).update(available=-5), "less than no units of .* available"),
        (lambda it: prime(it["lots"]).update(received=0), "is not what came in less what went out"),
        (lambda it: prime(it["lots"]).update(used=-1), "has less than nothing somewhere"),
        (lambda it: prime(it["lots"]).update(in_transit=8), "does not await what transfers bring"),
        (lambda it: prime(it["lots"]).update(committed=8), "does not await what transfers bring"),
        (lambda it: it["transfers"][0].update(quantity=21), "does not await what transfers bring"),
        (lambda it: it["transfers"][0].update(quantity=0), "a transfer has no units"),
        (lambda it: it["transfers"][2].update(quantity=3), "did not give what transfers took"),
        (lambda it: it["transfers"][2].update(way="issuance-to-trading"), "did not give what transfers took"),
        (
            lambda it: it["transfers"].append(it["transfers"][2] | {"way": "issuance-to-trading"}),
            "more units of .* left its issuance account than it issued",
        ),
        (lambda it: prime(it["lots"]).update(received=19_000_000, used=1_500_000), "did not receive what transfers"),
        (lambda it: it["orders"][0].update(locked=1), "order .* does not lock what it needs"),
        (lambda it: it["orders"][0].update(price=None), "order .* does not lock what it needs"),
        (lambda it: it["orders"][1].update(status="pending"), "order .* does not lock what it needs"),
        (lambda it: it["orders"][-1].update(stop_price=None), "order .* does not lock what it needs"),
        (lambda it: it["orders"][-1].update(price=1_000_000), "order .* does not lock what it needs"),
        (lambda it: it["orders"][0].update(remaining=0), "the fills of order .* are not what it has filled"),
        (lambda it: it["orders"][0].update(notional=0), "the fills of order .* did not cost what it has paid"),
        (lambda it: it["fills"].pop(), "the fills of order .* are not what it has filled"),
        (lambda it: it["orders"].append(it["orders"][0]), "two orders have the same id"),
        (
            lambda it: it.update(issuances=[it["transfers"][0] | {"issuance_id": "issuance-0", "quantity": 0}]),
            "an issuance has no units",
        ),
    ],
)
def test_sums_that_do_not_add_up_are_told(busy: Venue, damage: Callable[[dict[str, Any]], object], fault: str) -> None:
    with pytest.raises(DataError, match=f"account 'alice': .*{fault}"):
        restore(damaged(busy, lambda kept: damage(kept["accounts"][0])), CONFIG, busy.now, LATER_IDS)


def test_a_file_of_nothing_but_brackets_is_told() -> None:
    data = b'{"more": ' + b"[" * 200_000
    with pytest.raises(DataError, match="not a whole simulated exchange"):
        restore(data, CONFIG, START, LATER_IDS)


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b\x00", b"[]", b'{"format": "\xff"}'])
def test_what_is_no_dump_is_told(data: bytes) -> None:
    with pytest.raises(DataError, match="not a whole simulated exchange"):
        restore(data, CONFIG, START, LATER_IDS)


def test_a_file_that_was_cut_short_is_told(busy: Venue) -> None:
    with pytest.raises(DataError, match="not a whole simulated exchange"):
        restore(dump(busy)[:-20], CONFIG, busy.now, LATER_IDS)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "market", "cancel", "transfer", "consume", "wait"]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 30),
        st.integers(190, 210),
    ),
    max_size=40,
)


def act(venue: Venue, what: str, who: str, amount: int, cents: int) -> None:
    account, market = venue.accounts[who], venue.market_by_symbol("text-prime")
    match what:
        case "buy" | "sell":
            venue.place(account, market, Side(what), amount, cents * 10_000)
        case "market":
            venue.place(account, market, Side.BUY, amount, None)
        case "cancel":
            venue.cancel_all(account)
        case "transfer":
            venue.transfer(account, market.instrument_id, amount)
        case "consume":
            venue.consume(account, market.instrument_id, amount * 100_000)
        case _:
            venue.advance(venue.now + timedelta(minutes=10 * amount))


@given(before=ACTS, after=ACTS)
def test_an_exchange_that_was_put_away_lives_on_as_if_it_had_not_been(
    before: list[tuple[str, str, int, int]], after: list[tuple[str, str, int, int]]
) -> None:
    venue = Venue(VenueConfig(symbols=("text-prime",), auto_transfer=True), start=START, ids=SeededIds(1))
    for name in ("a", "b"):
        venue.add_account(name, cash=Decimal(1000), units={"text-prime": 100})
    run(venue, before)
    back = restore(dump(venue), venue.config, venue.now, LATER_IDS)
    assert dump(back) == dump(venue)
    for one in (venue, back):
        run(one, after)
    assert holdings(back) == holdings(venue)


def run(venue: Venue, acts: list[tuple[str, str, int, int]]) -> None:
    for what, who, amount, cents in acts:
        try:
            act(venue, what, who, amount, cents)
        except Refusal:
            continue


def holdings(venue: Venue) -> list[object]:
    return [
        (
            account.name,
            account.cash.available,
            account.cash.locked,
            [(units.available, units.locked) for units in account.units.values()],
            [(lots.tokens, lots.used, lots.expired, lots.in_transit) for lots in account.lots.values()],
            [(order.filled, order.status) for order in venue.history(account).orders],
        )
        for account in venue.accounts.values()
    ]
