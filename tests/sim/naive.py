"""An exchange as simple as can be, to compare the simulated one with: lists that are searched, sums that are summed.

Refusals are HTTP statuses.
"""

from __future__ import annotations

from tests.sim.naive_parts import Holding, Order, Transfer, price_of

UNIT = 1_000_000
TRAVEL = 2
LIFE = 3600
DAY = 24 * 3600
SINCE_MIDNIGHT = 1800


class Exchange:
    """Accounts by name, with cash and holdings by symbol."""

    def __init__(self, names: dict[str, bool], symbols: tuple[str, ...], cash: int, units: int) -> None:
        self.auto_transfer = names
        self.cash = dict.fromkeys(names, cash)
        self.holdings = {(name, symbol): Holding(units) for name in names for symbol in symbols}
        self.orders: list[Order] = []
        self.transfers: list[Transfer] = []
        self.now = 0
        self.places = 0
        self.last: dict[str, int] = {}
        self.set_off: list[Order] = []

    def open_orders(self, owner: str | None = None, symbol: str | None = None, side: str | None = None) -> list[Order]:
        return [
            order
            for order in self.orders
            if not order.closed
            and owner in (None, order.owner)
            and symbol in (None, order.symbol)
            and side in (None, order.side)
        ]

    def locked_cash(self, owner: str) -> int:
        return sum((order.price or 0) * order.left for order in self.open_orders(owner, side="buy"))

    def locked_units(self, owner: str, symbol: str) -> int:
        return sum(order.left for order in self.open_orders(owner, symbol, "sell"))

    def under_way(self, owner: str, symbol: str) -> int:
        return sum(
            transfer.quantity
            for transfer in self.transfers
            if (transfer.owner, transfer.symbol, transfer.way, transfer.done) == (owner, symbol, "in", False)
        )

    def queue(self, order: Order, limit: int | None) -> list[Order]:
        """The orders that an order of such a limit would meet, in their turn."""
        other = self.open_orders(symbol=order.symbol, side="sell" if order.side == "buy" else "buy")
        sign = 1 if order.side == "buy" else -1
        met = [
            maker for maker in other if not maker.pending and (limit is None or sign * price_of(maker) <= sign * limit)
        ]
        return sorted(met, key=lambda maker: (sign * price_of(maker), maker.place))

    def at_once(self, order: Order, limit: int | None) -> tuple[int, int]:
        """Units that an order would trade at once, and what they would cost."""
        units = cost = 0
        for maker in self.queue(order, limit):
            if maker.owner == order.owner:
                break
            taken = min(maker.left, order.left - units)
            units, cost = units + taken, cost + taken * price_of(maker)
        return units, cost

    def place(self, order: Order) -> int:
        if order.post_only and (order.stop or not order.price or order.time_in_force not in ("gtc", "day")):
            return 400
        if order.reduce_only and order.side == "buy":
            return 422
        if order.reduce_only:
            order.quantity = min(order.quantity, self.free_units(order))
        if not order.quantity:
            return 400
        if order.post_only and self.queue(order, order.price):
            return 422
        order.pending = order.stop is not None and not self.reaches(order, self.last.get(order.symbol))
        if not self.affords(order, order.price, order.quantity):
            return 400
        self.orders.append(order)
        self.stay_for_the_day(order)
        self.come_in(order)
        return 201

    def free_units(self, order: Order) -> int:
        """What the owner can sell, what the order itself locks included."""
        own = order.left if order in self.orders else 0
        held = self.holdings[order.owner, order.symbol].units
        return held - self.locked_units(order.owner, order.symbol) + own

    def affords(self, order: Order, price: int | None, units: int) -> bool:
        """Whether the owner has what so many units need, beside what other open orders lock."""
        if order.side == "sell":
            return units <= self.free_units(order)
        own = order.left * (order.price or 0) if order in self.orders else 0
        needed = price * units if price is not None else 0 if order.pending else self.at_once(order, None)[1]
        return needed <= self.cash[order.owner] - self.locked_cash(order.owner) + own

    def reaches(self, order: Order, last: int | None) -> bool:
        stop = order.stop or 0
        return last is not None and (last >= stop if order.side == "buy" else last <= stop)

    def come_in(self, order: Order) -> None:
        """Let an order wait, or trade; and then the stop orders that this sets off, one after another."""
        self.places += 1
        order.place = self.places
        if not order.pending:
            self.execute(order)
        while self.set_off:
            order = self.set_off.pop(0)
            order.pending = False
            if self.affords(order, order.price, order.left):
                self.places += 1
                order.place = self.places
                self.execute(order)
            else:
                order.closed = "insufficient_balance"

    def execute(self, order: Order) -> None:
        if order.time_in_force == "fok" and self.at_once(order, order.price)[0] < order.left:
            order.closed = "fill_or_kill"
            return
        self.trade(order)
        if not order.closed and order.price is None:
            order.closed = "no_liquidity"
        if not order.closed and order.time_in_force in ("ioc", "fok"):
            order.closed = "immediate_or_cancel"

    def trade(self, taker: Order) -> None:
        while taker.left:
            makers = [maker for maker in self.queue(taker, taker.price) if maker is not taker]
            if not makers:
                return
            if makers[0].owner == taker.owner:
                taker.closed = "self_trade_prevented"
                return
            self.settle(makers[0], taker)
        taker.closed = "filled"

    def settle(self, maker: Order, taker: Order) -> None:
        units, price = min(maker.left, taker.left), price_of(maker)
        for order in (maker, taker):
            order.filled += units
            order.paid += units * price
            sign = 1 if order.side == "buy" else -1
            self.cash[order.owner] -= sign * units * price
            self.holdings[order.owner, order.symbol].units += sign * units
            if order.side == "buy" and self.auto_transfer[order.owner]:
                self.transfer(order.owner, order.symbol, units, "in")
        if not maker.left:
            maker.closed = "filled"
        self.last[maker.symbol] = price
        waiting = [order for order in self.open_orders(symbol=maker.symbol) if order.pending]
        found = [order for order in waiting if order not in self.set_off and self.reaches(order, price)]
        self.set_off += sorted(found, key=Order.turn)

    def replace(self, order: Order, quantity: int | None, price: int | None, stop: int | None, tif: str | None) -> int:
        if order.closed:
            return 409
        quantity, price, stop = quantity or order.quantity, price or order.price, stop or order.stop
        tif = tif or order.time_in_force
        if quantity <= order.filled or (price and not order.price) or (stop != order.stop and not order.pending):
            return 422
        if tif not in ("gtc", "day") and tif != order.time_in_force:
            return 422
        if order.reduce_only:
            quantity = min(quantity, order.filled + self.free_units(order))
        stays = (price, stop) == (order.price, order.stop) and quantity <= order.quantity
        if order.post_only and not stays and self.queue(order, price):
            return 422
        if not self.affords(order, price, quantity - order.filled):
            return 400
        order.quantity, order.price, order.stop = quantity, price, stop
        if tif != order.time_in_force:
            order.time_in_force = tif
            self.stay_for_the_day(order)
        if not stays:
            if order.pending and self.reaches(order, self.last.get(order.symbol)):
                order.pending = False
            self.come_in(order)
        return 200

    def stay_for_the_day(self, order: Order) -> None:
        order.day_ends = (self.now + SINCE_MIDNIGHT) // DAY * DAY + DAY - SINCE_MIDNIGHT

    def cancel(self, orders: list[Order]) -> int:
        for order in orders:
            order.closed = "cancelled_by_user"
        return len(orders)

    def transfer(self, owner: str, symbol: str, units: int, way: str) -> int:
        holding = self.holdings[owner, symbol]
        if way == "in" and units > holding.units - self.locked_units(owner, symbol):
            return 400
        if way == "out" and units > holding.tokens // UNIT:
            return 400
        if way == "issued" and units > holding.issued:
            return 400
        if way == "in":
            holding.units -= units
        elif way == "out":
            self.take(holding, units * UNIT, newest=True)
        else:
            holding.issued -= units
        self.transfers.append(Transfer(owner, symbol, units, way, self.now + TRAVEL))
        return 202

    def take(self, holding: Holding, tokens: int, *, newest: bool = False) -> None:
        for lot in reversed(holding.lots) if newest else holding.lots:
            taken = min(lot[1], tokens)
            lot[1] -= taken
            tokens -= taken

    def later(self, seconds: int) -> None:
        self.now += seconds
        for transfer in self.transfers:
            if transfer.done or transfer.due > self.now:
                continue
            transfer.done = True
            holding = self.holdings[transfer.owner, transfer.symbol]
            if transfer.way == "in":
                holding.lots.append([transfer.due + LIFE, transfer.quantity * UNIT])
            else:
                holding.units += transfer.quantity
        for holding in self.holdings.values():
            holding.lots = [lot for lot in holding.lots if lot[0] > self.now]
        for order in self.open_orders():
            if order.time_in_force == "day" and order.day_ends <= self.now:
                order.closed = "end_of_day"
