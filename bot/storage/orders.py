"""Orders with their histories and fills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bot.domain.fill import Fill
from bot.domain.order import LIVE_STATES, Order, OrderState, Side
from bot.errors import StoreError
from bot.ports import OrderRecord
from bot.storage.rows import columns, made, rows_of, values
from bot.storage.tables import fills, order_events, orders

_MUTABLE = ("updated_at", "state", "order_id", "quantity", "price", "filled", "filled_notional", "reason")

_INSERT = insert(orders)
_INSERT_EVENT = insert(order_events)
_INSERT_FILL_ONCE = {
    "sqlite": sqlite.insert(fills).on_conflict_do_nothing(index_elements=["trade_id"]),
    "postgresql": postgresql.insert(fills).on_conflict_do_nothing(index_elements=["trade_id"]),
}
_UPDATE = update(orders).where(
    orders.c.client_order_id == bindparam("changed_id"), orders.c.filled == bindparam("filled_before")
)
_SELECT = select(*columns(orders, Order))
_SELECT_FILLS = select(*columns(fills, Fill)).order_by(fills.c.executed_at.desc(), fills.c.seq.desc())
_SELECT_EVENTS = select(*columns(order_events, OrderRecord)).order_by(order_events.c.seq)
_LIVE = _SELECT.where(orders.c.state.in_(sorted(LIVE_STATES))).order_by(orders.c.created_at, orders.c.seq)
_NOT_SENT = _SELECT.where(orders.c.state == OrderState.NOT_SENT, orders.c.updated_at >= bindparam("since")).order_by(
    orders.c.created_at, orders.c.seq
)
_NEWEST = _SELECT.order_by(orders.c.created_at.desc(), orders.c.seq.desc())
_BY_CLIENT_ID = _SELECT.where(orders.c.client_order_id.in_(bindparam("ids", expanding=True)))
_BY_ORDER_ID = _SELECT.where(orders.c.order_id.in_(bindparam("ids", expanding=True)))
_FILLS_SINCE = (
    select(orders.c.strategy, *columns(fills, Fill))
    .join_from(fills, orders)
    .where(fills.c.executed_at >= bindparam("since"))
    .order_by(fills.c.executed_at, fills.c.seq)
)
_RANK = func.row_number().over(
    partition_by=(orders.c.strategy, fills.c.market_id), order_by=(fills.c.executed_at.desc(), fills.c.seq.desc())
)
_RANKED = (
    select(orders.c.strategy, fills.c.seq, *columns(fills, Fill), _RANK.label("rank"))
    .join_from(fills, orders)
    .subquery()
)
_NEWEST_FILLS = (
    select(*(_RANKED.c[name] for name in ("strategy", *(column.name for column in columns(fills, Fill)))))
    .where(_RANKED.c.rank <= bindparam("most"))
    .order_by(_RANKED.c.executed_at, _RANKED.c.seq)
)
_TRADED = (
    select(
        orders.c.strategy,
        orders.c.market_id,
        func.sum(case((orders.c.side == Side.BUY, orders.c.filled), else_=-orders.c.filled)),
    )
    .where(orders.c.filled > 0)
    .group_by(orders.c.strategy, orders.c.market_id)
    .order_by(orders.c.strategy, orders.c.market_id)
)
_NEWEST_FILL_AT = select(func.max(fills.c.executed_at))
_KNOWN_TRADES = select(fills.c.trade_id).where(fills.c.trade_id.in_(bindparam("ids", expanding=True)))


def add(db: Connection, order: Order) -> None:
    """Store a new order."""
    db.execute(_INSERT, values(order))


def save(db: Connection, order: Order, record: OrderRecord) -> None:
    """Store an order's new state, which has filled no more, and its event.

    Raises:
        StoreError: the order is not stored, or is stored with another number of filled units.
    """
    _change(db, order, filled_before=order.filled)
    db.execute(_INSERT_EVENT, values(record))


def add_fill(db: Connection, fill: Fill, order: Order, record: OrderRecord) -> bool:
    """Store a fill, its order's state after it, and the event; False, and nothing stored, when the trade is known.

    Raises:
        StoreError: the order is not stored, or what it had filled and this fill are not what it has filled now.
    """
    insert_once = _INSERT_FILL_ONCE[db.dialect.name]
    stored = db.execute(insert_once, values(fill) | {"client_order_id": order.client_order_id})
    if not stored.rowcount:
        return False
    _change(db, order, filled_before=order.filled - fill.quantity)
    db.execute(_INSERT_EVENT, values(record))
    return True


def _change(db: Connection, order: Order, *, filled_before: int) -> None:
    """Update an order, unless it was changed meanwhile: filled units must never be forgotten or counted twice."""
    change = {name: getattr(order, name) for name in _MUTABLE}
    changed = db.execute(_UPDATE, change | {"changed_id": order.client_order_id, "filled_before": filled_before})
    if changed.rowcount:
        return
    stored = one(db, order.client_order_id)
    if stored is None:
        raise StoreError(f"order {order.client_order_id} is not in the journal")
    raise StoreError(
        f"order {order.client_order_id} has {stored.filled} units filled in the journal, not {filled_before}: "
        "its new state was made from an old one"
    )


def one(db: Connection, client_order_id: str) -> Order | None:
    """One order."""
    return by_client_id(db, [client_order_id]).get(client_order_id)


def live(db: Connection) -> list[Order]:
    """Orders that may still fill, oldest first."""
    return made(Order, db.execute(_LIVE))


def not_sent(db: Connection, since: datetime) -> list[Order]:
    """Orders that were judged never sent, and last changed at that time or later; oldest first."""
    return made(Order, db.execute(_NOT_SENT, {"since": since}))


def by_client_id(db: Connection, ids: Sequence[str]) -> dict[str, Order]:
    """Orders by our ids."""
    return {order.client_order_id: order for order in made(Order, rows_of(db, _BY_CLIENT_ID, ids))}


def by_order_id(db: Connection, ids: Sequence[str]) -> dict[str, Order]:
    """Orders by the exchange's ids."""
    return {order.order_id: order for order in made(Order, rows_of(db, _BY_ORDER_ID, ids)) if order.order_id}


