"""`gridbot order place`: looked at before it is sent, sent once, and never called failed when that is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.amounts import Units, usd, usd_argument
from bot.cli.client import ask
from bot.cli.confirm import Yes, confirm
from bot.cli.output import Json, announce, document, harmless, record_of, say
from bot.cli.symbols import Symbol, find_market
from bot.cli.unclear import never_called_failed
from bot.domain.order import NewOrder, OrderType, Side, TimeInForce
from bot.errors import GridbotError

if TYPE_CHECKING:
    from bot.domain.book import Book
    from bot.domain.market import Market
    from bot.domain.order import VenueOrder
    from bot.grid.trading import TradingClient

DEEPEST = 100
"""Levels of the book that are looked at to say what a market order would come to."""

_CLOSED = ("inactive", "suspended")


def place(
    ctx: typer.Context,
    symbol: Symbol,
    side: Annotated[Side, typer.Argument(metavar="SIDE", help="buy or sell.")],
    quantity: Units,
    price: Annotated[
        Decimal | None,
        typer.Argument(
            metavar="PRICE", parser=usd_argument, help="The limit, USD per unit; a market order, if left out."
        ),
    ] = None,
    *,
    tif: Annotated[TimeInForce, typer.Option("--tif", help="How long it rests.")] = TimeInForce.GTC,
    post_only: Annotated[bool, typer.Option("--post-only", help="Only if it would rest, not trade at once.")] = False,
    client_order_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The id that you give it; a new one, if left out.")
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Place an order: a limit order, or a market order if no price is given.

    For example: gridbot order place text-prime buy 5 1.90

    It is checked and shown, with its client order id, before it is sent.
    """
    from bot.clock import RandomIds

    if post_only and price is None:
        raise typer.BadParameter("a market order never rests; give a price", param_hint="--post-only")
    if client_order_id is not None and not client_order_id.strip():
        raise typer.BadParameter("must not be empty", param_hint="--client-order-id")

    async def look(client: TradingClient) -> tuple[Market, Book | None]:
        market = await find_market(client, symbol)
        see_that_it_fits(market, quantity, price)
        return market, await client.book(market.market_id, DEEPEST) if price is None else None

    market, book = ask(ctx, look)
    order = NewOrder(
        client_order_id=client_order_id or RandomIds().new("hand"),
        market_id=market.market_id,
        side=side,
        quantity=quantity,
        price=price,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        time_in_force=tif,
        post_only=post_only,
    )
    announce(f"{side} {quantity:,} {market.symbol} {_terms(order, book)}")
    announce(f"client order id {order.client_order_id}")
    confirm("Send it?", yes=yes)
    placed = ask(ctx, lambda client: _send(client, order, market))  # a new connection: the question may have taken long
    if as_json:
        document({"symbol": market.symbol, **record_of(placed)})
        return
    say(harmless(f"the exchange has the order{_standing(placed)}"))
    say(f"order id {harmless(placed.order_id)}; `gridbot order get` tells all about it" + _way_back(placed))


def see_that_it_fits(market: Market, quantity: int, price: Decimal | None) -> None:
    """Raise `GridbotError` where the market would refuse an order of this quantity (units) and price (USD per unit)."""
    faults = market.faults(market.tick if price is None else price, quantity)
    if market.status in _CLOSED:
        faults.append(f"the market is {market.status}")
    if faults:
        raise GridbotError(f"{market.symbol} does not take this order: {'; '.join(faults)}")


def _terms(order: NewOrder, book: Book | None) -> str:
    if order.price is not None:
        kinds = f"{order.time_in_force}, post only" if order.post_only else order.time_in_force
        return f"at {usd(order.price)} a unit, {usd(order.price * order.quantity)} in all ({kinds})"
    assert book is not None
    left, notional = order.quantity, Decimal(0)
    for level in book.asks if order.side is Side.BUY else book.bids:
        taken = min(left, level.quantity)
        notional += taken * level.price
        left -= taken
    if not left:
        return f"at the market's price, {usd(notional)} in all as the book stands now"
    short = f"the book has {order.quantity - left:,} of them now" if notional else "the book has none now"
    return f"at the market's price; {short}" + (f", for {usd(notional)}" if notional else "")


def _standing(placed: VenueOrder) -> str:
    """What the exchange's answer tells of the order, which may be nothing."""
    status = f": {placed.status}" if placed.status else ""
    if not placed.filled:
        return status
    average = f" at {usd(placed.average_price)} a unit on average" if placed.average_price else ""
    return f"{status}, {placed.filled:,} units filled{average}"


def _way_back(placed: VenueOrder) -> str:
    return "" if placed.is_closed else ", `gridbot order cancel` takes it off the book"


async def _send(client: TradingClient, order: NewOrder, market: Market) -> VenueOrder:
    with never_called_failed(
        "the exchange has the order",
        f"It may be resting, or filled already. To find out, look for the client order id "
        f"{order.client_order_id} in `gridbot order list --all {market.symbol}`; "
        "do not place it again before you know.",
    ):
        return await client.place(order)
