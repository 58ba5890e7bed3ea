"""After every request, the exchange shows what a far simpler one holds.

About 5,000 steps are taken; `GRIDBOT_FUZZ=20` takes twenty times as many.
"""

from __future__ import annotations

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from bot.ports import Request
from tests.sim.effort import EFFORT
from tests.sim.http_world import ACCOUNTS, SYMBOLS, World, usd
from tests.sim.inference import CHAT, bearer, chat
from tests.sim.naive import DAY, LIFE, SINCE_MIDNIGHT, TRAVEL, UNIT
from tests.sim.naive_parts import Order

WAYS = {
    "in": "/v1/transfers/trading-to-consumption",
    "out": "/v1/transfers/consumption-to-trading",
    "issued": "/v1/issuance-accounts/transfer",
}

names = st.sampled_from([*ACCOUNTS])
symbols = st.sampled_from(SYMBOLS)
sides = st.sampled_from(["buy", "sell"])
quantities = st.sampled_from([1, 2, 3, 5, 8, 40])
prices = st.integers(198, 203)
limits = st.none() | prices
rarely = st.sampled_from([False, False, True])
layouts = st.sampled_from(["/v1", "/v1/trading"])
resting_tifs = st.sampled_from(["gtc", "gtc", "day"])
tifs = st.sampled_from(["gtc", "ioc", "ioc", "fok", "day"])
resting = st.builds(Order, names, symbols, sides, quantities, prices, st.none(), resting_tifs, rarely, rarely)
taking = st.builds(Order, names, symbols, sides, quantities, limits, st.none(), tifs, st.just(False), rarely)
waiting = st.builds(Order, names, symbols, sides, quantities, limits, prices, tifs)


