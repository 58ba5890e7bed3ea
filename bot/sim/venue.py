"""The simulated exchange: a state machine that is told what time it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Protocol

from bot.domain.money import ZERO, micros_of
from bot.domain.order import Side, TimeInForce
from bot.ports import Ids
from bot.sim.config import VenueConfig
from bot.sim.history import History, SimIssuance, SimTransfer, Way
from bot.sim.ledger import Account, AccountMode
from bot.sim.listener import Listener
from bot.sim.market import Markets, SimMarket
from bot.sim.order_desk import OrderDesk
from bot.sim.orders import SimOrder
from bot.sim.refusals import malformed
from bot.sim.registry import Registry
from bot.sim.supply import issue
from bot.sim.tempo import Tempo
from bot.sim.timetable import Timetable
from bot.sim.transfers import TransferDesk, next_sweep

_GTC = TimeInForce.GTC


class Agent(Protocol):
    """Somebody who lives inside the exchange: background traders, a demand for inference."""

    def act(self, venue: Venue, now: datetime) -> datetime | None:
        """Do your thing; answer when to act next, which must be later than now, or None for never again."""
        ...


class Venue:
    """A spot exchange of inference tokens, run by the rules of its configuration.

    Nothing in it moves but by a call: `advance` lets time pass. Prices and cash are micro-dollars, quantities whole
    units, times UTC. The same calls with the same ids give the same state.

    Attributes:
        config: its rules.
        now: the moment up to which everything has happened, by its own time.
        tempo: how its own time follows the clock.
        revision: grows whenever anything that a user's account sees has changed, use of Consumption tokens excepted.

    `markets` given at its making are open already; those that the configuration lists beside them are new.
    """

    def __init__(self, config: VenueConfig, *, start: datetime, ids: Ids, markets: Iterable[SimMarket] = ()) -> None:
        self.config = config
        self.now = start
        self.tempo = Tempo(start, start, config.speed)
        self.revision = 0
        self._ids = ids
        open_already = {market.symbol: market for market in markets}
        self._listed = Markets(open_already.get(symbol) or self._new_market(symbol) for symbol in config.symbols)
        self._registry = Registry(ids)
        self._timetable = Timetable()
        self._transfers = TransferDesk(config, self._timetable, ids, self._touch)
        self._orders = OrderDesk(
            config,
            self._listed.by_id,
            self._registry.histories,
            self._timetable,
            ids,
            touched=self._touch,
            bought=self._on_bought,
        )
        if config.sweep_hours:
            self._timetable.add(next_sweep(config.sweep_hours, start), self._sweep)

    @property
    def markets(self) -> Mapping[str, SimMarket]:
        """All markets, by id."""
        return self._listed.by_id

    @property
    def accounts(self) -> Mapping[str, Account]:
        """All accounts, by name."""
        return self._registry.by_name

    def market(self, market_id: str) -> SimMarket:
        """A market, by its id. Raises `Refusal` when there is none."""
        return self._listed.of_id(market_id)

    def market_by_symbol(self, symbol: str) -> SimMarket:
        """The market of an instrument, by its symbol. Raises `Refusal` when there is none."""
        return self._listed.of_symbol(symbol)

    def market_of(self, instrument_id: str) -> SimMarket:
        """The market of an instrument, by its id. Raises `Refusal` when there is none."""
        return self._listed.of_instrument(instrument_id)

    def account_of_key(self, fingerprint: str) -> Account | None:
        """The account that signs with a key; None when nobody does."""
        return self._registry.of_key(fingerprint)

    def history(self, account: Account) -> History:
        """What an account did; of a house account, only its open orders."""
        return self._registry.histories[account.account_id]

    def add_account(
        self,
        name: str,
        *,
        verify_key: bytes | None = None,
        cash: Decimal = ZERO,
        units: Mapping[str, int] | None = None,
        auto_transfer: bool | None = None,
        house: bool = False,
        mode: AccountMode = AccountMode.ADVANCED,
        supplier: bool = False,
    ) -> Account:
        """Open an account.

        Args:
            name: unique on the exchange.
            verify_key: 32 bytes of the Ed25519 public key with which its requests are signed; None: it sends none.
            cash: USD that it is given.
            units: Trading units that it is given, by symbol.
            auto_transfer: whether bought units leave for Consumption as soon as they fill; None: as configured.
            house: a background trader: not swept, never auto-transferred, its closed orders are forgotten.
            mode: in Auto Mode its owner's orders are refused.
            supplier: whether it may issue units.

        Raises:
            ValueError: the name or the key is taken, the key is no key, or something given is negative.
            Refusal: there is no instrument of such a symbol.
        """
        granted = {self.market_by_symbol(symbol).instrument_id: amount for symbol, amount in (units or {}).items()}
        account = self._registry.open(
            name,
            self.now,
            verify_key=verify_key,
            cash=micros_of(cash),
            units={market.instrument_id: 0 for market in self.markets.values()} | granted,
            auto_transfer=self.config.auto_transfer if auto_transfer is None else auto_transfer,
            house=house,
            mode=mode,
            supplier=supplier,
        )
        self._touch(account, self.now)
        return account

    def register_key(self, account: Account, verify_key: bytes) -> str:
        """Let an account sign with one more key (32 bytes, Ed25519); answers the key's fingerprint.

        Raises:
            ValueError: the key is taken, or is no key.
        """
        fingerprint = self._registry.add_key(account, verify_key)
        self._touch(account, self.now)
        return fingerprint

    def deposit(self, account: Account, cash: Decimal = ZERO, units: Mapping[str, int] | None = None) -> None:
        """Give an account cash, USD, and Trading units, by symbol.

        Raises:
            ValueError: something given is negative, or finer than a micro-dollar.
            Refusal: there is no instrument of such a symbol.
        """
        granted = {self.market_by_symbol(symbol).instrument_id: amount for symbol, amount in (units or {}).items()}
        micros = micros_of(cash)
        if micros < 0 or min(granted.values(), default=0) < 0:
            raise ValueError("nothing is taken away by a deposit")
        account.cash.available += micros
        for instrument_id, amount in granted.items():
            account.units[instrument_id].available += amount
        self._touch(account, self.now)

    def adopt(self, account: Account, history: History) -> None:
        """Take in a user account that was not opened here but brought back; its orders are not put on the books.

        Raises:
            ValueError: the name or the key is taken, or the key is no key.
        """
        self._registry.add(account, history)
        self._transfers.resume(account, history)
        self._orders.resume(history, self.now)

    def add_agent(self, agent: Agent, first: datetime) -> None:
        """Let somebody live in the exchange and act from `first` on; of one moment, the first to join acts first."""
        self._timetable.add(first, partial(agent.act, self))

    def listen(self, listener: Listener) -> None:
        """Tell somebody of everything on the books, from now on."""
        self._orders.listen(listener)

    def unlisten(self, listener: Listener) -> None:
        """Do not tell somebody any more."""
        self._orders.unlisten(listener)

    @property
    def due_at(self) -> datetime | None:
        """When something will next happen by itself, by the clock; None: never."""
        moment = self._timetable.next_at
        return None if moment is None else self.tempo.when(moment)

    def advance(self, now: datetime) -> None:
        """Let time pass: everything that is due by `now` (by the clock) happens, in the order of its time.

        Time does not go back: a `now` in the past changes nothing.

        Raises:
            ValueError: an agent wants to act again before it could have done anything.
        """
        now = self.tempo.at(now)
        while (due := self._timetable.next_due(now)) is not None:
            at, action = due
            self.now = max(self.now, at)
            again = action(self.now)
            if again is None:
                continue
            if again <= self.now:
                raise ValueError(f"an action at {self.now} asks to be repeated at {again}, which is not later")
            self._timetable.add(again, action)
        self.now = max(self.now, now)

    def place(
        self,
        account: Account,
        market: SimMarket,
        side: Side,
        quantity: int,
        price: int | None,
        *,
        time_in_force: TimeInForce = _GTC,
        post_only: bool = False,
        reduce_only: bool = False,
        stop_price: int | None = None,
        client_order_id: str | None = None,
    ) -> SimOrder:
        """Place an order; what it can trade is traded when this returns.

        With a stop price it waits until the last trade was there or beyond: above it for a buy, below it for a sell.

        Args:
            account: who places it.
            market: where.
            side: buy or sell.
            quantity: units.
            price: the limit, micro-dollars per unit; None for a market order, which never rests.
            time_in_force: GTC, IOC, FOK, or DAY: until 24:00 UTC, waiting or resting.
            post_only: refuse it rather than let it take.
            reduce_only: cut a sell to the units that the account has beyond its other sells.
            stop_price: micro-dollars per unit; None for an order that does not wait.
            client_order_id: the owner's id, which must be new to the account.

        Raises:
            Refusal: it breaks the market's rules, the account cannot pay for it, or its mode allows no orders;
                nothing has changed.
        """
        order = SimOrder(
            self._ids.new("order"),
            account,
            market.market_id,
            market.instrument_id,
            side,
            quantity,
            quantity,
            price,
            self.now,
            self.now,
            time_in_force,
            post_only,
            reduce_only,
            stop_price,
            client_order_id,
        )
        self._orders.place(market, order, self.now)
        return order

    def replace(
        self,
        account: Account,
        order_id: str,
        *,
        quantity: int | None = None,
        price: int | None = None,
        stop_price: int | None = None,
        time_in_force: TimeInForce | None = None,
    ) -> SimOrder:
        """Give one of the account's open orders new terms; what is None stays.

        It keeps its place in the queue if its prices stay and its quantity does not grow. Else it comes in anew, and
        trades at once what it can.

        Args:
            account: whose order it is.
            order_id: which order.
            quantity: units, those included that have filled already.
            price: the limit, micro-dollars per unit; for an order that has one.
            stop_price: micro-dollars per unit; for an order that waits for one.
            time_in_force: GTC, or DAY: until the end of this day.

        Raises:
            Refusal: it is closed, the account has no such order, the terms break the market's rules, or the account
                cannot pay for them; nothing has changed.
        """
        return self._orders.replace(
            account,
            order_id,
            self.now,
            quantity=quantity,
            price=price,
            stop_price=stop_price,
            time_in_force=time_in_force,
        )

    def cancel(self, account: Account, order_id: str) -> SimOrder:
        """Cancel one of the account's orders.

        Raises:
            Refusal: it is closed already, or the account has no such order.
        """
        return self._orders.cancel(account, order_id, self.now)

    def cancel_all(self, account: Account, market: SimMarket | None = None, side: Side | None = None) -> int:
        """Cancel the account's open orders, on one market or all, on one side or both; answers how many they were."""
        return self._orders.cancel_all(account, market, side, self.now)

    def transfer(
        self, account: Account, instrument_id: str, quantity: int, way: Way = Way.TO_CONSUMPTION
    ) -> SimTransfer:
        """Send units from one of the user's accounts to another; they arrive `transfer_seconds` later.

        Raises:
            Refusal: no such instrument, or fewer units are available.
        """
        self.market_of(instrument_id)
        return self._transfers.start(account, self.history(account), way, instrument_id, quantity, self.now)

    def issue(self, account: Account, instrument_id: str, quantity: int) -> SimIssuance:
        """Make units, in a supplier's issuance account.

        Raises:
            Refusal: no such instrument, the account is no supplier's, or the quantity is out of range.
        """
        self.market_of(instrument_id)
        issuance = issue(account, self.history(account), instrument_id, quantity, now=self.now, ids=self._ids)
        self._touch(account, self.now)
        return issuance

    def consume(self, account: Account, instrument_id: str, tokens: int) -> int:
        """Use up to so many tokens of the account's Consumption stock, oldest lot first; answers how many there were.

        Raises:
            Refusal: no such instrument, or a negative number of tokens.
        """
        self.market_of(instrument_id)
        if tokens < 0:
            raise malformed(f"tokens must not be negative, not {tokens}")
        return account.lots[instrument_id].use(tokens)

    def _new_market(self, symbol: str) -> SimMarket:
        instrument_id = self._ids.new("instrument")
        return SimMarket(self._ids.new("market"), instrument_id, symbol, self.now)

    def _touch(self, account: Account, now: datetime) -> None:
        account.updated_at = now
        if not account.house:
            self.revision += 1

    def _on_bought(self, order: SimOrder, quantity: int) -> None:
        self.transfer(order.account, order.instrument_id, quantity)

    def _sweep(self, now: datetime) -> datetime:
        for account in self.accounts.values():
            if not account.house:
                self._sweep_account(account)
        return next_sweep(self.config.sweep_hours, now)

    def _sweep_account(self, account: Account) -> None:
        self._orders.free_units(account, self.now)
        for instrument_id, units in account.units.items():
            if units.available:
                self.transfer(account, instrument_id, units.available)
