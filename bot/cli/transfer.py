"""`gridbot transfer`: units from Trading to Consumption, or back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.amounts import Units
from bot.cli.client import ask
from bot.cli.confirm import Yes, confirm
from bot.cli.output import Json, announce, document, record_of, say
from bot.cli.symbols import Symbol, find_market
from bot.cli.unclear import never_called_failed

if TYPE_CHECKING:
    from bot.domain.market import Market
    from bot.domain.transfer import VenueTransfer
    from bot.grid.trading import TradingClient


def transfer(
    ctx: typer.Context,
    symbol: Symbol,
    units: Units,
    *,
    back: Annotated[bool, typer.Option("--back", help="From Consumption to Trading instead.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Move units to Consumption, where inference can use them and where what is left expires, or --back to Trading."""
    from bot.clock import RandomIds

    market = ask(ctx, lambda client: find_market(client, symbol))
    way = "from Consumption to Trading" if back else "from Trading to Consumption"
    announce(f"{units:,} {market.symbol} {way}")
    confirm("Move them?", yes=yes)
    key = RandomIds().new("transfer")
    moved = ask(ctx, lambda client: _send(client, market, units, back=back, key=key))
    if as_json:
        document(record_of(moved))
    else:
        say(f"transfer {moved.transfer_id} is {moved.status}; `gridbot account` shows what is where")


async def _send(client: TradingClient, market: Market, units: int, *, back: bool, key: str) -> VenueTransfer:
    send = client.transfer_to_trading if back else client.transfer_to_consumption
    with never_called_failed(
        "the units are moved",
        "To find out, see with `gridbot account` what is where; do not move them again before you know.",
    ):
        return await send(market.instrument_id, units, key=key)
