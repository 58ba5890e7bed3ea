"""Limits of requests by signing key, over the API and in virtual time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.limits import Meter, RateLimits
from bot.sim.refusals import Refusal
from bot.sim.venue import Venue
from tests.sim.client import START, Client, Got, open_account

RESET = str(int(START.timestamp()) + 60)


def exchange(limits: RateLimits | None) -> ExchangeApi:
    config = VenueConfig(symbols=("text-prime",), rate_limits=limits)
    return ExchangeApi(Venue(config, start=START, ids=SeededIds(1)))


def told(got: Got) -> dict[str, str]:
    """The headers of an answer that tell of limits."""
    return {
        name.removeprefix("x-ratelimit-"): value
        for name, value in got.response.headers.items()
        if "ratelimit" in name or name == "retry-after"
    }


@pytest.fixture
def api() -> ExchangeApi:
    """With the limits that the exchange documents."""
    return exchange(VenueConfig().rate_limits)


def test_the_hundred_and_first_request_of_a_minute_is_refused(alice: Client) -> None:
    for sent in range(100):
        got = alice.get("/v1/me")
        assert got.status == 200
        assert told(got) == {"limit": "100", "remaining": str(99 - sent), "reset": RESET}
    alice.later(seconds=12.3)
    got = alice.get("/v1/me")
    assert (got.status, got.detail) == (429, "more than 100 requests a minute; wait 48 s")
    assert told(got) == {"limit": "100", "remaining": "0", "reset": RESET, "retry-after": "48"}


def test_both_headers_tell_how_long_to_wait() -> None:
    alice = open_account(exchange(RateLimits(requests=1)), "alice")
    alice.get("/v1/me")
    headers = alice.get("/v1/me").response.headers
    assert (headers["retry-after"], headers["x-ratelimit-retry-after"]) == ("60", "60")


def test_a_window_lasts_a_minute_from_its_first_request() -> None:
    alice = open_account(exchange(RateLimits(requests=2)), "alice")

    def statuses(*seconds: float) -> list[int]:
        found = []
        for later in seconds:
            alice.later(seconds=later)
            found.append(alice.get("/v1/me").status)
        return found

    assert statuses(45, 30, 29.999) == [200, 200, 429]
    assert statuses(0.001, 59, 0.999, 0.001) == [200, 200, 429, 200]


def test_the_fifty_first_order_of_a_minute_is_refused_and_not_applied(alice: Client) -> None:
    for sent in range(50):
        got = alice.order()
        assert got.status == 201
        assert told(got) == {"limit": "50", "remaining": str(49 - sent), "reset": RESET}
    got = alice.order(client_order_id="late")
    assert (got.status, got.detail) == (429, "more than 50 order placements a minute; wait 60 s")
    assert len(alice.api.venue.history(alice.account).orders) == 50
    assert told(alice.get("/v1/me"))["remaining"] == "49"
    alice.later(seconds=60)
    assert alice.order(client_order_id="late").status == 201


def test_a_refusal_because_of_a_limit_is_not_repeated_under_its_key() -> None:
    alice = open_account(exchange(RateLimits(orders=1)), "alice")
    market_id = alice.api.venue.market_by_symbol("text-prime").market_id
    order = {"market_id": market_id, "side": "buy", "type": "limit", "quantity": 1, "price": "1.00"}
    alice.order()
    assert alice.post("/v1/orders", order, {"Idempotency-Key": "k"}).status == 429
    alice.later(seconds=60)
    assert alice.post("/v1/orders", order, {"Idempotency-Key": "k"}).status == 201


@pytest.mark.parametrize("path", ["orders/order-0", "orders", "trading/orders"])
def test_cancels_have_a_limit_of_their_own(path: str) -> None:
    alice = open_account(exchange(RateLimits(cancels=2)), "alice")
    assert [alice.delete(f"/v1/{path}").status == 429 for _ in range(3)] == [False, False, True]
    assert alice.order().status == 201


def test_of_two_limits_that_are_exhausted_the_longer_wait_is_told() -> None:
    alice = open_account(exchange(RateLimits(requests=2, orders=1)), "alice")
    alice.get("/v1/me")
    alice.later(seconds=20)
    alice.order()
    alice.later(seconds=1)
    assert told(alice.get("/v1/me"))["retry-after"] == "39"
    assert told(alice.order())["retry-after"] == "59"


def test_to_replace_an_order_counts_as_to_place_one() -> None:
    alice = open_account(exchange(RateLimits(orders=1)), "alice")
    order_id = alice.order().data["order_id"]
    assert alice.send(alice.signed("PUT", f"/v1/orders/{order_id}", body=b'{"price": "1.10"}')).status == 429


def test_a_transfer_counts_against_no_other_limit_than_that_of_all_requests(alice: Client) -> None:
    instrument_id = alice.api.venue.market_by_symbol("text-prime").instrument_id
    got = alice.post("/v1/transfers/trading-to-consumption", {"instrument_id": instrument_id, "quantity": 1})
    assert told(got) == {"limit": "100", "remaining": "99", "reset": RESET}


def test_the_tighter_limit_is_told_of(alice: Client) -> None:
    for _ in range(60):
        alice.get("/v1/me")
    assert told(alice.order())["limit"] == "100"
    alice.later(seconds=60)
    assert told(alice.order())["limit"] == "50"


def test_refused_requests_count_and_tell_of_the_limit(alice: Client) -> None:
    got = alice.order(quantity=0)
    assert (got.status, told(got)["remaining"]) == (400, "49")
    assert told(alice.get("/v1/orders/order-0")) == {"limit": "100", "remaining": "98", "reset": RESET}


def test_keys_do_not_share_a_limit(api: ExchangeApi) -> None:
    alice, bob = open_account(api, "alice"), open_account(api, "bob")
    alice.get("/v1/me")
    assert told(bob.get("/v1/me"))["remaining"] == "99"


def test_what_is_not_signed_does_not_count(alice: Client) -> None:
    health = alice.send(Request("GET", "/v1/health"))
    forged = alice.signed("GET", "/v1/me")
    assert alice.send(Request("GET", "/v1/orders", headers=forged.headers)).status == 401
    assert told(health) == {}
    assert told(alice.get("/v1/me"))["remaining"] == "99"


def test_limits_can_be_switched_off() -> None:
    alice = open_account(exchange(None), "alice")
    answers = [alice.order() for _ in range(101)]
    assert {got.status for got in answers} == {201}
    assert told(answers[-1]) == {}
    limits = alice.get("/v1/account/limits").data["order_rate_limits"]
    assert (limits["max_orders_per_minute"], limits["window_seconds"]) == (None, 60)


@pytest.mark.parametrize("layout", ["/v1/trading", "/v1"])
def test_an_account_tells_its_limits(alice: Client, layout: str) -> None:
    market_id = alice.api.venue.market_by_symbol("text-prime").market_id
    got = alice.get(f"{layout}/account/limits", ("market_id", market_id))
    assert got.data == {
        "order_rate_limits": {
            "scope": "user",
            "max_orders_per_second": 50,
            "max_orders_per_minute": 50,
            "burst_capacity": 50,
            "window_seconds": 60,
        },
        "response_headers": {
            "limit": "x-ratelimit-limit",
            "remaining": "x-ratelimit-remaining",
            "retry_after": "retry-after",
        },
    }
    assert alice.get(f"{layout}/account/limits").data == got.data
    assert alice.get(f"{layout}/account/limits", ("market_id", "market-0")).status == 404


@given(
    limit=st.integers(1, 5),
    sent=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["GET", "POST", "DELETE"])), max_size=60),
)
def test_no_window_ever_takes_more_than_its_limit(limit: int, sent: list[tuple[int, str]]) -> None:
    limits = RateLimits(requests=2 * limit, orders=limit, cancels=limit)
    meter = Meter(limits)
    now, taken, waits = 0, [], []
    for seconds, method in sent:
        now += seconds
        try:
            headers = meter.count("key", method, "orders", START + timedelta(seconds=now))
        except Refusal as refusal:
            waits.append(int(refusal.headers["retry-after"]))
        else:
            assert int(headers["x-ratelimit-remaining"]) >= 0
            taken.append((now, method))
    assert all(1 <= wait <= 60 for wait in waits)
    for method, most in (("POST", limit), ("DELETE", limit), ("any", 2 * limit)):
        times = [at for at, what in taken if method in (what, "any")]
        while times:
            window = [at for at in times if at < times[0] + 60]
            assert len(window) <= most
            del times[: len(window)]
