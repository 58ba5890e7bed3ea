"""`gridbot supply`: for suppliers, who issue units and move them to Trading to sell them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import typer

from bot.cli.amounts import Units
from bot.cli.client import ask
from bot.cli.confirm import Yes, confirm
from bot.cli.output import Json, Record, announce, details, document, record_of, show
from bot.cli.symbols import Names, Symbol, find_market
from bot.cli.unclear import never_called_failed

if TYPE_CHECKING:
    from bot.domain.issuance import SupplyIssuance
    from bot.grid.results import IssuanceAccount, SupplySummary
    from bot.grid.trading import TradingClient

app = typer.Typer(no_args_is_help=True, help="For suppliers: issue units, and move them to Trading.")


@app.command()
def accounts(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List what is issued and not moved to Trading yet, by instrument."""
    columns = ("symbol", "status", "total", "available", "account_id")
    records = ask(ctx, lambda client: _named(client, client.issuance_accounts()))
    show(records, columns, as_json=as_json, empty="no issuance accounts; suppliers have them")


@app.command("list")
def list_(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List the issuances of the account, oldest first."""
    columns = ("created_at", "symbol", "quantity", "status", "issuance_id")
    records = ask(ctx, lambda client: _named(client, client.supply_issuances()))
    show(records, columns, as_json=as_json, empty="nothing issued yet; `gridbot supply issue` does it")


@app.command()
def summary(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Show what was issued, moved to Trading, and is left, by instrument."""
    columns = ("symbol", "total_issued", "total_transferred", "available")
    records = ask(ctx, lambda client: _named(client, client.supply_summary()))
    show(records, columns, as_json=as_json, empty="nothing issued yet; `gridbot supply issue` does it")


@app.command()
def issue(ctx: typer.Context, symbol: Symbol, units: Units, *, yes: Yes = False, as_json: Json = False) -> None:
    """Issue units: promise inference to whoever buys them."""

    async def send(client: TradingClient, instrument_id: str, key: str) -> object:
        return await client.issue_supply(instrument_id, units, key=key)

    _do(ctx, symbol, f"issue {units:,}", send, "`gridbot supply list`", yes=yes, as_json=as_json)


@app.command()
def transfer(ctx: typer.Context, symbol: Symbol, units: Units, *, yes: Yes = False, as_json: Json = False) -> None:
    """Move issued units to Trading, where they can be sold."""

    async def send(client: TradingClient, instrument_id: str, key: str) -> object:
        return await client.transfer_issued(instrument_id, units, key=key)

    _do(ctx, symbol, f"move to Trading {units:,}", send, "`gridbot supply summary`", yes=yes, as_json=as_json)


def _do(
    ctx: typer.Context,
    symbol: str,
    what: str,
    send: Callable[[TradingClient, str, str], Awaitable[object]],
    where_to_look: str,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    from bot.clock import RandomIds

    market = ask(ctx, lambda client: find_market(client, symbol))
    announce(f"{what} {market.symbol}")
    confirm("Do it?", yes=yes)
    key = RandomIds().new("supply")

    async def once(client: TradingClient) -> object:
        with never_called_failed(
            "it was done", f"To find out, look at {where_to_look}; do not do it again before you know."
        ):
            return await send(client, market.instrument_id, key)

    done = record_of(ask(ctx, once))
    if as_json:
        document(done)
    else:
        details(done)


async def _named(
    client: TradingClient, read: Awaitable[Iterable[IssuanceAccount | SupplyIssuance | SupplySummary]]
) -> list[Record]:
    found = await read
    names = Names(await client.markets())
    return [{**record_of(one), "symbol": names(one.instrument_id)} for one in found]
