"""`gridbot orders`, `fills`, `transfers`, `balances`: what the database holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from bot.cli.db import DatabaseUrl
from bot.cli.options import Options
from bot.cli.output import Json, Record, details, document, say, show, table
from bot.errors import GridbotError

if TYPE_CHECKING:
    from bot.domain.fill import Fill
    from bot.domain.order import Order
    from bot.ports import Store

T = TypeVar("T")

Symbols: TypeAlias = Callable[[str], str]
"""From the id of a market or an instrument to what people call it."""

Limit: TypeAlias = Annotated[int, typer.Option(min=1, help="The most to list, newest first.")]

_FILL_COLUMNS = ("executed_at", "symbol", "side", "quantity", "price", "notional", "fee", "trade_id")
_HINT = "start the bot with `gridbot run` or try `gridbot demo`"


def orders(
    ctx: typer.Context,
    client_order_id: Annotated[
        str | None,
        typer.Argument(metavar="[ORDER]", help="Show this one, by either id, with its history and its fills."),
    ] = None,
    *,
    limit: Limit = 20,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """List the newest orders, or tell all about one."""
    url = Options.of(ctx).database_url(database_url)
    if client_order_id is not None:
        _one_order(url, client_order_id, as_json=as_json)
        return

    async def read(store: Store) -> list[Record]:
        symbols = await _symbols(store)
        return [_order_record(order, symbols) for order in await store.recent_orders(limit)]

    columns = (
        "created_at",
        "strategy",
        "symbol",
        "side",
        "quantity",
        "filled",
        "price",
        "average_price",
        "state",
        "client_order_id",
    )
    show(_read(url, read), columns, as_json=as_json, empty=f"no orders yet; {_HINT}")


def fills(ctx: typer.Context, *, limit: Limit = 20, database_url: DatabaseUrl = None, as_json: Json = False) -> None:
    """List the newest fills."""

    async def read(store: Store) -> list[Record]:
        symbols = await _symbols(store)
        return [_fill_record(fill, symbols) for fill in await store.recent_fills(limit)]

    records = _read(Options.of(ctx).database_url(database_url), read)
    show(records, (*_FILL_COLUMNS, "order_id"), as_json=as_json, empty=f"no fills yet; {_HINT}")


def transfers(
    ctx: typer.Context, *, limit: Limit = 20, database_url: DatabaseUrl = None, as_json: Json = False
) -> None:
    """List the newest transfers from Trading to Consumption."""

    async def read(store: Store) -> list[Record]:
        symbols = await _symbols(store)
        found = await store.recent_transfers(limit)
        return [{**asdict(transfer), "symbol": symbols(transfer.instrument_id)} for transfer in found]

    columns = ("created_at", "strategy", "symbol", "quantity", "state", "transfer_id", "key", "reason")
    records = _read(Options.of(ctx).database_url(database_url), read)
    show(records, columns, as_json=as_json, empty=f"no transfers yet; {_HINT}")


def balances(ctx: typer.Context, *, database_url: DatabaseUrl = None, as_json: Json = False) -> None:
    """Show what was held when balances were stored last: cash in USD, the rest in units."""

    async def read(store: Store) -> list[Record]:
        symbols = await _symbols(store)
        found = await store.latest_balances()
        return [{**asdict(snapshot), "symbol": symbols(snapshot.asset)} for snapshot in found]

    columns = ("at", "account", "symbol", "total", "available", "locked")
    records = _read(Options.of(ctx).database_url(database_url), read)
    held = [record for record in records if as_json or record["total"] or record["account"] == "cash"]
    show(held, columns, as_json=as_json, empty=f"no balances yet; {_HINT}")


def _one_order(url: str, client_order_id: str, *, as_json: bool) -> None:
    async def read(store: Store) -> tuple[Record, list[Record], list[Record]]:
        order = await store.order(client_order_id)
        if order is None:  # perhaps the exchange's id of it, as fills have it
            order = next(iter((await store.orders_by_order_id([client_order_id])).values()), None)
        if order is None:
            raise GridbotError(f"there is no order {client_order_id}; `gridbot orders` lists the newest")
        symbols = await _symbols(store)
        history = await store.order_history(order.client_order_id)
        newest_first = await store.recent_fills(order.quantity, client_order_id=order.client_order_id)
        return (
            _order_record(order, symbols),
            [asdict(event) for event in history],
            [_fill_record(fill, symbols) for fill in reversed(newest_first)],
        )

    order, history, found = _read(url, read)
    if as_json:
        document({"order": order, "history": history, "fills": found})
        return
    details(order)
    say("")
    table(history, ("at", "event", "state", "detail"))
    if found:
        say("")
        table(found, _FILL_COLUMNS)


def _order_record(order: Order, symbols: Symbols) -> Record:
    average = order.average_price
    return {
        **asdict(order),
        "average_price": None if average is None else round(average, 6),
        "symbol": symbols(order.market_id),
    }


def _fill_record(fill: Fill, symbols: Symbols) -> Record:
    return {**asdict(fill), "symbol": symbols(fill.market_id), "notional": fill.notional}


async def _symbols(store: Store) -> Symbols:
    """What people call a market or an instrument, by its id; one that was never stored, and USD, go by their ids."""
    by_id = {}
    for market in await store.markets():
        by_id[market.market_id] = by_id[market.instrument_id] = market.symbol
    return lambda ident: by_id.get(ident, ident)


def _read(url: str, read: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        from bot.storage.store import open_store

        store = await open_store(url, create=False)
        try:
            return await read(store)
        finally:
            await store.close()

    return asyncio.run(run())
