"""Markets by what people call them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from bot.domain.market import Market
from bot.errors import GridbotError

if TYPE_CHECKING:
    from bot.grid.trading import TradingClient

Symbol: TypeAlias = Annotated[str, typer.Argument(metavar="SYMBOL", help="A market, by its symbol or its id.")]
"""The SYMBOL argument of a command."""

SomeSymbol: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="SYMBOL", help="A market, by its symbol or its id; all of them, if left out.")
]
"""The SYMBOL argument of a command that can do without."""


async def find_market(client: TradingClient, word: str) -> Market:
    """The exchange's market of this symbol or id. Raises `GridbotError`."""
    return pick(await client.markets(), word)


def pick(markets: Sequence[Market], word: str) -> Market:
    """The market that the word names: by its symbol, by its id, or by its instrument's id.

    Raises:
        GridbotError: there is none; the text says which may have been meant.
    """
    for market in markets:
        if word in (market.symbol, market.market_id, market.instrument_id):
            return market
    symbols = sorted(market.symbol for market in markets)
    close = difflib.get_close_matches(word.strip().lower(), symbols, n=1)
    advice = f"did you mean '{close[0]}'?" if close else f"the markets are {', '.join(symbols) or 'none at all'}"
    raise GridbotError(f"there is no market {word!r}; {advice}")


class Names:
    """What people call markets and instruments, by their ids; what is not known goes by its id."""

    def __init__(self, markets: Iterable[Market]) -> None:
        self._by_id: dict[str, str] = {}
        for market in markets:
            self._by_id[market.market_id] = self._by_id[market.instrument_id] = market.symbol

    def __call__(self, ident: str | None) -> str | None:
        """The symbol of a market or an instrument; None stays None."""
        return None if ident is None else self._by_id.get(ident, ident)
