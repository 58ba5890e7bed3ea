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
    from bot.ports import Store

T = TypeVar("T")

Limit: TypeAlias = Annotated[int, typer.Option(min=1, help="The most to list, newest first.")]

_FILL_COLUMNS = ("executed_at", "market_id", "side", "quantity", "price", "notional", "fee", "trade_id")
_HINT = "start the bot with `gridbot run` or try `gridbot demo`"


def orders(
    ctx: typer.Context,
    client_order_id: Annotated[str | None, typer.Argument(help="Show this one, its history and its fills.")] = None,
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
    columns = ("created_at", "strategy", "market_id", "side", "quantity", "filled", "price", "state", "client_order_id")
    records = [asdict(order) for order in _read(url, lambda store: store.recent_orders(limit))]
    show(records, columns, as_json=as_json, empty=f"no orders yet; {_HINT}")


def fills(ctx: typer.Context, *, limit: Limit = 20, database_url: DatabaseUrl = None, as_json: Json = False) -> None:
    """List the newest fills."""
    found = _read(Options.of(ctx).database_url(database_url), lambda store: store.recent_fills(limit))
    records = [_fill_record(fill) for fill in found]
    show(records, (*_FILL_COLUMNS, "order_id"), as_json=as_json, empty=f"no fills yet; {_HINT}")


def transfers(
    ctx: typer.Context, *, limit: Limit = 20, database_url: DatabaseUrl = None, as_json: Json = False
) -> None:
    """List the newest transfers from Trading to Consumption."""
    columns = ("created_at", "strategy", "instrument_id", "quantity", "state", "transfer_id", "key", "reason")
    found = _read(Options.of(ctx).database_url(database_url), lambda store: store.recent_transfers(limit))
    show([asdict(transfer) for transfer in found], columns, as_json=as_json, empty=f"no transfers yet; {_HINT}")


def balances(ctx: typer.Context, *, database_url: DatabaseUrl = None, as_json: Json = False) -> None:
    """Show the balances as they were stored last: cash in USD, the rest in units."""
    columns = ("at", "account", "asset", "total", "available", "locked")
    found = _read(Options.of(ctx).database_url(database_url), lambda store: store.latest_balances())
    show([asdict(snapshot) for snapshot in found], columns, as_json=as_json, empty=f"no balances yet; {_HINT}")


def _one_order(url: str, client_order_id: str, *, as_json: bool) -> None:
    async def find(store: Store) -> tuple[Record, list[Record], list[Record]]:
        order = await store.order(client_order_id)
        if order is None:
            raise GridbotError(f"there is no order {client_order_id}; `gridbot orders` lists the newest")
        history = await store.order_history(client_order_id)
        found = await store.recent_fills(order.quantity, client_order_id=client_order_id)
        return asdict(order), [asdict(event) for event in history], [_fill_record(fill) for fill in reversed(found)]

    order, history, found = _read(url, find)
    if as_json:
        document({"order": order, "history": history, "fills": found})
        return
    details(order)
    say("")
    table(history, ("at", "event", "state", "detail"))
    if found:
        say("")
        table(found, _FILL_COLUMNS)


def _fill_record(fill: Fill) -> Record:
    return {**asdict(fill), "notional": fill.notional}


def _read(url: str, read: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        from bot.storage.store import open_store

        store = await open_store(url, create=False)
        try:
            return await read(store)
        finally:
            await store.close()

    return asyncio.run(run())
