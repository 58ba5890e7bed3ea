"""Several accounts: each with keys of its own, and none sees another's data."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from nacl.signing import SigningKey as RawKey

from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.order import NewOrder, Side
from bot.errors import AccessDenied, ConfigError, NotFound
from bot.grid.keys import SigningKey
from bot.grid.trading import TradingClient
from bot.ports import Request
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.credentials import read_credentials, write_credentials
from bot.sim.loopback import LoopbackTransport
from bot.sim.office import Grant, Opening, Role, keys_of
from bot.sim.presets import CALM
from bot.sim.state import dump, restore
from tests.sim.client import START, Client
from tests.sim.stream_client import USER_ORDERS, connected

OWN = RawKey(b"o" * 32)
"""A key that its owner made."""

SMALL = Scenario(
    venue=VenueConfig(symbols=("text-prime",)),
    accounts=(
        Opening("ann", grant=Grant(Decimal(500), {"text-prime": 7})),
        Opening("ben", grant=Grant(Decimal(800), {"text-prime": 7})),
        Opening("sue", Role.SUPPLIER),
    ),
    tokens_per_hour=None,
)


@pytest.fixture
def exchange() -> SimExchange:
    return build_exchange(SMALL, start=START, ids=SeededIds(1))


def client(exchange: SimExchange, name: str) -> Client:
    return Client(exchange.api, keys_of(SMALL.seed, name).signing)


def test_the_first_account_is_the_users_and_all_are_in_the_credentials(exchange: SimExchange, tmp_path: Path) -> None:
    assert exchange.account.name == "ann"
    path = tmp_path / "credentials.json"
    write_credentials(path, exchange.credentials("http://127.0.0.1:1/v1"))
    held = json.loads(path.read_text())
    assert [(one["name"], one["role"]) for one in held["accounts"]] == [
        ("ann", "consumer"),
        ("ben", "consumer"),
        ("sue", "supplier"),
    ]
    for name in ("signing_key", "fingerprint", "consumption_key"):
        assert held[name] == held["accounts"][0][name]
        assert len({one[name] for one in held["accounts"]}) == 3
    assert read_credentials(path).keys() == exchange.keys


def test_accounts_begin_with_what_they_are_given(exchange: SimExchange) -> None:
    balances = [
        client(exchange, name).get("/v1/currency-trading-accounts").data[0]["available_balance"]
        for name in ("ann", "ben", "sue")
    ]
    assert balances == ["500.00", "800.00", "0.00"]


def test_no_account_sees_anothers_orders_trades_or_transfers(exchange: SimExchange) -> None:
    ann, ben = client(exchange, "ann"), client(exchange, "ben")
    resting = ann.order(price="1.00", client_order_id="mine").data["order_id"]
    ann.order(price="3.00", client_order_id="filled")
    instrument_id = exchange.venue.market_by_symbol("text-prime").instrument_id
    ann.post("/v1/transfers/trading-to-consumption", {"instrument_id": instrument_id, "quantity": 2})
    trade = ann.get("/v1/trades").data[0]["trade_id"]
    for path in ("orders", "trades", "transfer-histories"):
        assert ann.get(f"/v1/{path}").data
        assert ben.get(f"/v1/{path}").data == []
    for path in (f"orders/{resting}", f"trades/{trade}"):
        assert ann.get(f"/v1/{path}").status == 200
        assert ben.get(f"/v1/{path}").status == 404
    assert ben.delete(f"/v1/orders/{resting}").status == 404
    assert ben.put(f"/v1/orders/{resting}", {"price": "0.50"}).status == 404
    assert ben.order(price="1.00", client_order_id="mine").status == 201
    assert ann.get(f"/v1/orders/{resting}").data["status"] == "active"


def test_no_account_hears_of_anothers_orders_on_the_stream(exchange: SimExchange) -> None:
    ann, ben = client(exchange, "ann"), client(exchange, "ben")
    mine, theirs = (connected(exchange.stream, USER_ORDERS, key=one.key) for one in (ann, ben))
    for one in (mine, theirs):
        one.heard()
    ann.order(price="1.00")
    assert mine.heard()
    assert theirs.heard() == []


def infer(exchange: SimExchange, key: str) -> int:
    body = json.dumps({"model": "text-prime", "messages": [{"role": "user", "content": "hello"}]}).encode()
    request = Request("POST", "/v1/chat/completions", (), {"authorization": f"Bearer {key}"}, body)
    return exchange.inference.at_front_door(request, exchange.venue.now, "http://supplier").status


def test_consumption_keys_of_all_accounts_work_each_for_its_own_stock(exchange: SimExchange) -> None:
    instrument_id = exchange.venue.market_by_symbol("text-prime").instrument_id
    ben = exchange.venue.accounts["ben"]
    exchange.venue.transfer(ben, instrument_id, 1)
    exchange.venue.advance(START.replace(minute=40))
    statuses = [infer(exchange, keys_of(SMALL.seed, name).consumption) for name in ("ann", "ben", "sue")]
    assert statuses == [402, 307, 402]
    assert infer(exchange, "sim-unknown") == 401


def test_an_account_that_is_opened_later_can_infer_and_trade(exchange: SimExchange) -> None:
    exchange.office.open(Opening("kim", grant=Grant(Decimal(10))))
    assert client(exchange, "kim").order(price="1.00").status == 201
    assert infer(exchange, keys_of(SMALL.seed, "kim").consumption) == 402


def test_one_account_signs_with_several_keys(exchange: SimExchange) -> None:
    exchange.venue.register_key(exchange.account, bytes(OWN.verify_key))
    assert client(exchange, "ann").get("/v1/me").json == Client(exchange.api, OWN).get("/v1/me").json


def test_keys_accounts_and_what_they_signed_up_for_survive(exchange: SimExchange) -> None:
    later = START.replace(hour=3)
    exchange.office.open(Opening("own"), verify_key=bytes(OWN.verify_key))
    venue = restore(dump(exchange.venue), SMALL.venue, later, SeededIds(2))
    scenario = replace(SMALL, accounts=(*SMALL.accounts, Opening("new", grant=Grant(Decimal(3)))))
    back = build_exchange(scenario, start=later, ids=SeededIds(2), venue=venue)
    assert [account.name for account in back.office.accounts()] == ["ann", "ben", "sue", "own", "new"]
    assert back.account.cash.available == 500_000_000
    assert Client(back.api, OWN, later).get("/v1/me").status == 200
    assert back.credentials("http://x/v1").accounts[3].signing_key is None
    assert infer(back, keys_of(SMALL.seed, "own").consumption) == 402


@pytest.mark.parametrize("name", ["", "a b", "makers of text-prime", "-x", "x" * 65, "é", "a/b"])
def test_names_that_would_not_fit_in_a_path_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="an account's name has"):
        Opening(name)


@pytest.mark.parametrize("cash", ["-1", "NaN", "Infinity", "1000000001", "0.0000001", "1e-999999999"])
def test_money_that_nobody_can_have_is_refused(cash: str) -> None:
    with pytest.raises(ConfigError, match="cash must be from 0"):
        Grant(Decimal(cash))
    with pytest.raises(ConfigError, match="units of text-prime must be"):
        Grant(units={"text-prime": -1})


def test_a_supplier_issues_moves_and_sells_through_the_client() -> None:
    async def main(clock: VirtualClock) -> Decimal:
        scenario = replace(SMALL, crowd=replace(CALM, takers_per_hour=0))
        exchange = build_exchange(scenario, start=START, ids=SeededIds(1))

        def trading(name: str) -> TradingClient:
            key = SigningKey(bytes(keys_of(SMALL.seed, name).signing))
            return TradingClient(LoopbackTransport(exchange.api, clock), key, clock)

        async with trading("sue") as sue, trading("ann") as ann:
            (market,) = await sue.markets()
            await sue.issue_supply(market.instrument_id, 9)
            await sue.transfer_issued(market.instrument_id, 6)
            await clock.sleep(5)
            order = NewOrder("s-1", market.market_id, Side.SELL, 4, Decimal("1.00"))
            sold = await sue.place(order)
            assert sold.filled == 4
            (summary,) = await sue.supply_summary()
            assert summary.available == 3
            with pytest.raises(NotFound):
                await ann.order(sold.order_id)
            with pytest.raises(AccessDenied, match="supplier"):
                await ann.issue_supply(market.instrument_id, 1)
            return (await sue.cash()).available

    assert run_virtual(main, START) > Decimal(7)
