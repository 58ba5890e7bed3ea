"""Orders, fills and transfers to store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.domain.fill import Fill
from bot.domain.order import Order, Side
from bot.domain.transfer import Transfer
from bot.domain.transitions import Accepted, Filled, OrderEvent, apply
from bot.ports import OrderRecord

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def an_order(name: str = "a", *, quantity: int = 10, at: datetime = START) -> Order:
    """A buy at 1.25 USD that was journaled and not sent yet."""
    return Order(
        client_order_id=f"order-{name}",
        strategy="maker",
        market_id="m1",
        side=Side.BUY,
        quantity=quantity,
        price=Decimal("1.25"),
        created_at=at,
        updated_at=at,
    )


def accepted(order: Order) -> Order:
    return apply(order, Accepted(order.client_order_id.replace("order", "venue")), after(1))


def a_fill(order: Order, name: str = "t1", *, quantity: int = 4, at: datetime = START) -> Fill:
    """A fill of an accepted order at its own price, with a fee of 0.01 USD."""
    assert order.order_id is not None
    return Fill(
        trade_id=name,
        order_id=order.order_id,
        market_id=order.market_id,
        side=order.side,
        price=order.price,
        quantity=quantity,
        executed_at=at,
        fee=Decimal("0.01"),
    )


def filled(order: Order, fill: Fill) -> Order:
    return apply(order, Filled(fill), after(2))


def a_record(order: Order, event: OrderEvent | str = "Accepted", *, at: datetime = START) -> OrderRecord:
    return OrderRecord(at, order.client_order_id, str(event), order.state, detail="as told by a test")


def a_transfer(name: str = "a", *, at: datetime = START) -> Transfer:
    return Transfer(
        key=f"transfer-{name}", strategy="maker", instrument_id="i1", quantity=3, created_at=at, updated_at=at
    )
