"""Every rule notices what it is for: true books pass, and books that are wrong in one place do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.clock import SeededIds
from bot.domain.money import micros_of
from bot.domain.order import Side
from bot.rehearsal import invariants
from bot.rehearsal.facts import BY_HAND, Books, FillRow, OrderRow, TransferRow, Truth, truth_of
from bot.rehearsal.invariants import Bound, Cap, Stock
from bot.rehearsal.plan import START, Violated
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.history import SimTransfer, Way
from bot.sim.office import USER, Grant, Opening, Role

PRICE = micros_of(Decimal("2.00"))
LATER = START + timedelta(hours=1)


class Scene:
    """A supplier with filled, resting, cancelled and sold orders, one by hand, a transfer, and an issue in Trading."""

    def __init__(self) -> None:
        opening = Opening(USER, Role.SUPPLIER, Grant(Decimal(10_000)))
        config = VenueConfig(symbols=("text-prime", "code-max"))
        scenario = Scenario(venue=config, tokens_per_hour=None, accounts=(opening,))
        self.sim: SimExchange = build_exchange(scenario, start=START, ids=SeededIds(1))
        self.truth: Truth = truth_of(self.sim)
        venue, account = self.sim.venue, self.sim.account
        self.market = venue.market_by_symbol("text-prime")
        self.place("filled", Side.BUY, 5, 4 * PRICE)
        self.place("sold", Side.SELL, 1, PRICE // 2)
        self.place("resting", Side.BUY, 3, PRICE // 4)
        venue.cancel(account, self.place("cancelled", Side.BUY, 2, PRICE // 4))
        self.place(BY_HAND, Side.BUY, 1, PRICE // 8)
        transfer = venue.transfer(account, self.market.instrument_id, 4)
        supplied = venue.market_by_symbol("code-max").instrument_id
        issue = venue.issue(account, supplied, 6)
        brought = venue.transfer(account, supplied, 6, Way.ISSUED_TO_TRADING)
        venue.advance(START + timedelta(minutes=5))
        issued = TransferRow("new", issue.issuance_id, supplied, 6, "completed", "issue")
        moves = [self._transfer(transfer), issued, self._transfer(brought)._replace(key="bring", way="to_trading")]
        self.books = Books(self._orders(), self._fills(), moves, [])

    def place(self, name: str, side: Side, quantity: int, price: int) -> str:
        order = self.sim.venue.place(self.sim.account, self.market, side, quantity, price, client_order_id=name)
        return order.order_id

    def check(self, books: Books, *, settled: bool = False, units: int = 10, target: int = 10, held: int = 10) -> None:
        caps = [Cap("stock", self.market.market_id, side, units) for side in Side]
        bounds = [Bound("stock", self.market.market_id, held)]
        stocks = [Stock(self.market.market_id, self.market.instrument_id, target)]
        invariants.at_any_moment(books, self.truth, caps, stocks, bounds)
        if settled:
            invariants.once_settled(books, self.truth, LATER)

    def _orders(self) -> dict[str, OrderRow]:
        states = {"filled": "filled", "sold": "filled", "resting": "open", "cancelled": "cancelled"}
        return {
            name: OrderRow(
                name,
                order.order_id,
                "stock",
                order.market_id,
                str(order.side),
                order.quantity,
                states[name],
                order.filled,
                order.notional,
            )
            for order in self.truth.orders
            if (name := order.client_order_id or "") in states
        }

    def _fills(self) -> list[FillRow]:
        return [
            FillRow(
                fill.trade.trade_id,
                fill.order.order_id,
                fill.order.client_order_id or "",
                fill.order.market_id,
                str(fill.order.side),
                fill.trade.quantity,
                fill.trade.price,
            )
            for fill in self.truth.fills
        ]

    def _transfer(self, transfer: SimTransfer) -> TransferRow:
        return TransferRow("move", transfer.transfer_id, transfer.instrument_id, transfer.quantity, "completed")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_true_books_break_no_rule(scene: Scene) -> None:
    scene.check(scene.books, settled=True)
    assert len(scene.books.fills) >= 2


def without_order(books: Books) -> Books:
    return replace(books, orders={name: row for name, row in books.orders.items() if name != "resting"})


def with_order(name: str, **changes: Any) -> Callable[[Books], Books]:
    return lambda books: replace(books, orders={**books.orders, name: books.orders[name]._replace(**changes)})


def with_fill(**changes: Any) -> Callable[[Books], Books]:
    return lambda books: replace(books, fills=[books.fills[0]._replace(**changes), *books.fills[1:]])


def with_transfer(**changes: Any) -> Callable[[Books], Books]:
    return with_move(0, **changes)


def with_move(place: int, **changes: Any) -> Callable[[Books], Books]:
    def wrong(books: Books) -> Books:
        moves = list(books.transfers)
        moves[place] = moves[place]._replace(**changes)
        return replace(books, transfers=moves)

    return wrong


def without_move(place: int) -> Callable[[Books], Books]:
    return lambda books: replace(books, transfers=[row for row in books.transfers if row != books.transfers[place]])


@pytest.mark.parametrize(
    ("wrong", "invariant"),
    [
        (without_order, "journaled"),
        (with_order("resting", order_id="order-of-somebody"), "journaled"),
        (with_order("filled", filled=4), "fills_add_up"),
        (with_order("filled", notional=1), "fills_add_up"),
        (with_fill(price=1), "fills_are_trades"),
        (with_fill(trade_id="never traded"), "fills_are_trades"),
        (lambda books: replace(books, fills=[*books.fills, books.fills[0]]), "fills_once"),
        (with_transfer(quantity=3), "transfers_are_journaled"),
        (with_transfer(transfer_id="never made"), "transfers_are_journaled"),
        (without_move(0), "transfers_are_journaled"),
        (without_move(1), "transfers_are_journaled"),
        (without_move(2), "transfers_are_journaled"),
        (with_move(1, way="to_trading"), "transfers_are_journaled"),
        (with_move(1, quantity=5), "transfers_are_journaled"),
        (with_move(1, transfer_id=None, state="not_sent"), "transfers_are_journaled"),
        (lambda books: replace(books, halts=["something looked wrong"]), "halted"),
    ],
)
def test_what_is_wrong_at_any_moment_is_noticed(scene: Scene, wrong: Callable[[Books], Books], invariant: str) -> None:
    with pytest.raises(Violated) as violated:
        scene.check(wrong(scene.books))
    assert violated.value.invariant == invariant


def no_fill_of_the_sale(books: Books) -> Books:
    orders = {**books.orders, "sold": books.orders["sold"]._replace(filled=0, notional=0)}
    return replace(books, orders=orders, fills=[fill for fill in books.fills if fill.client_order_id != "sold"])


@pytest.mark.parametrize(
    ("behind", "invariant"),
    [
        (no_fill_of_the_sale, "fills_equal_trades"),
        (with_order("cancelled", state="open"), "orders_agree"),
        (with_order("resting", state="unknown"), "orders_agree"),
        (with_transfer(state="unknown"), "transfers_agree"),
        (with_move(1, transfer_id=None, state="unknown"), "transfers_agree"),
        (with_move(2, state="submitting"), "transfers_agree"),
    ],
)
def test_what_is_only_behind_passes_until_all_must_have_settled(
    scene: Scene, behind: Callable[[Books], Books], invariant: str
) -> None:
    books = behind(scene.books)
    scene.check(books)
    with pytest.raises(Violated) as violated:
        scene.check(books, settled=True)
    assert violated.value.invariant == invariant


def test_a_transfer_that_has_just_begun_may_be_under_way(scene: Scene) -> None:
    books = with_transfer(state="pending")(scene.books)
    invariants.once_settled(books, scene.truth, recent=START)
    with pytest.raises(Violated, match="transfers_agree"):
        invariants.once_settled(books, scene.truth, recent=LATER)


def test_units_that_stay_where_they_were_issued_are_noticed(scene: Scene) -> None:
    scene.sim.venue.issue(scene.sim.account, scene.market.instrument_id, 2)
    invariants.what_is_issued_is_brought(scene.truth, recent=START)
    with pytest.raises(Violated, match="issued_is_brought"):
        invariants.what_is_issued_is_brought(scene.truth, recent=LATER)


def test_more_on_the_book_or_in_stock_than_was_wanted_is_noticed(scene: Scene) -> None:
    with pytest.raises(Violated, match="over_quoted"):
        scene.check(scene.books, units=2)
    with pytest.raises(Violated, match="over_bought: 4 units held or moving and 3 on order; wanted 5"):
        scene.check(scene.books, target=5)
    with pytest.raises(Violated, match="over_held: stock wants 6 units at most; has and bids for 7"):
        scene.check(scene.books, held=6)
    scene.check(scene.books, units=3, target=6, held=7)


def test_money_and_units_that_do_not_agree_are_noticed(scene: Scene) -> None:
    with pytest.raises(Violated, match="cash_agrees"):
        invariants.cash_agrees(scene.books, replace(scene.truth, first_cash=1))
    with pytest.raises(Violated, match="units_agree"):
        invariants.units_agree(scene.books, replace(scene.truth, first_units={scene.market.instrument_id: 7}))
    scene.sim.account.cash.available -= 1
    with pytest.raises(Violated, match="cash_agrees"):
        scene.check(scene.books, settled=True)


def test_an_exchange_that_does_not_add_up_is_noticed(scene: Scene) -> None:
    scene.sim.account.lots[scene.market.instrument_id].used += 1
    with pytest.raises(Violated, match="lots_add_up"):
        scene.check(scene.books)


def test_an_order_of_somebody_else_must_be_left_alone(scene: Scene) -> None:
    (by_hand,) = (order for order in scene.truth.history.orders if order.client_order_id == BY_HAND)
    scene.sim.venue.cancel(scene.sim.account, by_hand.order_id)
    with pytest.raises(Violated, match="foreign_left_alone"):
        scene.check(scene.books, settled=True)


def test_nothing_may_rest_after_a_stop_that_cancels(scene: Scene) -> None:
    with pytest.raises(Violated, match="stopped_clean: order resting"):
        invariants.nothing_rests(scene.truth)
    scene.sim.venue.cancel_all(scene.sim.account)
    invariants.nothing_rests(scene.truth)
