"""`gridbot markets`, `ticker`, `book`, `trades`, `candles`: what is going on at the exchange."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.client import ask
from bot.cli.output import Json, document, record_of, say, show
from bot.cli.symbols import Symbol, find_market, pick
from bot.domain.candle import Candle, Resolution

if TYPE_CHECKING:
    from bot.domain.book import Book
    from bot.domain.market import Market, MarketTrade, Ticker
    from bot.grid.trading import TradingClient

CHART_LINES = 20
"""Lines of a candle chart on a terminal that has more."""

_LONGEST_MONTH = timedelta(days=31)


def markets(ctx: typer.Context, *, as_json: Json = False) -> None:
    """List the exchange's markets: price step, order sizes, ids."""

    async def read(client: TradingClient) -> list[Market]:
        return await client.markets()

    columns = ("symbol", "status", "tick", "min_size", "max_size", "market_id", "instrument_id")
    records = [record_of(market) for market in sorted(ask(ctx, read), key=lambda market: market.symbol)]
    show(records, columns, as_json=as_json, empty="the exchange lists no market")


def ticker(
    ctx: typer.Context,
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="Markets; all of them, if left out.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show best prices and last trade of some markets, or of all, in USD per unit."""

    async def read(client: TradingClient) -> list[tuple[Market, Ticker]]:
        listed = sorted(await client.markets(), key=lambda market: market.symbol)
        wanted = [pick(listed, word) for word in symbols or ()] or listed
        return list(zip(wanted, await asyncio.gather(*(client.ticker(one.market_id) for one in wanted)), strict=True))

    records = [{"symbol": market.symbol, **record_of(found)} for market, found in ask(ctx, read)]
    columns = ("symbol", "bid", "ask", "last_price", "at")
    show(records, columns, as_json=as_json, empty="the exchange lists no market")


def book(
    ctx: typer.Context,
    symbol: Symbol,
    *,
    depth: Annotated[int, typer.Option(min=1, max=100, help="The most levels of a side to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Draw a market's book: asks above, the spread, bids below; prices in USD per unit."""

    async def read(client: TradingClient) -> tuple[Market, Book]:
        market = await find_market(client, symbol)
        return market, await client.book(market.market_id, depth)

    market, found = ask(ctx, read)
    if as_json:
        document({"symbol": market.symbol, **record_of(found)})
    elif not found.bids and not found.asks:
        say(f"nobody quotes {market.symbol}: its book is empty")
    else:
        _draw_book(market, found)


def _draw_book(market: Market, found: Book) -> None:
    from bot.cli.ladder import ladder

    width = shutil.get_terminal_size().columns
    say(market.symbol)
    lines = ladder(
        found,
        width,
        paint_ask=lambda bar: typer.style(bar, fg="red"),
        paint_bid=lambda bar: typer.style(bar, fg="green"),
    )
    for line in lines:
        say(line)


def trades(
    ctx: typer.Context,
    symbol: Symbol,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="The most to list, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List a market's newest trades, whoever's they are."""

    async def read(client: TradingClient) -> tuple[Market, list[MarketTrade]]:
        market = await find_market(client, symbol)
        return market, await client.market_trades(market.market_id, limit=limit)

    market, found = ask(ctx, read)
    columns = ("executed_at", "side", "quantity", "price", "trade_id")
    records = [record_of(trade) for trade in found]
    show(records, columns, as_json=as_json, empty=f"nothing has traded on {market.symbol} yet")


def candles(
    ctx: typer.Context,
    symbol: Symbol,
    *,
    resolution: Annotated[Resolution, typer.Option(help="How long a candle is; 1M is a month.")] = Resolution.H1,
    last: Annotated[int, typer.Option(min=1, max=5000, help="How many candles, up to now.")] = 48,
    as_json: Json = False,
) -> None:
    """Draw a market's candles, as many as fit the terminal; prices in USD per unit."""
    from bot.clock import SystemClock

    since = SystemClock().now() - last * (resolution.length or _LONGEST_MONTH)

    async def read(client: TradingClient) -> tuple[Market, list[Candle]]:
        market = await find_market(client, symbol)
        return market, await client.candles(market.market_id, resolution, start=since)

    market, found = ask(ctx, read)
    newest = found[-last:]
    if as_json:
        document([record_of(candle) for candle in newest])
    elif newest:
        _draw_candles(market, newest, resolution)
    else:
        say(f"nothing has traded on {market.symbol} in that time; try another --resolution or a larger --last")


def _draw_candles(market: Market, found: list[Candle], resolution: Resolution) -> None:
    from bot.cli.candle_chart import chart, fitting

    width, lines = shutil.get_terminal_size()
    shown = fitting(found, width)
    left_out = f"; {len(found) - len(shown)} earlier ones do not fit, --json has all" if len(shown) < len(found) else ""
    say(f"{market.symbol}, {len(shown)} x {resolution}, times in UTC{left_out}")
    within_days = resolution.length is not None and resolution.length < timedelta(days=1)
    drawn = chart(
        shown,
        width=width,
        height=max(4, min(CHART_LINES, lines - 6)),
        moment="%m-%d %H:%M" if within_days else "%Y-%m-%d",
        paint=_coloured,
    )
    for line in drawn:
        say(line)


def _coloured(candle: Candle, cell: str) -> str:
    """Green where it closed higher than it opened, red where lower; terminals only, others get no colours."""
    if candle.close == candle.open or not cell.strip():
        return cell
    return typer.style(cell, fg="green" if candle.close > candle.open else "red")
