"""Making sense of frames, or saying that there is none."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

import structlog

from bot.domain.market import MarketTrade
from bot.domain.stream import TradeUpdate
from bot.grid.stream.events import ORDER_EVENTS, Told, event_of
from bot.grid.stream.frames import BadFrame, Frame, decode

log = structlog.stdlib.get_logger("stream")

TRADES_KEPT = 10_000
"""How many trades are remembered, lest they be told again."""


class Reader:
    """Reads frames. One that cannot be understood is passed over, and logged where it is the first of its kind.

    The exchange tells of a trade when it happens, and once more when it is settled: what it tells again without any
    change is passed over, too, so that whoever adds up trades counts each once.

    News of our orders is an exception: an order event that cannot be understood is as bad as one that was lost, so it
    raises `ConnectionError`. The connection is then given up, and whoever listens reads anew what became of the orders.
    """

    def __init__(self) -> None:
        self._logged: set[str] = set()
        self._trades: OrderedDict[str, MarketTrade] = OrderedDict()

    def frame(self, text: str) -> Frame | None:
        """A frame; None when it is passed over.

        Raises:
            ConnectionError: it may have told of our orders.
        """
        try:
            return decode(text)
        except BadFrame as error:
            about_orders = any(f'"{name}"' in text for name in ORDER_EVENTS)
            self._pass_over("frame", error, about_orders=about_orders)
            return None

    def event(self, frame: Frame, now: datetime) -> Told | None:
        """What a frame tells; None when that is nothing, or it is passed over.

        Raises:
            ConnectionError: it tells of our orders, and cannot be understood.
        """
        try:
            event = event_of(frame, now)
        except BadFrame as error:
            self._pass_over(frame.event, error, about_orders=frame.event in ORDER_EVENTS)
            return None
        return None if isinstance(event, TradeUpdate) and self._is_repeated(event.trade) else event

    def _is_repeated(self, trade: MarketTrade) -> bool:
        is_repeated = self._trades.get(trade.trade_id) == trade
        self._trades[trade.trade_id] = trade
        if len(self._trades) > TRADES_KEPT:
            self._trades.popitem(last=False)
        return is_repeated

    def _pass_over(self, kind: str, error: BadFrame, *, about_orders: bool) -> None:
        if kind not in self._logged:
            self._logged.add(kind)
            log.warning("the stream sent something that cannot be understood", kind=kind, why=str(error))
        if about_orders:
            raise ConnectionError(f"news of our orders cannot be understood: {error}") from error
