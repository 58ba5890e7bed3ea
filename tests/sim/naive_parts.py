"""What the simple exchange keeps. Prices and cash are cents, quantities units, moments seconds since it opened."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class Order:
    owner: str
    symbol: str
    side: str
    quantity: int
    price: int | None
    stop: int | None = None
    time_in_force: str = "gtc"
    post_only: bool = False
    reduce_only: bool = False
    pending: bool = False
    filled: int = 0
    paid: int = 0
    closed: str = ""
    place: int = 0
    day_ends: int = 0

    @property
    def left(self) -> int:
        return self.quantity - self.filled

    @property
    def status(self) -> str:
        if self.closed:
            return {"filled": "filled", "end_of_day": "expired"}.get(self.closed, "cancelled")
        return "pending" if self.pending else "partially_filled" if self.filled else "active"

    def turn(self) -> tuple[str, int, int]:
        """Where it stands among stop orders that one trade sets off."""
        stop = self.stop or 0
        return self.side, stop if self.side == "buy" else -stop, self.place


@dataclass(eq=False)
class Holding:
    """What an account has of one instrument; `lots` are pairs of expiry and tokens, the oldest first."""

    units: int = 0
    lots: list[list[int]] = field(default_factory=list)
    issued: int = 0

    @property
    def tokens(self) -> int:
        return sum(tokens for _, tokens in self.lots)


@dataclass(eq=False)
class Transfer:
    owner: str
    symbol: str
    quantity: int
    way: str
    due: int
    done: bool = False


def price_of(order: Order) -> int:
    assert order.price is not None
    return order.price
