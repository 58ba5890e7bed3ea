"""The admin port: accounts, keys, money and market life, for this machine alone."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from bot.clock import SeededIds, SystemClock
from bot.ports import Request, Response
from bot.sim.admin import AdminApi
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.presets import STRESSED
from bot.sim.server import serve
from tests.sim.client import START, Client

JSON = {"Host": "127.0.0.1:8081", "Content-Type": "application/json"}
OWN = SigningKey(b"o" * 32)
OWN_PUBLIC = b64encode(bytes(OWN.verify_key)).decode()


def build(start: datetime = START) -> SimExchange:
    scenario = Scenario(venue=VenueConfig(symbols=("text-prime", "code-max")), tokens_per_hour=None)
    return build_exchange(scenario, start=start, ids=SeededIds(1))


class Admin:
    """Sends requests straight to the admin API."""

    def __init__(self) -> None:
        self.exchange = build()
        self.api = AdminApi(self.exchange)

    def send(self, method: str, path: str, body: object = b"", headers: dict[str, str] | None = None) -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.api.handle(Request(method, path, (), JSON if headers is None else headers, raw), START)

    def ok(self, method: str, path: str, body: object = b"", status: int = 200) -> Any:
        response = self.send(method, path, body)
        assert response.status == status, response.body
        return json.loads(response.body)

    def fault(self, method: str, path: str, body: object, status: int = 400) -> str:
        response = self.send(method, path, body)
        assert response.status == status, response.body
        return str(json.loads(response.body)["errors"]["detail"])

    def client(self, key: SigningKey) -> Client:
        return Client(self.exchange.api, key)


@pytest.fixture
def admin() -> Admin:
    return Admin()


def test_an_account_is_opened_with_keys_that_work(admin: Admin) -> None:
    asked = {"name": "bob", "role": "supplier", "cash": 12.5, "units": {"text-prime": 3}}
    made = admin.ok("POST", "/accounts", asked, 201)
    assert (made["role"], made["mode"]) == ("supplier", "advanced")
    bob = admin.client(SigningKey(b64decode(made["signing_key"])))
    assert bob.get("/v1/currency-trading-accounts").data[0]["available_balance"] == "12.50"
    assert bob.get("/v1/issuance-accounts").status == 200
    assert bob.account.name == "bob"
    assert made["consumption_key"] in admin.exchange.office.by_consumption_key


def test_an_account_is_opened_for_the_owner_of_a_public_key_and_no_private_key_is_made(admin: Admin) -> None:
    made = admin.ok("POST", "/accounts", {"name": "own", "cash": "7", "mode": "easy", "public_key": OWN_PUBLIC}, 201)
    assert "signing_key" not in made
    assert made["fingerprints"] == [made["fingerprint"]]
    own = admin.client(OWN)
    assert own.account.cash.available == 7_000_000
    assert own.order().status == 403


def test_an_account_gets_more_keys_and_more_money(admin: Admin) -> None:
    told = admin.ok("POST", "/accounts/user/keys", {"public_key": OWN_PUBLIC}, 201)
    assert told["name"] == "user"
    assert told["fingerprint"] in admin.exchange.account.verify_keys
    assert admin.client(OWN).account is admin.exchange.account
    before = admin.exchange.venue.revision
    held = admin.ok("POST", "/accounts/user/deposit", {"cash": "0.000001", "units": {"code-max": 9}})
    assert held["cash"] == {"available": "10000.000001", "locked": "0.00"}
    assert held["units"] == {"code-max": {"available": 9, "locked": 0}}
    assert admin.exchange.venue.revision > before


def test_accounts_and_the_state_are_told_without_any_private_key(admin: Admin) -> None:
    admin.ok("POST", "/accounts", {"name": "bob"}, 201)
    accounts = admin.ok("GET", "/accounts")["accounts"]
    assert [one["name"] for one in accounts] == ["user", "bob"]
    state = admin.ok("GET", "/state")
    assert state["accounts"] == accounts
    assert (state["now"], state["speed"]) == (START.isoformat().replace("+00:00", "Z"), 1.0)
    prime = next(one for one in state["markets"] if one["symbol"] == "text-prime")
    assert (prime["best_bid"], prime["best_ask"], prime["supply_is_gone"]) == ("1.99", "2.01", False)
    assert "key" not in json.dumps(state).replace("fingerprints", "")


def test_market_life_is_changed_and_shocked_while_it_goes_on(admin: Admin) -> None:
    markets = admin.ok("PUT", "/market", {"market": "stressed", "crowd": {"depth": 2}})["markets"]
    assert {one["crowd"]["depth"] for one in markets} == {2}
    assert {one["crowd"]["spread"] for one in markets} == {STRESSED.spread}
    told = admin.ok("PUT", "/market", {"symbols": ["text-prime"], "shock_hours": 2})["markets"]
    assert {one["symbol"]: (one["supply_is_gone"], one["best_ask"]) for one in told}["text-prime"] == (True, None)
    assert not any(one["supply_is_gone"] for one in told if one["symbol"] != "text-prime")
    told = admin.ok("PUT", "/market", {"shock_hours": 0, "crowd": {"spread": 0.5}})["markets"]
    assert not any(one["supply_is_gone"] for one in told)
    assert {(one["crowd"]["depth"], one["crowd"]["spread"]) for one in told} == {(2, 0.5)}
    admin.exchange.venue.advance(START + timedelta(hours=1))


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "fault"),
    [
        ("POST", "/accounts", b"{", 400, "the body is wrong"),
        ("POST", "/accounts", b'{"name": "\xff"}', 400, "the body is wrong"),
        ("POST", "/accounts", b"[" * 100_000, 400, "the body is wrong"),
        ("POST", "/accounts", {}, 400, "missing required field name"),
        ("POST", "/accounts", {"name": "a", "nme": 1}, 400, "unknown field nme"),
        ("POST", "/accounts", {"name": "a b"}, 400, "an account's name has"),
        ("POST", "/accounts", {"name": "a", "role": "boss"}, 400, "Invalid enum value 'boss'"),
        ("POST", "/accounts", {"name": "a", "cash": -1}, 400, "cash must be from 0"),
        ("POST", "/accounts", {"name": "a", "cash": "NaN"}, 400, "cash must be from 0"),
        ("POST", "/accounts", {"name": "a", "units": {"text-prime": 1.5}}, 400, "Expected int"),
        ("POST", "/accounts", {"name": "a", "units": {"text-prim": 1}}, 404, "instrument"),
        ("POST", "/accounts", {"name": "a", "public_key": "AAAA"}, 400, "base64 of the 32 bytes"),
        ("POST", "/accounts", {"name": "a", "public_key": "é"}, 400, "base64 of the 32 bytes"),
        ("POST", "/accounts", {"name": "user"}, 409, "there is an account 'user' already"),
        ("POST", "/accounts/nobody/keys", {"public_key": OWN_PUBLIC}, 404, "account"),
        ("POST", "/accounts/makers%20of%20text-prime/deposit", {"cash": 1}, 404, "account"),
        ("POST", "/accounts/user/deposit", {"cash": 1, "units": {"text-prime": -1}}, 400, "units of text-prime"),
        ("POST", "/accounts/user/deposit", {"units": {"x": 1}, "cash": 1}, 404, "instrument"),
        ("PUT", "/market", {}, 400, "nothing to change"),
        ("PUT", "/market", {"symbols": ["x"], "shock_hours": 1}, 404, "instrument"),
        ("PUT", "/market", {"crowd": {"dept": 1}}, 400, "did you mean 'depth'"),
        ("PUT", "/market", {"crowd": {"depth": "1"}}, 400, "Expected int | float | array, got str"),
        ("PUT", "/market", {"shock_hours": -1}, 400, "Expected float >= 0"),
        ("PUT", "/market", {"market": "wild"}, 400, "Invalid enum value 'wild'"),
        ("DELETE", "/accounts", b"", 405, "DELETE is not allowed here"),
        ("GET", "/accounts/user/nothing", b"", 404, "route"),
        ("GET", "/", b"", 404, "route"),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(
    admin: Admin, method: str, path: str, body: object, status: int, fault: str
) -> None:
    before = admin.ok("GET", "/state")
    assert fault in admin.fault(method, path, body, status)
    assert admin.ok("GET", "/state") == before


def test_a_key_opens_one_account_only(admin: Admin) -> None:
    admin.ok("POST", "/accounts", {"name": "own", "public_key": OWN_PUBLIC}, 201)
    assert "has the key of" in admin.fault("POST", "/accounts", {"name": "two", "public_key": OWN_PUBLIC}, 409)
    assert "has the key of" in admin.fault("POST", "/accounts/user/keys", {"public_key": OWN_PUBLIC}, 409)


def test_a_web_page_that_somebody_looks_at_cannot_use_it(admin: Admin) -> None:
    body = {"name": "eve"}
    assert admin.send("POST", "/accounts", body, {"Host": "localhost", "Content-Type": "text/plain"}).status == 415
    assert admin.send("POST", "/accounts", body, {"Host": "localhost"}).status == 415
    assert admin.send("GET", "/state", b"", {"Host": "evil.example:8081"}).status == 403
    assert admin.send("GET", "/state", b"", {}).status == 403
    assert admin.send("GET", "/state", b"", {"host": "localhost:1"}).status == 200


bodies = st.dictionaries(
    st.sampled_from(
        ["name", "role", "cash", "units", "mode", "public_key", "symbols", "market", "crowd", "shock_hours"]
    ),
    st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers()) | st.just({"depth": 1e9}),
)


@given(st.sampled_from(["/accounts", "/accounts/user/keys", "/accounts/user/deposit", "/market"]), bodies)
def test_no_body_is_too_strange_to_be_answered(path: str, body: dict[str, object]) -> None:
    admin = Admin()
    assert admin.send("PUT" if path == "/market" else "POST", path, body).status in (200, 201, 400, 404, 409)


async def test_it_is_on_a_port_of_its_own_on_this_machine_and_its_changes_are_kept() -> None:
    exchange = build(SystemClock().now())
    kept: list[int] = []

    async def keep() -> None:
        kept.append(exchange.venue.revision)

    async with (
        serve(
            exchange.api,
            SystemClock(),
            inference=exchange.inference,
            host="0.0.0.0",
            admin=AdminApi(exchange).handle,
            on_change=keep,
        ) as server,
        aiohttp.ClientSession() as http,
    ):
        assert server.admin_url is not None
        assert server.admin_url.startswith("http://127.0.0.1:")
        public = server.url.replace("0.0.0.0", "127.0.0.1")
        for path in ("/accounts", "/state", "/v1/accounts", "/v1/state"):
            async with http.get(public + path) as response:
                assert response.status in (401, 404)
        async with http.post(f"{public}/accounts", json={"name": "eve"}) as response:
            assert response.status in (401, 404)
        assert "eve" not in exchange.venue.accounts
        kept.clear()
        async with http.post(f"{server.admin_url}/accounts", json={"name": "eve", "cash": "5"}) as response:
            assert response.status == 201
        assert kept
        assert exchange.venue.accounts["eve"].cash.available == 5_000_000


async def test_without_being_asked_for_there_is_none() -> None:
    async with serve(build(SystemClock().now()).api, SystemClock()) as server:
        assert server.admin_url is None
