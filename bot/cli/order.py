"""`gridbot order`: orders of one's own, by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from bot.cli.client import ask
from bot.cli.confirm import Yes, confirm
from bot.cli.output import Json, Record, announce, details, document, record_of, say, show
from bot.cli.place import place
from bot.cli.symbols import Names, SomeSymbol, find_market, pick
from bot.cli.unclear import never_called_failed
from bot.errors import GridbotError, NotFound, OrderAlreadyClosed

if TYPE_CHECKING:
    from bot.domain.market import Market
    from bot.domain.order import VenueOrder
    from bot.grid.trading import TradingClient

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Place, list and cancel orders by hand.")
app.command()(place)

OrderId: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="The order's id, the exchange's or the client's.")
]

_COLUMNS = ("created_at", "symbol", "side", "quantity", "filled", "price", "status", "order_id", "client_order_id")


@app.command("list")
def list_(
    ctx: typer.Context,
    symbol: SomeSymbol = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Closed orders, too.")] = False,
    as_json: Json = False,
) -> None:
    """List the account's orders as the exchange has them, oldest first: those that may still fill, or all."""

    async def read(client: TradingClient) -> list[Record]:
        markets = await client.markets()
        market_id = None if symbol is None else pick(markets, symbol).market_id
        found = await client.orders(market_id=market_id, open_only=not all_)
        return [_record(order, Names(markets)) for order in found]

    empty = "no orders at all" if all_ else "no open orders; --all lists the closed ones"
    show(ask(ctx, read), _COLUMNS, as_json=as_json, empty=empty, ident="order_id")


@app.command()
def get(ctx: typer.Context, order_id: OrderId, *, as_json: Json = False) -> None:
    """Tell all about one order as the exchange has it."""

    async def read(client: TradingClient) -> Record:
        found = await _with_id_of(client, order_id, client.order)
        return _record(found, Names(await client.markets()))

    record = ask(ctx, read)
    if as_json:
        document(record)
    else:
        details(record)


@app.command()
def cancel(ctx: typer.Context, order_id: OrderId, *, as_json: Json = False) -> None:
    """Cancel one order."""

    async def send(client: TradingClient) -> bool:
        advice = f"To find out: `gridbot order get {order_id}`. To cancel it again does no harm."
        try:
            with never_called_failed("the order was cancelled", advice):
                await _with_id_of(client, order_id, client.cancel)
        except OrderAlreadyClosed:
            return False
        return True

    taken = ask(ctx, send)
    if as_json:
        document({"order_id": order_id, "cancel": "taken" if taken else "closed already"})
    else:
        say(
            f"the exchange has taken the cancel of order {order_id}" if taken else f"order {order_id} is closed already"
        )


@app.command("cancel-all")
def cancel_all(ctx: typer.Context, symbol: SomeSymbol = None, *, yes: Yes = False, as_json: Json = False) -> None:
    """Cancel all of the account's open orders, or those of one market: whoever placed them, other programs too."""

    async def look(client: TradingClient) -> tuple[Market | None, list[VenueOrder]]:
        market = None if symbol is None else await find_market(client, symbol)
        market_id = market.market_id if market else None
        return market, await client.orders(market_id=market_id, open_only=True)

    market, open_orders = ask(ctx, look)
    where = f"on {market.symbol}" if market else "on all markets"
    announce(f"open orders {where}: {len(open_orders)}, whoever placed them")
    confirm("Cancel them all?", yes=yes)

    async def send(client: TradingClient) -> int | None:
        advice = "To find out: `gridbot order list`. To cancel them again does no harm."
        with never_called_failed("the orders were cancelled", advice):
            return await client.cancel_all(market_id=market.market_id if market else None)

    count = ask(ctx, send)
    if as_json:
        document({"market_id": market.market_id if market else None, "cancelled": count})
    else:
        say(f"cancelled {where}" + (f": {count}, as the exchange counts" if count is not None else ""))


async def _with_id_of(client: TradingClient, ident: str, call: Callable[[str], Awaitable[T]]) -> T:
    """What the call says of the order that goes by this id, be it the exchange's or the client's."""
    try:
        return await call(ident)
    except NotFound:
        for order in await client.orders():
            if order.client_order_id == ident:
                return await call(order.order_id)
    raise GridbotError(f"the exchange has no order {ident} of this account; `gridbot order list --all` lists them")


def _record(order: VenueOrder, names: Names) -> Record:
    return {"symbol": names(order.market_id), **record_of(order)}