def newest(db: Connection, limit: int) -> list[Order]:
    """The newest orders, newest first."""
    return made(Order, db.execute(_NEWEST.limit(limit)))


def history(db: Connection, client_order_id: str) -> list[OrderRecord]:
    """An order's events, as they happened."""
    query = _SELECT_EVENTS.where(order_events.c.client_order_id == client_order_id)
    return made(OrderRecord, db.execute(query))


def known_trades(db: Connection, trade_ids: Sequence[str]) -> set[str]:
    """Those of the trade ids that are stored."""
    return {row.trade_id for row in rows_of(db, _KNOWN_TRADES, trade_ids)}


def newest_fills(db: Connection, limit: int, *, client_order_id: str | None = None) -> list[Fill]:
    """The newest fills, newest first."""
    query = _SELECT_FILLS.limit(limit)
    if client_order_id is not None:
        query = query.where(fills.c.client_order_id == client_order_id)
    return made(Fill, db.execute(query))


def fills_since(db: Connection, at: datetime) -> list[tuple[str, Fill]]:
    """Fills that traded at that time or later, each after its order's strategy; oldest first."""
    return [(strategy, Fill(*fill)) for strategy, *fill in db.execute(_FILLS_SINCE, {"since": at})]


def newest_fills_of_each(db: Connection, most: int) -> list[tuple[str, Fill]]:
    """So many of each strategy's newest fills on each market, each after its strategy's name; oldest first."""
    return [(strategy, Fill(*fill)) for strategy, *fill in db.execute(_NEWEST_FILLS, {"most": most})]


def newest_fill_at(db: Connection) -> datetime | None:
    """When the newest fill traded."""
    newest: datetime | None = db.scalar(_NEWEST_FILL_AT)
    return newest


def traded(db: Connection) -> list[tuple[str, str, int]]:
    """Units bought less units sold, by strategy instance and market id."""
    return [(strategy, market_id, int(units)) for strategy, market_id, units in db.execute(_TRADED)]
