"""The table of the Trading API's routes.

The exchange has two layouts: the documented one has `/trading` before most resources, the short one, which its own
command-line client uses, never.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from bot.errors import InvalidRequest


class Layout(StrEnum):
    """Where resources are: `/trading/<resource>`, or `/<resource>`."""

    DOCUMENTED = "documented"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one resource.

    Attributes:
        method: upper-case HTTP method.
        resource: such as `markets/{}/ticker`, with a `{}` for each id.
        under_trading: whether the documented layout has it under `/trading`.
        signed: whether its requests are signed.
    """

    method: str
    resource: str
    under_trading: bool = True
    signed: bool = True

    def path(self, base_path: str, layout: Layout, *ids: str) -> str:
        """The full path, its ids percent-encoded.

        Raises:
            InvalidRequest: an id is empty or made of dots, and would name another resource: all orders, for example.
        """
        for one in ids:
            if one in ("", ".", ".."):
                raise InvalidRequest(f"{one!r} cannot be an id of {self.resource}", method=self.method)
        prefix = "/trading/" if self.under_trading and layout is Layout.DOCUMENTED else "/"
        return base_path + prefix + self.resource.format(*(quote(one, safe="") for one in ids))


MARKETS = Route("GET", "markets")
TICKER = Route("GET", "markets/{}/ticker")
ORDER_BOOK = Route("GET", "markets/{}/orderbook")
PLACE_ORDER = Route("POST", "orders")
CANCEL_ORDER = Route("DELETE", "orders/{}")
ORDER = Route("GET", "orders/{}")
ORDERS = Route("GET", "orders")
TRADES = Route("GET", "trades")
CASH_ACCOUNTS = Route("GET", "currency-trading-accounts")
TRADING_ACCOUNTS = Route("GET", "trading-accounts")
CONSUMPTION_ACCOUNTS = Route("GET", "consumption-accounts")
TRANSFER_TO_CONSUMPTION = Route("POST", "transfers/trading-to-consumption", under_trading=False)
TRANSFER_HISTORY = Route("GET", "transfer-histories")


class Layouts:
    """Which layout to use for which route: the configured one, until answers show otherwise."""

    def __init__(self, configured: Layout) -> None:
        self._likely = configured
        self._proven: dict[Route, Layout] = {}
        self._tried: set[Route] = set()

    def to_try(self, route: Route) -> tuple[Layout, ...]:
        """The layouts in which to send a request, one after the other as long as they answer 404."""
        if route in self._proven:
            return (self._proven[route],)
        if route in self._tried or not route.under_trading:
            return (self._likely,)
        return (self._likely, Layout.SHORT if self._likely is Layout.DOCUMENTED else Layout.DOCUMENTED)

    def worked(self, route: Route, layout: Layout) -> None:
        """The exchange has the route in this layout, so it is likely to have others in it."""
        if route.under_trading and route not in self._proven:
            self._proven[route] = self._likely = layout

    def failed(self, route: Route) -> None:
        """All layouts answered 404: what is missing is not the route, most likely. Do not try them all again."""
        self._tried.add(route)
