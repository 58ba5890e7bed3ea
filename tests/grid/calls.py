"""A call of every method of the client, and the route that it takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.candle import Resolution
from bot.domain.order import NewOrder, Side
from bot.grid import routes
from bot.grid.routes import Route
from bot.grid.trading import TradingClient

NEW_ORDER = NewOrder("gb-1", "x", Side.BUY, 1, Decimal(1))


@dataclass(frozen=True)
class Call:
    method: str
    route: Route
    make: Callable[[TradingClient], Awaitable[object]]

    @property
    def path(self) -> str:
        """Its route's path without what comes before the resource; every id is x."""
        return self.route.resource.format("x")

    def __str__(self) -> str:
        return f"{self.method}: {self.route.method} {self.route.resource}"


CALLS = [
    Call("instruments", routes.INSTRUMENTS, lambda client: client.instruments()),
    Call("instrument", routes.INSTRUMENT, lambda client: client.instrument("x")),
    Call("instrument_by_symbol", routes.INSTRUMENT_BY_SYMBOL, lambda client: client.instrument_by_symbol("x")),
    Call("markets", routes.MARKETS, lambda client: client.markets()),
    Call("market", routes.MARKET, lambda client: client.market("x")),
    Call("ticker", routes.TICKER, lambda client: client.ticker("x")),
    Call("book", routes.ORDER_BOOK, lambda client: client.book("x")),
    Call("market_trades", routes.MARKET_TRADES, lambda client: client.market_trades("x")),
    Call("market_stats", routes.MARKET_STATS, lambda client: client.market_stats("x")),
    Call("candles", routes.CANDLES, lambda client: client.candles("x", Resolution.M1)),
    Call("place", routes.PLACE_ORDER, lambda client: client.place(NEW_ORDER)),
    Call("replace", routes.REPLACE_ORDER, lambda client: client.replace("x", quantity=2)),
    Call("cancel", routes.CANCEL_ORDER, lambda client: client.cancel("x")),
    Call("cancel_all", routes.CANCEL_ORDERS, lambda client: client.cancel_all()),
    Call("cancel_all", routes.CANCEL_MARKET_ORDERS, lambda client: client.cancel_all(market_id="x")),
    Call("order", routes.ORDER, lambda client: client.order("x")),
    Call("orders", routes.ORDERS, lambda client: client.orders()),
    Call("order_count", routes.ORDER_COUNT, lambda client: client.order_count()),
    Call("fills", routes.TRADES, lambda client: client.fills()),
    Call("trade_history", routes.TRADES, lambda client: client.trade_history()),
    Call("fill", routes.TRADE, lambda client: client.fill("x")),
    Call("cash", routes.CASH_ACCOUNTS, lambda client: client.cash()),
    Call("trading_units", routes.TRADING_ACCOUNTS, lambda client: client.trading_units()),
    Call("consumption_units", routes.CONSUMPTION_ACCOUNTS, lambda client: client.consumption_units()),
    Call("trading_accounts", routes.TRADING_ACCOUNTS, lambda client: client.trading_accounts()),
    Call("trading_account", routes.TRADING_ACCOUNT, lambda client: client.trading_account("x")),
    Call("currency_accounts", routes.CASH_ACCOUNTS, lambda client: client.currency_accounts()),
    Call("currency_account", routes.CASH_ACCOUNT, lambda client: client.currency_account("x")),
    Call("consumption_accounts", routes.CONSUMPTION_ACCOUNTS, lambda client: client.consumption_accounts()),
    Call("consumption_account", routes.CONSUMPTION_ACCOUNT, lambda client: client.consumption_account("x")),
    Call("positions", routes.POSITIONS, lambda client: client.positions()),
    Call(
        "transfer_to_consumption",
        routes.TRANSFER_TO_CONSUMPTION,
        lambda client: client.transfer_to_consumption("x", 1),
    ),
    Call("transfer_to_trading", routes.TRANSFER_TO_TRADING, lambda client: client.transfer_to_trading("x", 1)),
    Call("transfers", routes.TRANSFER_HISTORY, lambda client: client.transfers()),
    Call("transfers_to_trading", routes.TRANSFER_HISTORY, lambda client: client.transfers_to_trading()),
    Call("transfer_history", routes.TRANSFER_HISTORY, lambda client: client.transfer_history()),
    Call("limits", routes.ACCOUNT_LIMITS, lambda client: client.limits()),
    Call("me", routes.ME, lambda client: client.me()),
    Call("health", routes.HEALTH, lambda client: client.health()),
    Call("diagnostics", routes.DIAGNOSTICS, lambda client: client.diagnostics()),
    Call("issuance_accounts", routes.ISSUANCE_ACCOUNTS, lambda client: client.issuance_accounts()),
    Call("issued_units", routes.ISSUANCE_ACCOUNTS, lambda client: client.issued_units()),
    Call("issue_supply", routes.ISSUE_SUPPLY, lambda client: client.issue_supply("x", 1)),
    Call("supply_issuances", routes.SUPPLY_ISSUANCES, lambda client: client.supply_issuances()),
    Call("supply_summary", routes.SUPPLY_SUMMARY, lambda client: client.supply_summary()),
    Call("transfer_issued", routes.TRANSFER_ISSUED, lambda client: client.transfer_issued("x", 1)),
]
