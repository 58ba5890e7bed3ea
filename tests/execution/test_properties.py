"""Rules that hold whatever the exchange does and in whatever order news of it arrives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, Side, VenueOrder
from bot.domain.transfer import Transfer, TransferState, VenueTransfer
from bot.domain.transitions import (
    Accepted,
    CancelRefused,
    CancelRequested,
    Closed,
    Filled,
    OrderEvent,
    Unclear,
    apply,
)
from bot.execution.reconcile import Repairs, Venue, diff

S, T = OrderState, TransferState
AT = datetime(2026, 1, 5, tzinfo=UTC)
UNITS = 10


def fill(number: int, units: int, trade: str) -> Fill:
    return Fill(trade, f"o-{number}", "m", Side.BUY, Decimal(2), units, AT)


def an_order(number: int, state: OrderState, *, order_id: bool = True, filled: int = 0) -> Order:
    known_as = f"o-{number}" if order_id else None
    return Order(
        f"gb-{number}", "s", "m", Side.BUY, UNITS, Decimal(2), AT, AT, state, known_as, filled, Decimal(2) * filled
    )


def shown(number: int, status: str, filled: int | None, *, units: int | None = UNITS, price: int = 2) -> VenueOrder:
    return VenueOrder(f"o-{number}", f"gb-{number}", "m", Side.BUY, status, units, filled, Decimal(price), AT)


class Journal:
    """Orders, changed as desk and reconciler change them: trades once, some events in some states only."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self.orders = {order.client_order_id: order for order in orders}
        self.trades: set[str] = set()

    def take(self, client_order_id: str, event: OrderEvent, only_in: Sequence[OrderState] = tuple(S)) -> None:
        order = self.orders[client_order_id]
        if order.state not in only_in:
            return
        if isinstance(event, Filled):
            if event.fill.trade_id in self.trades:
                return
            self.trades.add(event.fill.trade_id)
        self.orders[client_order_id] = apply(order, event, AT)

    def repair(self, repairs: Repairs) -> None:
        for order, event in repairs.orders:
            self.take(order.client_order_id, event)


@dataclass(frozen=True)
class Story:
    """What the exchange did with one order: how it ended (None: it rests), and what it filled before."""

    fills: tuple[int, ...]
    end: OrderState | None

    @property
    def state(self) -> OrderState:
        return S.FILLED if sum(self.fills) == UNITS else self.end or S.OPEN

    @property
    def status(self) -> str:
        return {S.OPEN: "active"}.get(self.state, str(self.state))

    @property
    def trades(self) -> list[Fill]:
        return [fill(1, units, f"t-{number}") for number, units in enumerate(self.fills)]


stories = st.builds(
    Story,
    st.lists(st.integers(1, 5), max_size=4).filter(lambda units: sum(units) <= UNITS).map(tuple),
    st.sampled_from([None, S.CANCELLED, S.EXPIRED]),
)
placement_answers: st.SearchStrategy[OrderEvent | None] = st.sampled_from([Accepted("o-1"), Unclear("no answer"), None])
cancels: st.SearchStrategy[list[OrderEvent]] = st.sampled_from(
    [[], [CancelRequested()], [CancelRequested(), Unclear("no answer")], [CancelRequested(), CancelRefused("no")]]
)


@given(stories, placement_answers, cancels, st.data())
def test_news_in_whatever_order_end_in_the_state_that_the_exchange_has(
    story: Story, answer: OrderEvent | None, cancel: list[OrderEvent], data: st.DataObject
) -> None:
    """Answers to requests, and what lists and stream tell of the order, each as often and as late as they like."""
    told: list[OrderEvent] = [Accepted("o-1"), *(Filled(trade) for trade in story.trades)]
    if story.state not in (S.OPEN, S.FILLED):
        told.append(Closed(story.state))
    told += data.draw(st.lists(st.sampled_from(told), max_size=3))
    sources = ["told"] * len(told) + ["cancel"] * len(cancel) + ["answer"] * (answer is not None)
    news = {"told": iter(data.draw(st.permutations(told))), "cancel": iter(cancel), "answer": iter([answer])}
    journal = Journal([an_order(1, S.SUBMITTING, order_id=False)])
    for source in data.draw(st.permutations(sources)):
        event = next(news[source])
        assert event is not None
        journal.take("gb-1", event, _only_in(event, source))
    for settled in (False, True, True):
        trades = [trade for trade in story.trades if trade.trade_id not in journal.trades]
        venue = Venue([shown(1, story.status, sum(story.fills))], trades)
        journal.repair(diff(list(journal.orders.values()), [], venue, {"gb-1"} if settled else ()))
    (order,) = journal.orders.values()
    assert (order.state, order.filled, order.order_id) == (story.state, sum(story.fills), "o-1")


