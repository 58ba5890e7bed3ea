"""The table of the Trading API's routes.

The exchange has two layouts: the documented one has `/trading` before most resources, the short one, which its own
command-line client uses, never. Some resources also had another name in the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from urllib.parse import quote

from bot.errors import InvalidRequest

_ID = "{}"


class Layout(StrEnum):
    """Where resources are: `/trading/<resource>`, or `/<resource>`."""

    DOCUMENTED = "documented"
    SHORT = "short"


class UnderTrading(Enum):
    """Whether a resource is under `/trading`."""

    IN_ONE_LAYOUT = "in the documented layout, not in the short one"
    FORMERLY = "in older documentation only"
    NEVER = "never"


@dataclass(frozen=True, slots=True, eq=False)  # the table has each once, and looking one up is to be quick
class Route:
    """One method of one resource.

    Attributes:
        method: upper-case HTTP method.
        resource: such as `markets/{}/ticker`, with a `{}` for each id.
        under_trading: whether it is under `/trading`.
        older: the resource's former name, which the exchange may still use; None where it had none.
        signed: whether its requests are signed.
    """

    method: str
    resource: str
    under_trading: UnderTrading = UnderTrading.IN_ONE_LAYOUT
    older: str | None = None
    signed: bool = True

    def path(self, base_path: str, spelling: Spelling, *ids: str) -> str:
        """The full path, its ids percent-encoded.

        Raises:
            InvalidRequest: an id is empty or made of dots, and would name another resource: all orders, for example.
        """
        for one in ids:
            if one in ("", ".", ".."):
                raise InvalidRequest(f"{one!r} cannot be an id of {self.resource}", method=self.method)
        prefix = "/trading/" if spelling.layout is Layout.DOCUMENTED else "/"
        return base_path + prefix + spelling.resource.format(*(quote(one, safe="") for one in ids))


@dataclass(frozen=True, slots=True)
class Spelling:
    """One of the ways in which the exchange may write a route's path: in this layout, by this name."""

    layout: Layout
    resource: str


MARKETS = Route("GET", "markets")
MARKET = Route("GET", "markets/{}")
TICKER = Route("GET", "markets/{}/ticker")
ORDER_BOOK = Route("GET", "markets/{}/orderbook")
MARKET_TRADES = Route("GET", "markets/{}/trades")
MARKET_STATS = Route("GET", "markets/{}/stats")
CANDLES = Route("GET", "price-histories", older="price_histories")
INSTRUMENTS = Route("GET", "instruments", UnderTrading.FORMERLY)
INSTRUMENT = Route("GET", "instruments/{}", UnderTrading.FORMERLY)
INSTRUMENT_BY_SYMBOL = Route("GET", "instruments/by-symbol/{}", UnderTrading.FORMERLY)

PLACE_ORDER = Route("POST", "orders")
REPLACE_ORDER = Route("PUT", "orders/{}")
CANCEL_ORDER = Route("DELETE", "orders/{}")
CANCEL_ORDERS = Route("DELETE", "orders")
CANCEL_MARKET_ORDERS = Route("DELETE", "markets/{}/orders")
ORDER = Route("GET", "orders/{}")
ORDERS = Route("GET", "orders")
ORDER_COUNT = Route("GET", "orders/count")
TRADES = Route("GET", "trades")
TRADE = Route("GET", "trades/{}")

CASH_ACCOUNTS = Route("GET", "currency-trading-accounts")
CASH_ACCOUNT = Route("GET", "currency-trading-accounts/{}")
TRADING_ACCOUNTS = Route("GET", "trading-accounts")
TRADING_ACCOUNT = Route("GET", "trading-accounts/{}")
CONSUMPTION_ACCOUNTS = Route("GET", "consumption-accounts")
CONSUMPTION_ACCOUNT = Route("GET", "consumption-accounts/{}")
POSITIONS = Route("GET", "positions")
TRANSFER_TO_CONSUMPTION = Route("POST", "transfers/trading-to-consumption", UnderTrading.NEVER)
TRANSFER_TO_TRADING = Route("POST", "transfers/consumption-to-trading", UnderTrading.NEVER)
TRANSFER_HISTORY = Route("GET", "transfer-histories", older="transfers/histories")
ACCOUNT_LIMITS = Route("GET", "account/limits")
ME = Route("GET", "me")
HEALTH = Route("GET", "health", signed=False)
DIAGNOSTICS = Route("GET", "diagnostics")

ISSUANCE_ACCOUNTS = Route("GET", "issuance-accounts")
TRANSFER_ISSUED = Route("POST", "issuance-accounts/transfer")
ISSUE_SUPPLY = Route("POST", "supply-issuances")
SUPPLY_ISSUANCES = Route("GET", "supply-issuances")
SUPPLY_SUMMARY = Route("GET", "supply-issuances/summary")


class Layouts:
    """How to spell which route: in the configured layout and by its present name, until answers show otherwise."""

    def __init__(self, configured: Layout) -> None:
        self._likely = configured
        self._proven: dict[Route, Spelling] = {}
        self._tried: set[Route] = set()

    @property
    def any_found(self) -> bool:
        """Whether the exchange has answered any route."""
        return bool(self._proven)

    def to_try(self, route: Route) -> tuple[Spelling, ...]:
        """The spellings in which to send a request, one after the other as long as they answer 404."""
        if route in self._proven:
            return (self._proven[route],)
        names = (route.resource,) if route.older is None else (route.resource, route.older)
        spellings = tuple(Spelling(layout, name) for name in names for layout in self._layouts(route))
        return spellings[:1] if route in self._tried else spellings

    def worked(self, route: Route, spelling: Spelling) -> None:
        """The exchange has the route in this spelling, so it is likely to have others in the same layout."""
        if route in self._proven:
            return
        self._proven[route] = spelling
        if route.under_trading is UnderTrading.IN_ONE_LAYOUT:
            self._likely = spelling.layout

    def failed(self, route: Route) -> None:
        """All spellings answered 404: what a route with an id names is missing, most likely. Do not try all again."""
        if _ID in route.resource:
            self._tried.add(route)

    def _layouts(self, route: Route) -> tuple[Layout, ...]:
        if route.under_trading is UnderTrading.NEVER:
            return (Layout.SHORT,)
        likely = Layout.SHORT if route.under_trading is UnderTrading.FORMERLY else self._likely
        return (likely, Layout.SHORT if likely is Layout.DOCUMENTED else Layout.DOCUMENTED)
