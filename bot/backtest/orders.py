"""Orders of a back-test: small and quick, and made into what hooks see when one looks."""

from __future__ import annotations

from typing import TypeAlias

from bot.domain.order import OrderState

FillRow: TypeAlias = tuple[int, int, bool, int, int, int]
"""A fill: number of the candle, number of the order, whether it bought, micro-dollars per unit, units, fee."""

_OPEN = OrderState.OPEN
"""Looked up once: that takes as long as all the rest of a new order."""


class Resting:
    """An order and what has become of it. Amounts are micro-dollars.

    Attributes:
        number: counts the run's orders.
        is_buy: its side.
        price: its limit, per unit.
        quantity: units ordered.
        post_only: whether it must not take.
        placed: number of the candle after whose close it was decided on.
        changed: number of the candle at which it last changed.
        filled: units filled so far.
        notional: paid or received for them, without fees.
        locked: cash that backs it.
        state: how it stands.
        reason: why it was refused; empty when it was not.
    """

    __slots__ = (
        "changed",
        "filled",
        "is_buy",
        "locked",
        "notional",
        "number",
        "placed",
        "post_only",
        "price",
        "quantity",
        "reason",
        "state",
    )

    def __init__(self, number: int, is_buy: bool, price: int, quantity: int, post_only: bool, placed: int) -> None:  # noqa: FBT001
        self.number = number
        self.is_buy = is_buy
        self.price = price
        self.quantity = quantity
        self.post_only = post_only
        self.placed = placed
        self.changed = placed
        self.filled = 0
        self.notional = 0
        self.locked = 0
        self.state = _OPEN
        self.reason = ""

    @property
    def client_order_id(self) -> str:
        """The id that hooks know it by."""
        return f"bt-{self.number}"
