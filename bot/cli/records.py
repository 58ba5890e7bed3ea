"""`gridbot orders`, `fills`, `transfers`: what the database holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from bot.cli.db import DatabaseUrl
from bot.cli.options import Options
from bot.cli.output import Json, Record, details, document, say, show, table
from bot.cli.symbols import Names
from bot.errors import GridbotError

if TYPE_CHECKING:
    from bot.domain.fill import Fill
    from bot.domain.order import Order
    from bot.ports import Store

T = TypeVar("T")

Limit: TypeAlias = Annotated[int, typer.Option(min=1, max=100_000, help="The most to list, newest first.")]

_ORDER_COLUMNS = (
    "created_at",
    "symbol",
    "side",
    "quantity",
    "filled",
    "price",
    "state",
    "average_price",
    "strategy",
    "client_order_id",
)
_FILL_COLUMNS = ("executed_at", "symbol", "side", "quantity", "price", "notional", "fee", "trade_id")
HINT = "start the bot with `gridbot run` or try `gridbot demo`"
"""What to do where nothing is stored yet."""


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
    """List the bot's newest orders, or tell all about one; `gridbot order list` asks the exchange instead."""
    url = Options.of(ctx).database_url(database_url)
    if client_order_id is not None:
        _one_order(url, client_order_id, as_json=as_json)
        return

    async def read(store: Store) -> list[Record]:
        names = Names(await store.markets())
        return [_order_record(order, names) for order in await store.recent_orders(limit)]

    empty = f"no orders yet; {HINT}"
    show(read_store(url, read), _ORDER_COLUMNS, as_json=as_json, empty=empty, ident="client_order_id")


def fills(ctx: typer.Context, *, limit: Limit = 20, database_url: DatabaseUrl = None, as_json: Json = False) -> None:
    """List the newest fills of the bot's orders."""

    async def read(store: Store) -> list[Record]:
        names = Names(await store.markets())
        return [_fill_record(fill, names) for fill in await store.recent_fills(limit)]

    records = read_store(Options.of(ctx).database_url(database_url), read)
    show(records, (*_FILL_COLUMNS, "order_id"), as_json=as_json, empty=f"no fills yet; {HINT}")


def transfers(
    ctx: typer.Context, *, limit: Limit = 20, database_url: DatabaseUrl = None, as_json: Json = False
) -> None:
    """List the bot's newest transfers from Trading to Consumption, and a supplier's issues and their way to Trading."""

    async def read(store: Store) -> list[Record]:
        names = Names(await store.markets())
        found = await store.recent_transfers(limit)
        return [{**asdict(transfer), "symbol": names(transfer.instrument_id)} for transfer in found]

    columns = ("created_at", "symbol", "quantity", "way", "state", "strategy", "transfer_id", "key", "reason")
    records = read_store(Options.of(ctx).database_url(database_url), read)
    show(records, columns, as_json=as_json, empty=f"no transfers yet; {HINT}")


def _one_order(url: str, client_order_id: str, *, as_json: bool) -> None:
    async def read(store: Store) -> tuple[Record, list[Record], list[Record]]:
        order = await store.order(client_order_id)
        if order is None:  # perhaps the exchange's id of it, as fills have it
            order = next(iter((await store.orders_by_order_id([client_order_id])).values()), None)
        if order is None:
            raise GridbotError(f"there is no order {client_order_id}; `gridbot orders` lists the newest")
        names = Names(await store.markets())
        history = await store.order_history(order.client_order_id)
        newest_first = await store.recent_fills(order.quantity, client_order_id=order.client_order_id)
        return (
            _order_record(order, names),
            [asdict(event) for event in history],
            [_fill_record(fill, names) for fill in reversed(newest_first)],
        )

    order, history, found = read_store(url, read)
    if as_json:
        document({"order": order, "history": history, "fills": found})
        return
    details(order)
    say("")
    table(history, ("at", "event", "state", "detail"))
    if found:
        say("")
        table(found, _FILL_COLUMNS)


def _order_record(order: Order, names: Names) -> Record:
    average = order.average_price
    return {
        "symbol": names(order.market_id),
        **asdict(order),
        "average_price": None if average is None else round(average, 6),
    }


def _fill_record(fill: Fill, names: Names) -> Record:
    return {**asdict(fill), "symbol": names(fill.market_id), "notional": fill.notional}


def read_store(url: str, read: Callable[[Store], Awaitable[T]]) -> T:
    """What `read` finds in the database at this URL, which must be there. Raises `StoreError`."""

    async def run() -> T:
        from bot.storage.store import open_store

        store = await open_store(url, create=False)
        try:
            return await read(store)
        finally:
            await store.close()

    return asyncio.run(run())
