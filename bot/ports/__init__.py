"""What the core needs from the outside, as small protocols.

`grid` implements `Exchange` over any `Transport`; `sim` implements a `Transport` that calls the simulated exchange
in memory; `storage` implements `Store`; `clock` implements `Clock` and `Ids`. None of them knows another.
"""

from bot.ports.clock import Clock, Ids
from bot.ports.exchange import Exchange
from bot.ports.http import Request, Response, Transport, Web, WebAnswer, WebRequest
from bot.ports.lease import Lease
from bot.ports.store import BalanceSnapshot, OrderRecord, Run, Store
from bot.ports.stream import Dialer, MarketStream, Socket

__all__ = [
    "BalanceSnapshot",
    "Clock",
    "Dialer",
    "Exchange",
    "Ids",
    "Lease",
    "MarketStream",
    "OrderRecord",
    "Request",
    "Response",
    "Run",
    "Socket",
    "Store",
    "Transport",
    "Web",
    "WebAnswer",
    "WebRequest",
]
