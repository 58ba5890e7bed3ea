"""`gridbot balances`: what is held, as the exchange has it now or as the database stored it last."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.client import ask
from bot.cli.db import DatabaseUrl
from bot.cli.options import Options
from bot.cli.output import Json, Record, counted, say, show
from bot.cli.records import HINT, read_store
from bot.cli.symbols import Names
from bot.errors import GridbotError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.account import Units
    from bot.grid.trading import TradingClient
    from bot.ports import Store

_COLUMNS = ("account", "symbol", "total", "available", "locked")


def balances(
    ctx: typer.Context,
    *,
    stored: Annotated[
        bool, typer.Option("--stored", help="What the database stored last, though there is a trading key.")
    ] = False,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Show what is held: cash in USD, the rest in units.

    With a trading key the exchange is asked. Without one, with --stored or with --database-url, it is what the database
    stored last.
    """
    from bot.grid.key_sources import has_key

    if stored or database_url is not None or not has_key(Options.of(ctx).settings().exchange):
        url = Options.of(ctx).database_url(database_url)
        records = _read_stored(url, advise=not stored and database_url is None)
        source = "as the database stored it last"
        empty = f"no balances yet; {HINT}"
    else:
        records, source = ask(ctx, _held), "as the exchange has it now"
        empty = "the exchange tells of no balance"
    held = [record for record in records if as_json or record["total"] or record["account"] == "cash"]
    if held and not as_json:
        say(source)
        held = [counted_units(record) for record in held]
    columns = ("at", *_COLUMNS) if any("at" in record for record in held) else _COLUMNS
    show(held, columns, as_json=as_json, empty=empty)


def counted_units(record: Record) -> Record:
    """The record with units as such: only cash has cents."""
    if record["account"] == "cash":
        return record
    return {**record, **{name: counted(record[name]) for name in ("total", "available", "locked")}}


def _read_stored(url: str, *, advise: bool) -> list[Record]:
    try:
        return read_store(url, stored_balances)
    except StoreError as error:
        if not advise:
            raise
        raise GridbotError(f"{error}; to ask the exchange, set a trading key (`gridbot doctor` says how)") from error


async def stored_balances(store: Store) -> list[Record]:
    """The newest stored balances, with their symbols."""
    names = Names(await store.markets())
    found = await store.latest_balances()
    return [{**asdict(snapshot), "symbol": names(snapshot.asset)} for snapshot in found]


async def _held(client: TradingClient) -> list[Record]:
    names = Names(await client.markets())
    cash = await client.cash()
    return [
        {"account": "cash", "asset": "USD", "symbol": "USD", **asdict(cash)},
        *_units("trading", await client.trading_units(), names),
        *_units("consumption", await client.consumption_units(), names),
    ]


def _units(account: str, held: Mapping[str, Units], names: Names) -> list[Record]:
    rows = [
        {
            "account": account,
            "asset": units.instrument_id,
            "symbol": names(units.instrument_id),
            "total": Decimal(units.total),
            "available": Decimal(units.available),
            "locked": Decimal(units.locked),
        }
        for units in held.values()
    ]
    return sorted(rows, key=lambda row: str(row["symbol"]))
