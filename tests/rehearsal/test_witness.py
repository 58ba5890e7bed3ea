"""The witness lets through what the journal allows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from bot.domain.order import Order, OrderState
from bot.domain.transfer import Transfer, TransferState
from bot.ports import OrderRecord, Request, Response
from bot.rehearsal.plan import START, Violated
from bot.rehearsal.witness import Witness
from bot.storage import orders, transfers
from bot.storage.inline import InlineDatabase
from tests.storage.samples import an_order


class Scene:
    def __init__(self) -> None:
        self.database = InlineDatabase.migrated()
        self.seen: list[Violated] = []
        self.witness = Witness(self.database.raw, self.seen.append)

    def journal(self, order: Order) -> None:
        self.database.do(orders.add, order)

    def becomes(self, order: Order, state: OrderState) -> None:
        self.database.do(
            orders.save, replace(order, state=state), OrderRecord(START, order.client_order_id, "Event", state)
        )

    def journal_transfer(self, transfer: Transfer) -> None:
        self.database.do(transfers.add, transfer)

    def transfer_becomes(self, transfer: Transfer, state: TransferState) -> None:
        self.database.do(transfers.save, replace(transfer, state=state))
        self.witness.stores()

    def broken(self) -> list[str]:
        """The rules broken since this was asked last."""
        names = [violated.invariant for violated in self.seen]
        self.seen.clear()
        return names


@pytest.fixture
def scene() -> Scene:
    return Scene()


def place(order: Order) -> Request:
    body = msgspec.json.encode({"client_order_id": order.client_order_id})
    return Request("POST", "/v1/trading/orders", headers={"idempotency-key": order.client_order_id}, body=body)


def move(transfer: Transfer) -> Request:
    headers = {"idempotency-key": transfer.key}
    return Request("POST", "/v1/transfers/trading-to-consumption", headers=headers, body=b"{}")


def issue(transfer: Transfer) -> Request:
    return replace(move(transfer), path="/v1/trading/supply-issuances")


def bring(transfer: Transfer) -> Request:
    return replace(move(transfer), path="/v1/trading/issuance-accounts/transfer")


def a_transfer(key: str = "move-a") -> Transfer:
    return Transfer(key, "stock", "instrument", 5, START, START)


@pytest.mark.parametrize("request_of", [move, issue, bring])
def test_units_move_only_when_that_is_journaled_and_nothing_of_the_instrument_is_unclear(
    scene: Scene, request_of: Callable[[Transfer], Request]
) -> None:
    first, second = a_transfer(), a_transfer("move-b")
    scene.witness.sends(request_of(first))
    assert scene.broken() == ["journal_before_send"]
    scene.journal_transfer(first)
    scene.witness.sends(request_of(first))
    assert scene.broken() == []
    scene.witness.sends(request_of(first))
    assert scene.broken() == ["sent_once"]
    scene.journal_transfer(second)
    scene.witness.sends(request_of(second))
    assert scene.broken() == ["nothing_new_while_unclear"]


def test_an_order_goes_out_only_when_it_is_journaled_as_being_sent(scene: Scene) -> None:
    order = an_order()
    scene.witness.sends(place(order))
    assert scene.broken() == ["journal_before_send"]
    scene.journal(order)
    scene.witness.sends(place(order))
    assert scene.broken() == []
    scene.becomes(order, OrderState.OPEN)
    scene.witness.sends(place(order))
    assert scene.broken() == ["journal_before_send"]


def test_nothing_new_goes_to_a_market_while_something_is_unclear_there(scene: Scene) -> None:
    first, second = an_order("a"), an_order("b")
    scene.journal(first)
    scene.journal(second)
    scene.becomes(first, OrderState.UNKNOWN)
    scene.witness.sends(place(second))
    assert scene.broken() == ["nothing_new_while_unclear"]
    scene.becomes(first, OrderState.OPEN)
    scene.witness.sends(place(second))
    assert scene.broken() == []


def test_an_order_goes_out_again_only_once_it_was_judged_never_sent(scene: Scene) -> None:
    order = an_order()
    scene.journal(order)
    scene.witness.sends(place(order))
    scene.witness.sends(place(order))
    assert scene.broken() == ["sent_once"]
    scene.becomes(order, OrderState.NOT_SENT)
    scene.becomes(order, OrderState.SUBMITTING)
    scene.witness.sends(place(order))
    assert scene.broken() == []
    scene.witness.sends(place(order))
    assert scene.broken() == ["sent_once"]


@pytest.mark.parametrize(("status", "broken"), [(401, []), (404, []), (500, ["sent_once"]), (201, ["sent_once"])])
def test_what_was_certainly_not_applied_may_be_sent_once_more(scene: Scene, status: int, broken: list[str]) -> None:
    order, transfer = an_order(), a_transfer()
    scene.journal(order)
    scene.journal_transfer(transfer)
    for request in (place(order), move(transfer)):
        scene.witness.sends(request)
        scene.witness.hears(request, Response(status))
        scene.witness.sends(request)
        assert scene.broken() == broken


def test_a_transfer_is_watched_like_an_order(scene: Scene) -> None:
    first, second = a_transfer(), a_transfer("move-b")
    scene.witness.sends(move(first))
    assert scene.broken() == ["journal_before_send"]
    scene.journal_transfer(first)
    scene.witness.sends(move(first))
    assert scene.broken() == []
    scene.witness.sends(move(first))
    assert scene.broken() == ["sent_once"]
    scene.transfer_becomes(first, TransferState.UNKNOWN)
    scene.journal_transfer(second)
    scene.witness.sends(move(second))
    assert scene.broken() == ["nothing_new_while_unclear"]
    scene.transfer_becomes(first, TransferState.NOT_SENT)
    scene.transfer_becomes(first, TransferState.SUBMITTING)
    scene.transfer_becomes(second, TransferState.REFUSED)
    scene.witness.sends(move(first))
    assert scene.broken() == []


def test_only_our_own_orders_are_cancelled(scene: Scene) -> None:
    order = replace(an_order(), state=OrderState.OPEN, order_id="order-1")
    scene.journal(order)
    scene.witness.sends(Request("DELETE", "/v1/trading/orders/order-1"))
    assert scene.broken() == []
    scene.witness.sends(Request("DELETE", "/v1/trading/orders/order-2"))
    assert scene.broken() == ["only_ours"]
