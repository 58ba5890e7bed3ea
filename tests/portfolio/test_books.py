"""Books: every change of the account is explained by trades and transfers, and what is not is told exactly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import Cash, Units
from bot.domain.fill import Fill
from bot.domain.order import Side
from bot.domain.transfer import VenueTransfer
from bot.portfolio.books import Drift, Statement, drifts, lasting

START = datetime(2026, 1, 5, tzinfo=UTC)
TRADED = {"m-text": "text", "m-code": "code"}

trades = st.tuples(
    st.sampled_from(sorted(TRADED)),
    st.sampled_from(Side),
    st.integers(1, 50),
    st.decimals("0.01", "9.99", places=2),
    st.decimals("0", "0.50", places=2),
)
moves = st.tuples(st.sampled_from(sorted(TRADED.values())), st.integers(1, 50))
endings = st.sampled_from(["completed", "failed", "half", "pending"])


@dataclass
class Ledger:
    """An account that books honestly."""

    cash: Decimal = Decimal(1000)
    units: Counter[str] = field(default_factory=lambda: Counter({"text": 500, "code": 500}))
    fills: list[Fill] = field(default_factory=list)
    transfers: dict[str, VenueTransfer] = field(default_factory=dict)

    def trade(self, market_id: str, side: Side, quantity: int, price: Decimal, fee: Decimal) -> None:
        number = len(self.fills)
        fill = Fill(f"t{number}", "o", market_id, side, price, quantity, START + timedelta(seconds=number), fee)
        self.fills.append(fill)
        sign = 1 if side is Side.BUY else -1
        self.cash -= sign * fill.notional + fee
        self.units[TRADED[market_id]] += sign * quantity

    def move(self, instrument_id: str, quantity: int) -> None:
        key = f"x{len(self.transfers)}"
        self.transfers[key] = VenueTransfer(key, instrument_id, quantity, "pending")
        self.units[instrument_id] -= quantity

    def end(self, key: str, how: str) -> None:
        before = self.transfers[key]
        assert before.quantity is not None
        assert before.instrument_id is not None
        if before.status != "pending" or how == "pending":
            return
        arrived = before.quantity if how == "completed" else 0 if how == "failed" else (before.quantity + 1) // 2
        self.units[before.instrument_id] += before.quantity - arrived
        shown = before.quantity if how == "failed" else arrived
        status = "failed" if how == "failed" else "completed"
        self.transfers[key] = VenueTransfer(key, before.instrument_id, shown, status)

    def statement(self) -> Statement:
        trading = {name: Units(name, total=units, available=units) for name, units in self.units.items()}
        cash = Cash(self.cash, self.cash)
        return Statement.of(START, cash, trading, tuple(self.fills), tuple(self.transfers.values()))


def play(ledger: Ledger, data: st.DataObject) -> None:
    for what in data.draw(st.lists(st.one_of(trades, moves), max_size=8)):
        if len(what) == 5:
            ledger.trade(*what)
        else:
            ledger.move(*what)
    for key in sorted(ledger.transfers):
        ledger.end(key, data.draw(endings))


@given(st.data())
def test_trades_and_transfers_explain_everything(data: st.DataObject) -> None:
    ledger = Ledger()
    play(ledger, data)
    before = ledger.statement()
    play(ledger, data)
    assert drifts(before, ledger.statement(), TRADED) == []


@given(st.data(), st.decimals("-99", "99", places=2), st.integers(-99, 99))
def test_what_is_not_explained_is_told_to_the_cent_and_the_unit(data: st.DataObject, cash: Decimal, units: int) -> None:
    ledger = Ledger()
    play(ledger, data)
    before = ledger.statement()
    ledger.cash += cash
    ledger.units["code"] += units
    play(ledger, data)
    expected = [Drift("USD", cash)] if cash else []
    expected += [Drift("code", Decimal(units))] if units else []
    assert drifts(before, ledger.statement(), TRADED) == expected


def test_a_drift_reads_as_a_person_would_write_it() -> None:
    assert str(Drift("USD", Decimal("-12.50"))) == "-12.50 USD"
    assert str(Drift("text-prime", Decimal(3))) == "+3 text-prime"


def test_of_drifts_that_change_what_was_there_all_the_time_lasts() -> None:
    def usd(amount: int) -> Drift:
        return Drift("USD", Decimal(amount))

    text = Drift("text", Decimal(1))
    assert lasting([[usd(-3), text], [usd(-2)], [usd(-9)]]) == [usd(-2)]
    assert lasting([[usd(3)], [usd(2)]]) == [usd(2)]
    assert lasting([[usd(-3)], [usd(2)]]) == []
