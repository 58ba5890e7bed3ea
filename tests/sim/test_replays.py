"""Writes that are repeated under the same Idempotency-Key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sim.build import Scenario, open_exchange
from bot.sim.config import VenueConfig
from bot.sim.keeper import FileKeeper
from tests.sim.client import START, Client, Got

ORDERS = "/v1/trading/orders"


def place(client: Client, key: str, path: str = ORDERS, **fields: object) -> Got:
    market_id = client.api.venue.market_by_symbol("text-prime").market_id
    order = {"market_id": market_id, "side": "buy", "type": "limit", "quantity": 1, "price": "1"}
    return client.post(path, order | fields, headers={"Idempotency-Key": key})


def test_a_repeated_post_gets_the_first_answer_again(alice: Client) -> None:
    first = place(alice, "once")
    alice.later(hours=23)
    assert place(alice, "once").response.body == first.response.body
    assert len(alice.get(ORDERS).data) == 1


def test_a_key_is_good_for_a_day_and_for_one_account(alice: Client, bob: Client) -> None:
    first = place(alice, "once").data["order_id"]
    assert place(alice, "twice").data["order_id"] != first
    assert place(bob, "once").data["order_id"] != first
    alice.later(hours=24)
    assert place(alice, "once").data["order_id"] != first
    assert len(alice.get(ORDERS).data) == 3


def test_a_key_means_the_same_request_in_both_layouts(alice: Client) -> None:
    first = place(alice, "once")
    assert place(alice, "once", "/v1/orders").response.body == first.response.body


@pytest.mark.parametrize("fields", [{"quantity": 2}, {"price": "1.0"}, {"quantity": "nonsense"}])
def test_a_key_cannot_be_used_for_another_body(alice: Client, fields: dict[str, Any]) -> None:
    first = place(alice, "once")
    got = place(alice, "once", **fields)
    assert got.status == 422
    assert "Idempotency-Key was used for another request" in got.detail
    assert len(alice.get(ORDERS).data) == 1
    assert place(alice, "once").response.body == first.response.body


def test_a_key_cannot_be_used_for_another_route(alice: Client) -> None:
    instrument_id = alice.api.venue.market_by_symbol("text-prime").instrument_id
    body = {"instrument_id": instrument_id, "quantity": 1}
    first = alice.post("/v1/transfers/trading-to-consumption", body, headers={"Idempotency-Key": "once"})
    got = alice.post("/v1/transfers/consumption-to-trading", body, headers={"Idempotency-Key": "once"})
    assert (first.status, got.status) == (202, 422)


def test_a_refusal_does_not_use_up_its_key(alice: Client) -> None:
    assert place(alice, "once", quantity=0).status == 400
    assert place(alice, "once", quantity=10_000).code == "INSUFFICIENT_BALANCE"
    assert place(alice, "once").status == 201


@pytest.mark.parametrize("key", ["", "k" * 256, "clé", "\udcff", "two\nlines"])
def test_what_cannot_be_a_key_is_refused_and_nothing_is_placed(alice: Client, key: str) -> None:
    assert place(alice, key).code == "VALIDATION_ERROR"
    assert alice.get(ORDERS).data == []


async def test_a_key_is_good_over_a_restart(tmp_path: Path) -> None:
    keeper = FileKeeper(tmp_path / "exchange.json")
    scenario = Scenario(VenueConfig(symbols=("text-prime",)))
    before = await open_exchange(scenario, keeper, now=START, seed=1)
    first = place(Client(before.api, before.keys.signing), "once")
    await keeper.save(before.dump())
    after = await open_exchange(scenario, keeper, now=START + timedelta(hours=1))
    alice = Client(after.api, after.keys.signing, START + timedelta(hours=1))
    assert place(alice, "once").response.body == first.response.body
    assert place(alice, "once", quantity=2).status == 422
    assert len(alice.get(ORDERS).data) == 1
    alice.later(hours=23)
    assert place(alice, "once").data["order_id"] != first.data["order_id"]