class HttpMachine(World):
    """The accounts have little money and send what they like; some of it is refused."""

    @initialize(symbol=symbols)
    def quote(self, symbol: str) -> None:
        for ticks in (1, 1, 2, 3):
            self.place(Order("supplier", symbol, "sell", ticks, 200 + ticks))
            self.place(Order("eager", symbol, "buy", ticks, 201 - ticks))
        for above, below in ((202, 199), (203, 198), (200, 202)):  # the first trade sets off both of the last
            self.place(Order("consumer", symbol, "buy", 3, None, above))
            self.place(Order("consumer", symbol, "sell", 4, None, below))
        self.place(Order("consumer", symbol, "buy", 13, 198))  # what is left does not pay for much

    @rule(order=resting)
    def rest(self, order: Order) -> None:
        self.place(order)

    @rule(order=taking)
    def take(self, order: Order) -> None:
        self.place(order)

    @rule(order=waiting)
    def wait(self, order: Order) -> None:
        self.place(order)

    def place(self, order: Order) -> None:
        kind = ("stop" if order.price is None else "stop_limit") if order.stop else "limit" if order.price else "market"
        got = self.clients[order.owner].order(
            order.symbol,
            side=order.side,
            type=kind,
            quantity=order.quantity,
            price=usd(order.price),
            stop_price=usd(order.stop),
            time_in_force=order.time_in_force,
            post_only=order.post_only,
            reduce_only=order.reduce_only,
        )
        assert got.status == self.naive.place(order), got.json
        if got.status == 201:
            self.ids[order] = got.data["order_id"]

    @precondition(lambda self: self.naive.open_orders())
    @rule(data=st.data(), quantity=st.none() | quantities, price=limits, stop=limits, tif=st.none() | tifs)
    def replace(
        self, data: st.DataObject, quantity: int | None, price: int | None, stop: int | None, tif: str | None
    ) -> None:
        order = data.draw(st.sampled_from(self.naive.open_orders()))
        self.change(order, quantity or order.quantity, price, stop if order.stop else None, tif)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), quantity=quantities, price=limits, stop=limits)
    def replace_any(self, data: st.DataObject, quantity: int, price: int | None, stop: int | None) -> None:
        self.change(data.draw(st.sampled_from([*self.ids])), quantity, price, stop, None)

    def change(self, order: Order, quantity: int, price: int | None, stop: int | None, tif: str | None) -> None:
        terms = {"quantity": quantity, "price": usd(price), "stop_price": usd(stop), "time_in_force": tif}
        got = self.clients[order.owner].put(f"/v1/orders/{self.ids[order]}", terms)
        assert got.status == self.naive.replace(order, quantity, price, stop, tif), got.json

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), stranger=st.none() | names, layout=layouts)
    def cancel(self, data: st.DataObject, stranger: str | None, layout: str) -> None:
        order = data.draw(st.sampled_from([*self.ids]))
        got = self.clients[stranger or order.owner].delete(f"{layout}/orders/{self.ids[order]}")
        if stranger not in (None, order.owner):
            assert got.status == 404
        elif order.closed:
            assert (got.status, got.detail) == (500, "order_already_cancelled")
        else:
            assert got.status == 204
            self.naive.cancel([order])

    @precondition(lambda self: len(self.naive.open_orders()) > 8)
    @rule(name=names, symbol=st.none() | symbols, side=st.none() | sides)
    def cancel_several(self, name: str, symbol: str | None, side: str | None) -> None:
        query = [("side", side)] if side else []
        if symbol:
            query.append(("market_id", self.market_id(symbol)))
        got = self.clients[name].delete("/v1/trading/orders", *query)
        assert got.data == {"cancelled": self.naive.cancel(self.naive.open_orders(name, symbol, side))}

    @rule(name=names, symbol=symbols, quantity=quantities)
    def move(self, name: str, symbol: str, quantity: int) -> None:
        self.transfer(name, symbol, quantity, "in")

    @rule(name=names, symbol=symbols, seconds=st.sampled_from([1, LIFE // 2]))
    def stock_up(self, name: str, symbol: str, seconds: int) -> None:
        self.transfer(name, symbol, 2, "in")
        self.later(seconds)
        self.transfer(name, symbol, 1, "in")
        self.later(TRAVEL)

    @precondition(lambda self: any(holding.tokens for holding in self.naive.holdings.values()))
    @rule(data=st.data(), quantity=quantities)
    def move_back(self, data: st.DataObject, quantity: int) -> None:
        stocked = [owner for owner, holding in self.naive.holdings.items() if holding.tokens]
        self.transfer(*data.draw(st.sampled_from(stocked)), quantity, "out")

    @precondition(lambda self: any(holding.issued for holding in self.naive.holdings.values()))
    @rule(symbol=symbols, quantity=quantities)
    def move_issued(self, symbol: str, quantity: int) -> None:
        self.transfer("supplier", symbol, quantity, "issued")

    def transfer(self, name: str, symbol: str, quantity: int, way: str) -> None:
        got = self.clients[name].post(WAYS[way], self.units(symbol, quantity))
        assert got.status == self.naive.transfer(name, symbol, quantity, way), got.json

    @rule(name=st.sampled_from(["supplier", "supplier", "eager"]), symbol=symbols, quantity=quantities)
    def issue(self, name: str, symbol: str, quantity: int) -> None:
        got = self.clients[name].post("/v1/supply-issuances", self.units(symbol, quantity))
        assert got.status == (201 if name == "supplier" else 403)
        if got.status == 201:
            self.naive.holdings[name, symbol].issued += quantity

    @rule(name=names, symbol=symbols, words=st.integers(1, 50))
    def infer(self, name: str, symbol: str, words: int) -> None:
        body = msgspec.json.encode(chat("a " * words, model=symbol))
        request = Request("POST", CHAT, headers=bearer(f"key of {name}"), body=body)
        answer = self.inference.at_front_door(request, self.clients[name].now, "")
        holding = self.naive.holdings[name, symbol]
        if holding.tokens <= words + 1:
            assert answer.status == (503 if self.naive.under_way(name, symbol) else 402)
            return
        assert answer.status == 200
        used = words + 1 + min(words, holding.tokens - words - 1)
        assert msgspec.json.decode(answer.pieces[0])["usage"]["total_tokens"] == used
        self.naive.take(holding, used)

    @rule(name=names, symbol=symbols, tokens=st.integers(0, 3 * UNIT))
    def use_up(self, name: str, symbol: str, tokens: int) -> None:
        used = self.venue.consume(self.clients[name].account, self.venue.market_by_symbol(symbol).instrument_id, tokens)
        holding = self.naive.holdings[name, symbol]
        assert used == min(tokens, holding.tokens)
        self.naive.take(holding, used)

    @rule(seconds=st.sampled_from([1, TRAVEL, 60, LIFE // 2, LIFE // 2, 12 * LIFE]))
    def wait_a_while(self, seconds: int) -> None:
        self.later(seconds)

    @rule()
    def wait_for_midnight(self) -> None:
        self.later(DAY - (self.naive.now + SINCE_MIDNIGHT) % DAY)

    def later(self, seconds: int) -> None:
        for client in self.clients.values():
            client.later(seconds=seconds)
        self.venue.advance(client.now)
        self.naive.later(seconds)


TestHttp = HttpMachine.TestCase
TestHttp.settings = settings(max_examples=110 * EFFORT, stateful_step_count=50, deadline=None)
