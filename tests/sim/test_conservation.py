"""Nothing is made or lost, whatever anybody does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.clock import SeededIds
from bot.domain.money import TOKENS_PER_UNIT
from bot.domain.order import Side, TimeInForce
from bot.sim.audit import check_account
from bot.sim.config import SelfTrade, VenueConfig
from bot.sim.history import Way
from bot.sim.ledger import Account
from bot.sim.market import SimMarket
from bot.sim.orders import SimOrder
from bot.sim.refusals import Refusal
from bot.sim.venue import Venue
from tests.sim.client import START

TICK = 10_000
SYMBOLS = ("text-prime", "code-max")
USERS = {"patient": False, "eager": True}
CASH = 40
UNITS = 30

names = st.sampled_from([*USERS, "house"])
symbols = st.sampled_from(SYMBOLS)
prices = st.integers(100, 500).map(lambda ticks: ticks * TICK)


class ConservationMachine(RuleBasedStateMachine):
    """Several accounts with little money do what they like; some of it is refused."""

    self_trade = SelfTrade.CANCEL_INCOMING

    def __init__(self) -> None:
        super().__init__()
        config = VenueConfig(symbols=SYMBOLS, sweep_hours=(0, 12), lot_hours=1, self_trade=self.self_trade)
        self.venue = Venue(config, start=START, ids=SeededIds(1))
        grant = dict.fromkeys(SYMBOLS, UNITS)
        for name, auto_transfer in USERS.items():
            self.venue.add_account(name, cash=Decimal(CASH), units=grant, auto_transfer=auto_transfer)
        self.venue.accounts["patient"].supplier = True
        self.venue.add_account("house", cash=Decimal(CASH), units=grant, auto_transfer=True, house=True)
        self.orders: list[SimOrder] = []

    @rule(
        name=names,
        symbol=symbols,
        side=st.sampled_from(Side),
        quantity=st.integers(1, 12),
        price=st.none() | prices,
        tif=st.sampled_from([TimeInForce.GTC, *TimeInForce]),
        flag=st.sampled_from(["", "", "post_only", "reduce_only"]),
        stop_price=st.none() | prices,
    )
    def place(
        self,
        name: str,
        symbol: str,
        side: Side,
        quantity: int,
        price: int | None,
        tif: TimeInForce,
        flag: str,
        stop_price: int | None,
    ) -> None:
        account, market = self.venue.accounts[name], self.venue.market_by_symbol(symbol)
        held = account.units[market.instrument_id].available
        before = self.balances()
        try:
            order = self.venue.place(
                account,
                market,
                side,
                quantity,
                price,
                time_in_force=tif,
                post_only=flag == "post_only",
                reduce_only=flag == "reduce_only",
                stop_price=stop_price,
            )
        except Refusal:
            assert self.balances() == before
        else:
            self.orders.append(order)
            assert order.quantity == (min(quantity, held) if order.reduce_only else quantity)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        if order.is_open:
            self.venue.cancel(order.account, order.order_id)
        else:
            with pytest.raises(Refusal, match=r"404|500"):
                self.venue.cancel(order.account, order.order_id)
        assert not order.is_open

    @precondition(lambda self: self.orders)
    @rule(
        data=st.data(),
        quantity=st.none() | st.integers(1, 12),
        price=st.none() | prices,
        stop_price=st.none() | prices,
        tif=st.none() | st.sampled_from(TimeInForce),
    )
    def replace(
        self,
        data: st.DataObject,
        quantity: int | None,
        price: int | None,
        stop_price: int | None,
        tif: TimeInForce | None,
    ) -> None:
        order = data.draw(st.sampled_from(self.orders))
        before = self.balances(), order.remaining
        terms = order.quantity, order.price, order.stop_price, order.time_in_force
        try:
            self.venue.replace(
                order.account,
                order.order_id,
                quantity=quantity,
                price=price,
                stop_price=stop_price,
                time_in_force=tif,
            )
        except Refusal:
            assert (self.balances(), order.remaining) == before
            assert (order.quantity, order.price, order.stop_price, order.time_in_force) == terms
        else:
            asked = quantity or terms[0]
            assert order.quantity <= asked if order.reduce_only else order.quantity == asked
            assert (order.price, order.stop_price) == (price or terms[1], stop_price or terms[2])
            assert order.time_in_force is (tif or terms[3])

    @rule(name=names)
    def cancel_all(self, name: str) -> None:
        account = self.venue.accounts[name]
        waiting = len(self.venue.history(account).open)
        assert self.venue.cancel_all(account) == waiting
        assert not self.venue.history(account).open

    @rule(
        name=st.sampled_from([*USERS]),
        symbol=symbols,
        quantity=st.integers(0, 12),
        way=st.sampled_from([Way.TO_CONSUMPTION, *Way]),
    )
    def transfer(self, name: str, symbol: str, quantity: int, way: Way) -> None:
        account, instrument_id = self.venue.accounts[name], self.venue.market_by_symbol(symbol).instrument_id
        before = self.balances()
        try:
            self.venue.transfer(account, instrument_id, quantity, way)
        except Refusal:
            assert self.balances() == before

    @rule(name=names, symbol=symbols, quantity=st.integers(0, 12))
    def issue(self, name: str, symbol: str, quantity: int) -> None:
        before = self.balances()
        try:
            self.venue.issue(self.venue.accounts[name], self.venue.market_by_symbol(symbol).instrument_id, quantity)
        except Refusal:
            assert name != "patient" or not quantity
        else:
            assert name == "patient"
        assert self.balances() == before

    @rule(name=st.sampled_from([*USERS]), symbol=symbols, tokens=st.integers(0, 3 * TOKENS_PER_UNIT))
    def consume(self, name: str, symbol: str, tokens: int) -> None:
        account = self.venue.accounts[name]
        instrument_id = self.venue.market_by_symbol(symbol).instrument_id
        held = account.lots[instrument_id].tokens
        assert self.venue.consume(account, instrument_id, tokens) == min(tokens, held)

    @rule(seconds=st.sampled_from([0, 1, 2, 60, 3600, 12 * 3600]))
    def advance(self, seconds: int) -> None:
        self.venue.advance(self.venue.now + timedelta(seconds=seconds))

    @invariant()
    def cash_is_conserved(self) -> None:
        accounts = self.venue.accounts.values()
        assert sum(account.cash.total for account in accounts) == len(accounts) * CASH * 1_000_000

    @invariant()
    def units_are_held_under_way_used_or_expired(self) -> None:
        accounts = self.venue.accounts.values()
        for market in self.venue.markets.values():
            found = issued = 0
            for account in accounts:
                lots, supply = account.lots[market.instrument_id], account.issued[market.instrument_id]
                assert lots.received == lots.tokens + lots.used + lots.expired + lots.withdrawn
                assert lots.tokens == sum(lot.tokens for lot in lots)
                held = account.units[market.instrument_id].total + supply.available
                found += (held + self.under_way(account, market)) * TOKENS_PER_UNIT
                found += lots.tokens + lots.used + lots.expired
                issued += sum(
                    issuance.quantity
                    for issuance in self.venue.history(account).issuances
                    if issuance.instrument_id == market.instrument_id
                )
            assert found == (len(accounts) * UNITS + issued) * TOKENS_PER_UNIT

    @invariant()
    def what_would_be_kept_passes_the_audit(self) -> None:
        for name in USERS:
            account = self.venue.accounts[name]
            check_account(account, self.venue.history(account))

    @invariant()
    def open_orders_lock_what_they_may_need(self) -> None:
        for account in self.venue.accounts.values():
            orders = list(self.venue.history(account).open.values())
            buys = [order for order in orders if order.side is Side.BUY]
            assert account.cash.available >= 0
            assert account.cash.locked == sum((order.price or 0) * order.remaining for order in buys)
            for market in self.venue.markets.values():
                sells = [order for order in orders if order.market_id == market.market_id and order not in buys]
                units = account.units[market.instrument_id]
                assert units.available >= 0
                assert units.locked == sum(order.remaining for order in sells)

    @invariant()
    def books_hold_exactly_the_open_orders_and_are_never_crossed(self) -> None:
        for market in self.venue.markets.values():
            bid, ask = market.book.bids.best_price, market.book.asks.best_price
            assert bid is None or ask is None or bid < ask
            waiting = {order.order_id for order in market.stops}
            assert market.stops.count == len(waiting)
            assert not market.stops.reached
            assert self.resting(market) | waiting == {
                order_id
                for account in self.venue.accounts.values()
                for order_id, order in self.venue.history(account).open.items()
                if order.market_id == market.market_id
            }

    @invariant()
    def stop_orders_wait_until_the_last_price_reaches_them_and_no_longer(self) -> None:
        for market in self.venue.markets.values():
            for order in market.stops:
                assert (order.status, order.triggered_at, order.filled) == ("pending", None, 0)
                assert not market.has_reached(order)
            assert not self.resting(market) & {order.order_id for order in market.stops}

    @invariant()
    def orders_of_a_day_do_not_outlive_it(self) -> None:
        today = self.venue.now.date()
        for order in self.orders:
            if order.is_open and order.time_in_force is TimeInForce.DAY:
                assert order.updated_at.date() == today

    @invariant()
    def the_house_is_never_swept(self) -> None:
        house = self.venue.accounts["house"]
        assert all(lots.committed == 0 for lots in house.lots.values())

    def under_way(self, account: Account, market: SimMarket) -> int:
        return sum(
            transfer.quantity
            for transfer in self.venue.history(account).transfers
            if transfer.instrument_id == market.instrument_id and transfer.arrived_at is None
        )

    def resting(self, market: SimMarket) -> set[str]:
        found: set[str] = set()
        for side in Side:
            for level in market.book.side(side).levels():
                assert level.quantity == sum(order.remaining for order in level)
                found.update(order.order_id for order in level)
        return found

    def balances(self) -> list[tuple[int, ...]]:
        def of(account: Account) -> tuple[int, ...]:
            units = [(units.available, units.locked) for units in account.units.values()]
            return (account.cash.available, account.cash.locked, *(number for pair in units for number in pair))

        return [of(account) for account in self.venue.accounts.values()]


class CancelRestingMachine(ConservationMachine):
    """The same with the other rule for orders of one account that meet."""

    self_trade = SelfTrade.CANCEL_RESTING


UNHURRIED = settings(stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow])

TestConservation = ConservationMachine.TestCase
TestConservation.settings = settings(UNHURRIED, max_examples=60)
TestConservationWhereTheRestingOrderIsCancelled = CancelRestingMachine.TestCase
TestConservationWhereTheRestingOrderIsCancelled.settings = settings(UNHURRIED, max_examples=30)
