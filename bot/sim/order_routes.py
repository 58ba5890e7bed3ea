"""Routes of an account's own orders and fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.domain.order import Side
from bot.sim.account_views import fill_view, order_view
from bot.sim.answers import NO_CONTENT, Answer, data
from bot.sim.forms import order_form, replace_form
from bot.sim.history import History
from bot.sim.listing import listing, span
from bot.sim.market import SimMarket
from bot.sim.orders import ACTIVE, OPEN
from bot.sim.queries import Query
from bot.sim.refusals import not_found
from bot.sim.routes import Call, Handler

_OTHER_WORDS = {"open": ACTIVE}


def _place(call: Call) -> Answer:
    form = order_form(call.body)
    order = call.venue.place(
        call.account,
        call.venue.market(form.market_id),
        form.side,
        form.quantity,
        form.price,
        time_in_force=form.time_in_force,
        post_only=form.post_only,
        reduce_only=form.reduce_only,
        stop_price=form.stop_price,
        client_order_id=form.client_order_id,
    )
    return data(order_view(order), 201)


def _orders(call: Call) -> Answer:
    history = call.venue.history(call.account)
    query = call.query.translated("status", _OTHER_WORDS)
    return listing(
        query,
        history.orders,
        order_view,
        fields={
            "market_id": lambda order: order.market_id,
            "instrument_id": lambda order: order.instrument_id,
            "side": lambda order: order.side,
            "status": lambda order: order.status,
        },
        shown=None if call.trouble is None else call.trouble.order,
        among=_places_of_orders(call, query, history),
    )


def _places_of_orders(call: Call, query: Query, history: History) -> Sequence[int]:
    places = span(query, history.orders, lambda order: order.created_at)
    if call.trouble is not None:  # one that is closed may be shown as open
        return places
    if query.text("status") in OPEN:  # few among many: look at the open ones only
        return [order.position for order in history.open.values() if order.position in places]
    return places


def _order(call: Call) -> Answer:
    order = call.venue.history(call.account).order(call.argument)
    shown = order if call.trouble is None else call.trouble.order(order)
    if shown is None:
        raise not_found("order")
    return data(order_view(shown))


def _replace(call: Call) -> Answer:
    form = replace_form(call.body)
    order = call.venue.replace(
        call.account,
        call.argument,
        quantity=form.quantity,
        price=form.price,
        stop_price=form.stop_price,
        time_in_force=form.time_in_force,
    )
    return data(order_view(order))


def _count(call: Call) -> Answer:
    counts = Counter(order.market_id for order in call.venue.history(call.account).open.values())
    by_market = [{"market_id": market_id, "count": count} for market_id, count in counts.items()]
    return data({"count": counts.total(), "by_market": by_market})


def _cancel(call: Call) -> Answer:
    order = call.venue.cancel(call.account, call.argument)
    return NO_CONTENT if call.venue.config.cancel_status == NO_CONTENT.status else data(order_view(order))


def _cancel_all(call: Call) -> Answer:
    wanted = {
        find(value)
        for name, find in (("market_id", call.venue.market), ("instrument_id", call.venue.market_of))
        if (value := call.query.text(name)) is not None
    }
    if len(wanted) > 1:  # no order is on two markets
        return data({"cancelled": 0})
    return _cancelled(call, next(iter(wanted), None))


def _cancel_market(call: Call) -> Answer:
    return _cancelled(call, call.venue.market(call.argument))


def _cancelled(call: Call, market: SimMarket | None) -> Answer:
    side = None if call.query.text("side") is None else Side(call.query.choice("side", tuple(Side)))
    return data({"cancelled": call.venue.cancel_all(call.account, market, side)})


def _fills(call: Call) -> Answer:
    history = call.venue.history(call.account)
    return listing(
        call.query,
        history.fills,
        fill_view,
        fields={
            "market_id": lambda fill: fill.order.market_id,
            "instrument_id": lambda fill: fill.order.instrument_id,
            "order_id": lambda fill: fill.order.order_id,
        },
        shown=None if call.trouble is None else call.trouble.fill,
        among=_places_of_fills(call.query, history),
    )


def _places_of_fills(query: Query, history: History) -> Sequence[int]:
    places = span(query, history.fills, lambda fill: fill.trade.executed_at)
    order_id = query.text("order_id")
    if order_id is None:
        return places
    return [place for place in history.fills_of(order_id) if place in places]


def _fill(call: Call) -> Answer:
    for fill in call.venue.history(call.account).fills:
        if fill.trade.trade_id == call.argument and (call.trouble is None or call.trouble.fill(fill) is not None):
            return data(fill_view(fill))
    raise not_found("trade")


ORDER_ROUTES: dict[str, dict[str, Handler]] = {
    "orders": {"POST": _place, "GET": _orders, "DELETE": _cancel_all},
    "orders/count": {"GET": _count},
    "orders/{}": {"GET": _order, "PUT": _replace, "DELETE": _cancel},
    "markets/{}/orders": {"DELETE": _cancel_market},
    "trades": {"GET": _fills},
    "trades/{}": {"GET": _fill},
}
"""Patterns, methods and handlers."""