def _only_in(event: OrderEvent, source: str) -> Sequence[OrderState]:
    """The states in which the desk applies an event."""
    if source == "cancel":
        return (S.OPEN,) if isinstance(event, CancelRequested) else (S.CANCELLING,)
    return (S.SUBMITTING,) if isinstance(event, Unclear) else tuple(S)


@st.composite
def orders_and_venue(draw: st.DrawFn) -> tuple[list[Order], list[VenueOrder], list[Fill], set[str]]:
    """Orders in any state, and whatever the exchange may show of them, early or late."""
    orders, rows, fills, settled = [], [], [], set()
    for number in range(draw(st.integers(1, 4))):
        state = draw(st.sampled_from([S.SUBMITTING, S.UNKNOWN, S.NOT_SENT, S.OPEN, S.CANCELLING, S.CANCELLED]))
        has_id = state in (S.OPEN, S.CANCELLING, S.CANCELLED) or (state is S.UNKNOWN and draw(st.booleans()))
        known = draw(st.integers(0, 9)) if has_id else 0
        new: list[int] = []
        for units in draw(st.lists(st.integers(1, 4), max_size=3)):
            new += [units] if known + sum(new) + units <= UNITS else []
        orders.append(an_order(number, state, order_id=has_id, filled=known))
        fills += [fill(number, units, f"t-{number}-{place}") for place, units in enumerate(new)]
        status = draw(st.sampled_from(["active", "cancellation_pending", "cancelled", "expired", "filled", None]))
        if status is not None:
            quantity = draw(st.sampled_from([UNITS, UNITS, None]) | st.integers(1, UNITS + 4))
            told = quantity if status == "filled" else draw(st.none() | st.integers(0, quantity or UNITS))
            rows.append(shown(number, status, told, units=quantity, price=draw(st.sampled_from([2, 2, 3]))))
        if draw(st.booleans()):
            settled.add(f"gb-{number}")
    return orders, rows, fills, settled


@given(orders_and_venue())
def test_repaired_orders_need_no_repair(world: tuple[list[Order], list[VenueOrder], list[Fill], set[str]]) -> None:
    orders, rows, fills, settled = world
    journal = Journal(orders)
    journal.repair(diff(orders, [], Venue(rows, fills), settled))
    left = [one for one in fills if one.trade_id not in journal.trades]
    assert not diff(list(journal.orders.values()), [], Venue(rows, left), settled)
    for order in journal.orders.values():
        assert order.filled <= order.quantity


@st.composite
def transfers_and_history(draw: st.DrawFn) -> tuple[list[Transfer], list[VenueTransfer], set[str]]:
    """Transfers in any state, and a history that may lack them, have others, or have them in part."""
    transfers, settled = [], set()
    for number in range(draw(st.integers(1, 4))):
        state = draw(st.sampled_from([T.SUBMITTING, T.UNKNOWN, T.PENDING]))
        transfer_id = f"x-{number}" if state is T.PENDING else None
        transfers.append(Transfer(f"k-{number}", "s", "i", draw(st.integers(1, 3)), AT, AT, state, transfer_id))
        if draw(st.booleans()):
            settled.add(f"k-{number}")
    transfers += [
        Transfer(f"n-{number}", "s", "i", draw(st.integers(1, 3)), AT, AT, T.NOT_SENT)
        for number in range(draw(st.integers(0, 2)))
    ]
    history = [
        VenueTransfer(
            f"x-{number}",
            draw(st.sampled_from(["i", "i", "j"])),
            draw(st.integers(1, 3)),
            draw(st.sampled_from(["pending", "completed", "failed"])),
            AT + timedelta(seconds=draw(st.integers(-100, 200))),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    return transfers, history, settled


@given(transfers_and_history())
def test_repaired_transfers_need_no_repair(world: tuple[list[Transfer], list[VenueTransfer], set[str]]) -> None:
    transfers, history, settled = world
    repairs = diff([], transfers, Venue(transfers=history), settled).transfers
    journal = {transfer.key: transfer for transfer in transfers}
    for repair in repairs:
        changed = journal[repair.transfer.key].become(repair.state, AT, transfer_id=repair.transfer_id)
        journal[changed.key] = changed
    uses = Counter(transfer.transfer_id for transfer in journal.values() if transfer.transfer_id)
    assert all(times == 1 for times in uses.values()), "no transfer of the exchange's is two of ours"
    left = [one for one in journal.values() if one.state.is_open or one.state is T.NOT_SENT]
    known = {one.transfer_id for one in journal.values() if one not in left}
    shown_now = [one for one in history if one.transfer_id not in known]
    again = diff([], sorted(left, key=lambda one: one.state is T.NOT_SENT), Venue(transfers=shown_now), settled)
    assert not again
