"""`gridbot account` and `limits`: who we are at the exchange, what we hold there, and how much we may send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from bot.cli.amounts import usd
from bot.cli.client import ask
from bot.cli.output import Json, Record, counted, details, document, record_of, say, show, table
from bot.cli.symbols import Names, SomeSymbol, find_market
from bot.domain.account import Units

if TYPE_CHECKING:
    from bot.grid.results import AccountLimits
    from bot.grid.trading import TradingClient

_HELD = ("symbol", "trading_available", "trading_locked", "consumption", "total")
_POSITIONS = (
    "symbol",
    "status",
    "quantity",
    "average_cost",
    "total_cost",
    "current_market_value",
    "last_trade_price",
    "opened_at",
)
_LIMITS = ("scope", "max_orders_per_second", "max_orders_per_minute", "burst_capacity", "window_seconds")


def account(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Show the account as the exchange has it: its mode, cash in USD, units by instrument, positions."""
    found = ask(ctx, _read)
    if as_json:
        document(found)
        return
    cash = found["cash"]
    details({**found["user"], "cash": f"{usd(cash['total'])}, {usd(cash['available'])} of it available"})
    for title, key, columns in (("units held", "held", _HELD), ("positions", "positions", _POSITIONS)):
        say("")
        if found[key]:
            say(title)
            table(found[key], columns)
        else:
            say(f"no {title}")


async def _read(client: TradingClient) -> dict[str, Any]:
    names = Names(await client.markets())
    trading, consumption = await client.trading_units(), await client.consumption_units()
    held = [_held(names, ident, trading.get(ident), consumption.get(ident)) for ident in {*trading, *consumption}]
    positions = [{"symbol": names(one.instrument_id), **record_of(one)} for one in await client.positions()]
    return {
        "user": record_of(await client.me()),
        "cash": record_of(await client.cash()),
        "held": sorted((row for row in held if row["total"]), key=lambda row: str(row["symbol"])),
        "positions": positions,
    }


def _held(names: Names, instrument_id: str, trading: Units | None, consumption: Units | None) -> Record:
    mine, usable = trading or Units(instrument_id), consumption or Units(instrument_id)
    return {
        "symbol": names(instrument_id),
        "instrument_id": instrument_id,
        "trading_available": mine.available,
        "trading_locked": mine.locked,
        "consumption": usable.total,
        "total": mine.total + usable.total,
    }


def limits(ctx: typer.Context, symbol: SomeSymbol = None, *, as_json: Json = False) -> None:
    """Show how much the exchange lets the account send, on one market or in all."""

    async def read(client: TradingClient) -> AccountLimits:
        market_id = None if symbol is None else (await find_market(client, symbol)).market_id
        return await client.limits(market_id)

    found = ask(ctx, read)
    if as_json:
        document(record_of(found))
    else:
        rates = [
            {name: counted(value) for name, value in record_of(limit).items()} for limit in found.order_rate_limits
        ]
        show(rates, _LIMITS, as_json=False, empty="the exchange tells no limits of this account")
