"""The exchange's stream: orders, fills, trades and tickers as they happen.

`Stream` tells what the exchange sends, and opens again whenever it breaks; `GaplessStream` makes up for what was
missed. Both talk over what an `AiohttpDialer`, or any other `bot.ports.Dialer`, connects.
"""

from bot.grid.stream.dialer import AiohttpDialer
from bot.grid.stream.gapless import GaplessStream
from bot.grid.stream.stream import Stream

__all__ = ["AiohttpDialer", "GaplessStream", "Stream"]
