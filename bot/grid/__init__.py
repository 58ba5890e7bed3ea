"""The clients of the exchange: trading, the stream, and inference.

    from bot.grid import TradingClient

    async with TradingClient.from_settings() as client:
        for market in await client.markets():
            print(market.symbol, await client.ticker(market.market_id))

Each name is imported when it is first used: a key can be made without the libraries that speak HTTP.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.domain.issuance import SupplyIssuance
    from bot.grid.consumption import ConsumptionClient
    from bot.grid.inference.answers import Answer, ToolCall, Usage
    from bot.grid.inference.pieces import Piece
    from bot.grid.inference.streams import AnswerStream
    from bot.grid.keys import SigningKey
    from bot.grid.limiter import Limits
    from bot.grid.listing import Listing
    from bot.grid.queries import FilterSpelling
    from bot.grid.results import (
        AccountLimits,
        ConsumptionAccount,
        CurrencyAccount,
        Health,
        HealthCheck,
        Instrument,
        IssuanceAccount,
        LimitHeaders,
        MarketStats,
        OrderCount,
        OrderRateLimit,
        Position,
        SupplySummary,
        TradeRecord,
        TradingAccount,
        TransferRecord,
        User,
    )
    from bot.grid.routes import Layout
    from bot.grid.stream import AiohttpDialer, GaplessStream, Stream
    from bot.grid.trading import TradingClient
    from bot.grid.transport import AiohttpTransport
    from bot.grid.web import AiohttpWeb

__all__ = [
    "AccountLimits",
    "AiohttpDialer",
    "AiohttpTransport",
    "AiohttpWeb",
    "Answer",
    "AnswerStream",
    "ConsumptionAccount",
    "ConsumptionClient",
    "CurrencyAccount",
    "FilterSpelling",
    "GaplessStream",
    "Health",
    "HealthCheck",
    "Instrument",
    "IssuanceAccount",
    "Layout",
    "LimitHeaders",
    "Limits",
    "Listing",
    "MarketStats",
    "OrderCount",
    "OrderRateLimit",
    "Piece",
    "Position",
    "SigningKey",
    "Stream",
    "SupplyIssuance",
    "SupplySummary",
    "ToolCall",
    "TradeRecord",
    "TradingAccount",
    "TradingClient",
    "TransferRecord",
    "Usage",
    "User",
]

_ELSEWHERE = {
    "AiohttpDialer": "stream",
    "AiohttpTransport": "transport",
    "AiohttpWeb": "web",
    "Answer": "inference.answers",
    "AnswerStream": "inference.streams",
    "ConsumptionClient": "consumption",
    "FilterSpelling": "queries",
    "GaplessStream": "stream",
    "Layout": "routes",
    "Limits": "limiter",
    "Listing": "listing",
    "Piece": "inference.pieces",
    "SigningKey": "keys",
    "Stream": "stream",
    "SupplyIssuance": "supply",
    "ToolCall": "inference.answers",
    "TradingClient": "trading",
    "Usage": "inference.answers",
}
"""In which modules names are; the rest are results."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_ELSEWHERE.get(name, 'results')}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
