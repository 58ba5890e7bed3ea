"""What holds kills to account finds what is doubled or lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from bot.domain.fill import Fill
from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Order, OrderState, Side, VenueOrder
from bot.domain.transfer import Transfer, TransferState, VenueTransfer
from soak.audit import Journal, Shown, at_rest, troubles, unknown

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PRICE = Decimal("2.00")
FILL = Fill("trade-1", "order-1", "market", Side.BUY, PRICE, 5, NOW)
ORDER = Order(
    "gb-1", "churn", "market", Side.BUY, 5, PRICE, NOW, NOW, OrderState.FILLED, "order-1", 5, Decimal("10.00")
)
VENUE_ORDER = VenueOrder("order-1", "gb-1", "market", Side.BUY, "filled", 5, 5, PRICE)
TRANSFER = Transfer("gbt-1", "churn", "unit", 2, NOW, NOW, TransferState.COMPLETED, "transfer-1")
VENUE_TRANSFER = VenueTransfer("transfer-1", "unit", 2, "completed")

START = Shown([], [], [], Decimal(100))
END = Shown([VENUE_ORDER], [FILL], [VENUE_TRANSFER], Decimal(90), {"unit": 3})
JOURNAL = Journal([ORDER], [FILL], [TRANSFER])


def faults(end: Shown = END, journal: Journal = JOURNAL) -> list[str]:
    return list(at_rest(START, end, journal, {"market": "unit"}))


def test_books_that_agree_have_no_faults() -> None:
    assert faults() == []


def test_an_order_that_never_arrived_need_not_be_on_the_exchange() -> None:
    unsent = replace(ORDER, client_order_id="gb-2", order_id=None, filled=0, state=OrderState.NOT_SENT)
    assert faults(journal=replace(JOURNAL, orders=[ORDER, unsent])) == []


def test_what_the_exchange_has_and_the_journal_does_not_is_found_at_any_time() -> None:
    assert list(unknown(END, Journal([], [], []))) == [
        "order gb-1 is on the exchange and not in the journal",
        "trade trade-1 of order order-1 is not in the journal",
        "transfer transfer-1 of 2 units is not in the journal",
    ]


def test_an_order_that_was_sent_twice_is_found() -> None:
    twice = replace(END, orders=[VENUE_ORDER, replace(VENUE_ORDER, order_id="order-2")])
    assert "order gb-1 is on the exchange 2 times" in list(unknown(twice, JOURNAL))


def test_an_order_that_was_placed_without_an_id_of_ours_is_found() -> None:
    nameless = replace(END, orders=[replace(VENUE_ORDER, client_order_id=None)])
    assert list(unknown(nameless, JOURNAL)) == ["1 orders were placed without a client order id"]


def test_an_order_that_the_journal_holds_for_sent_and_that_is_not_there_is_found() -> None:
    assert "order gb-1 is filled in the journal and not on the exchange" in faults(replace(END, orders=[]))


def test_an_order_in_another_state_is_found() -> None:
    assert any("gb-1 is [" in fault for fault in faults(journal=replace(JOURNAL, orders=[replace(ORDER, filled=4)])))


def test_an_order_that_still_rests_is_found() -> None:
    resting = replace(END, orders=[replace(VENUE_ORDER, status="active")])
    assert "order gb-1 is still active on the exchange" in faults(resting)


def test_a_fill_that_was_stored_twice_or_otherwise_than_it_traded_is_found() -> None:
    assert "trade trade-1 is in the journal 2 times" in faults(journal=replace(JOURNAL, fills=[FILL, FILL]))
    other = replace(FILL, price=Decimal("2.01"))
    assert any("trade trade-1 is (" in fault for fault in faults(journal=replace(JOURNAL, fills=[other])))
    assert "trade trade-1 is in the journal and not on the exchange" in faults(replace(END, fills=[]))


def test_a_transfer_that_ended_otherwise_or_was_never_made_is_found() -> None:
    pending = replace(TRANSFER, state=TransferState.PENDING)
    assert any("transfer gbt-1 is [" in fault for fault in faults(journal=replace(JOURNAL, transfers=[pending])))
    assert "transfer gbt-1 is completed in the journal and not on the exchange" in faults(replace(END, transfers=[]))
    assert "transfer transfer-1 is in the journal 2 times" in faults(
        journal=replace(JOURNAL, transfers=[TRANSFER, TRANSFER])
    )


def test_money_and_units_that_no_trade_explains_are_found() -> None:
    assert faults(replace(END, cash=Decimal(91))) == ["there should be 90.00 USD, and there are 91"]
    assert faults(replace(END, trading={"unit": 4})) == ["there should be 3 units of unit in Trading, and there are 4"]
    moved = replace(END, transfers=[replace(VENUE_TRANSFER, quantity=7)], trading={})
    assert "there should be -2 units of unit in Trading, and there are 0" in faults(moved)


def test_what_the_bot_itself_found_wrong_is_told() -> None:
    halted = Latch(TradingState.HALTED, "drift", "gridbot", NOW)
    found = list(troubles(replace(JOURNAL, incidents=[Incident(NOW, "drift", "5 USD")], latch=halted)))
    assert len(found) == 2
    assert found[1] == "trading is halted: drift"
