"""Three accounts of one exchange over HTTP, each compared with what a far simpler exchange holds for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from bot.clock import SeededIds
from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.inference import InferenceApi
from bot.sim.venue import Venue
from tests.sim import naive
from tests.sim.client import START, Client, open_account
from tests.sim.naive import LIFE, TRAVEL, UNIT
from tests.sim.naive_parts import Order

SYMBOLS = ("text-prime", "code-max")
ACCOUNTS = {"consumer": False, "supplier": False, "eager": True}
"""Whether what they buy is transferred at once, by name."""

CASH, UNITS = 3000, 30
SHOWN = ("order_id", "status", "closure_reason", "quantity", "filled_quantity", "remaining_quantity")


class World(RuleBasedStateMachine):
    """Whoever inherits from it acts; after every step, all that is shown must agree."""

    def __init__(self) -> None:
        super().__init__()
        config = VenueConfig(
            symbols=SYMBOLS,
            rate_limits=None,
            lot_hours=LIFE // 3600,
            transfer_seconds=TRAVEL,
            direct_inference=True,
        )
        self.venue = Venue(config, start=START, ids=SeededIds(1))
        self.api = ExchangeApi(self.venue)
        self.clients = {
            name: open_account(
                self.api,
                name,
                cash=Decimal(CASH) / 100,
                units=dict.fromkeys(SYMBOLS, UNITS),
                auto_transfer=auto,
                supplier=name == "supplier",
            )
            for name, auto in ACCOUNTS.items()
        }
        keys = {f"key of {name}": client.account for name, client in self.clients.items()}
        self.inference = InferenceApi(self.venue, keys, ids=SeededIds(2))
        self.naive = naive.Exchange(ACCOUNTS, SYMBOLS, CASH, UNITS)
        self.ids: dict[Order, str] = {}
        self.signed: dict[tuple[object, ...], Request] = {}

    @invariant()
    def cash_agrees(self) -> None:
        for name, client in self.clients.items():
            (row,) = self.shown(client, "currency-trading-accounts")
            held, locked = self.naive.cash[name], self.naive.locked_cash(name)
            shown = [cents(row[f"{kind}_balance"]) for kind in ("total", "locked", "available")]
            assert shown == [held, locked, held - locked]

    @invariant()
    def units_agree(self) -> None:
        for name, client in self.clients.items():
            trading, consumption = (self.shown(client, f"{kind}-accounts") for kind in ("trading", "consumption"))
            for symbol, row, stock in zip(SYMBOLS, trading, consumption, strict=True):
                holding, locked = self.naive.holdings[name, symbol], self.naive.locked_units(name, symbol)
                shown = [row[f"{kind}_balance"] for kind in ("total", "locked", "available")]
                assert shown == [holding.units, locked, holding.units - locked]
                shown = [stock[f"{kind}_balance"] for kind in ("available", "committed")]
                assert shown == [holding.tokens // UNIT, self.naive.under_way(name, symbol)]

    @invariant()
    def issued_units_agree(self) -> None:
        rows = self.shown(self.clients["supplier"], "issuance-accounts")
        shown = [row["available_balance"] for row in rows]
        assert shown == [self.naive.holdings["supplier", symbol].issued for symbol in SYMBOLS]

    @invariant()
    def orders_agree(self) -> None:
        for name, client in self.clients.items():
            rows = self.shown(client, "orders")
            orders = [order for order in self.naive.orders if order.owner == name]
            assert [[row[field] for field in SHOWN] for row in rows] == [
                [self.ids[order], order.status, order.closed or None, order.quantity, order.filled, order.left]
                for order in orders
            ]
            paid = [cents(row["average_price"] or 0) * row["filled_quantity"] for row in rows]
            assert all(abs(found - order.paid) < Decimal("0.01") for found, order in zip(paid, orders, strict=True))

    @invariant()
    def books_agree(self) -> None:
        for symbol in SYMBOLS:
            book = self.shown(self.clients["consumer"], f"markets/{self.market_id(symbol)}/orderbook")
            for side in ("buy", "sell"):
                levels: dict[Decimal, list[int]] = {}
                for order in self.naive.open_orders(symbol=symbol, side=side):
                    if order.pending:
                        continue
                    levels.setdefault(Decimal(order.price or 0), []).append(order.left)
                assert [(cents(row["price"]), row["quantity"], row["order_count"]) for row in book[side]] == [
                    (price, sum(levels[price]), len(levels[price])) for price in sorted(levels, reverse=side == "buy")
                ]

    def shown(self, client: Client, resource: str) -> Any:
        """What is shown now, the oldest first. While time stands still, the same signature is good again."""
        key = client.key, resource, client.now
        if key not in self.signed:
            query = {"limit": "100", "order_direction": "asc"}
            self.signed[key] = client.signed("GET", f"/v1/{resource}", query=query.items())
        return client.send(self.signed[key]).data

    def market_id(self, symbol: str) -> str:
        return self.venue.market_by_symbol(symbol).market_id

    def units(self, symbol: str, quantity: int) -> dict[str, Any]:
        return {"instrument_id": self.venue.market_by_symbol(symbol).instrument_id, "quantity": quantity}


def usd(cents: int | None) -> str | None:
    return None if cents is None else f"{cents / 100}"


def cents(usd: object) -> Decimal:
    return Decimal(str(usd)) * 100
