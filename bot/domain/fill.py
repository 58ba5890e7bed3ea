"""An execution of one of our orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.money import ZERO
from bot.domain.order import Side


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of ours. `trade_id` is unique on the exchange and is what makes counting a fill twice impossible.

    Attributes:
        trade_id: the exchange's id of the trade.
        order_id: the exchange's id of our order.
        market_id: where it traded.
        side: whether we bought or sold.
        price: USD per unit.
        quantity: units.
        executed_at: when it traded, by the exchange's clock.
        fee: USD; zero where the exchange names none.
    """

    trade_id: str
    order_id: str
    market_id: str
    side: Side
    price: Decimal
    quantity: int
    executed_at: datetime
    fee: Decimal = ZERO

    @property
    def notional(self) -> Decimal:
        """Price times quantity, USD, without the fee."""
        return self.price * self.quantity
