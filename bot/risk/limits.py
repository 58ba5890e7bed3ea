"""The limits of what may be ordered: values, and one pure rule for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from bot.domain.intents import Place
from bot.domain.money import decimal_of, plain
from bot.domain.order import Side
from bot.risk.facts import Scope


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be ordered, by one strategy instance or from the whole account; None is no limit.

    Exactly at a limit is allowed. An order beyond one is refused as a whole, never made smaller: what a strategy gets
    is what it asked for, or nothing.

    Attributes:
        max_order_units: units of one order.
        max_order_usd: price times quantity of one order, USD.
        max_open_orders: live orders at once; one that is being cancelled is live until that is certain.
        max_position_units: units in Trading and on bid, on each market. Units in Consumption, or on their way there,
            are stock to be used up, which no price can hurt.
        max_usd_per_hour: USD spent on fills within an hour, fees included, and what live bids may still spend.
        max_usd_per_day: the same within 24 hours.
        price_collar: by which share a buy may be above the last trade and the best ask, or a sell below the last trade
            and the best bid; 0.5 is half.
        max_orders_per_minute: orders placed within a minute.
        duplicate_seconds: for so long an order of a strategy is not repeated while it is live: same market, side, price
            and quantity.
        stale_seconds: how old prices and holdings may be that an order was decided on.
        clock_offset_seconds: how far our clock may be from the exchange's.
        markets: symbols of the markets that may be traded.
    """

    max_order_units: int | None = None
    max_order_usd: Decimal | None = None
    max_open_orders: int | None = None
    max_position_units: int | None = None
    max_usd_per_hour: Decimal | None = None
    max_usd_per_day: Decimal | None = None
    price_collar: float | None = None
    max_orders_per_minute: int | None = None
    duplicate_seconds: float | None = None
    stale_seconds: float | None = None
    clock_offset_seconds: float | None = None
    markets: tuple[str, ...] | None = None


SAFE = Limits(
    price_collar=0.5, max_orders_per_minute=30, duplicate_seconds=5, stale_seconds=60, clock_offset_seconds=15
)
"""Limits that hurt nobody but a strategy that has gone wrong; the defaults of the settings for the whole account."""

Rule: TypeAlias = Callable[[Place, Scope, Limits], str | None]
"""Why an order is refused, or None where it passes."""


def order_units(place: Place, _: Scope, limits: Limits) -> str | None:
    """See `Limits.max_order_units`."""
    if limits.max_order_units is None or place.quantity <= limits.max_order_units:
        return None
    return f"{place.quantity} units in one order; the limit is {limits.max_order_units}"


def order_usd(place: Place, _: Scope, limits: Limits) -> str | None:
    """See `Limits.max_order_usd`."""
    usd = place.price * place.quantity
    if limits.max_order_usd is None or usd <= limits.max_order_usd:
        return None
    return f"{plain(usd)} USD in one order; the limit is {plain(limits.max_order_usd)}"


def open_orders(_: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.max_open_orders`."""
    live = len(scope.orders) + len(scope.coming)
    if limits.max_open_orders is None or live < limits.max_open_orders:
        return None
    return f"live orders already: {live}; the limit is {limits.max_open_orders}"


def position(place: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.max_position_units`."""
    if limits.max_position_units is None or place.side is Side.SELL:
        return None
    held, on_bid = scope.held(place.market_id), scope.on_order(place.market_id, Side.BUY)
    if held + on_bid + place.quantity <= limits.max_position_units:
        return None
    return (
        f"{held} units are held, {on_bid} on bid, and {place.quantity} more would be {held + on_bid + place.quantity}; "
        f"the limit is {limits.max_position_units}"
    )


def usd_per_hour(place: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.max_usd_per_hour`."""
    return _spending(place, scope, scope.spent_hour, limits.max_usd_per_hour, "an hour")


def usd_per_day(place: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.max_usd_per_day`."""
    return _spending(place, scope, scope.spent_day, limits.max_usd_per_day, "24 hours")


def price(place: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.price_collar`. Where nothing has traded and the other side is empty, nothing can be said."""
    market = scope.markets.get(place.market_id)
    if limits.price_collar is None or market is None:
        return None
    share, ticker = decimal_of(limits.price_collar), market.ticker
    is_buy = place.side is Side.BUY
    best, far = ("best ask", "above") if is_buy else ("best bid", "below")
    for name, reference in (("last trade", ticker.last_price), (best, ticker.ask if is_buy else ticker.bid)):
        if reference is None:
            continue
        bound = reference * (1 + share if is_buy else 1 - share)
        if place.price > bound if is_buy else place.price < bound:
            return (
                f"{plain(place.price)} USD is too far {far} the {name} at {plain(reference)}; "
                f"the limit is {plain(share * 100)} %, which is {plain(bound)}"
            )
    return None


def order_rate(_: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.max_orders_per_minute`."""
    if limits.max_orders_per_minute is None or scope.passed < limits.max_orders_per_minute:
        return None
    return f"orders placed within a minute: {scope.passed}; the limit is {limits.max_orders_per_minute}"


def duplicate(place: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.duplicate_seconds`."""
    if limits.duplicate_seconds is None:
        return None
    since = scope.now - timedelta(seconds=limits.duplicate_seconds)
    is_live = any(
        order.strategy == scope.strategy
        and order.created_at > since
        and (order.market_id, order.side, order.price, order.quantity)
        == (place.market_id, place.side, place.price, place.quantity)
        for order in scope.orders
    )
    if not is_live and (scope.strategy, place) not in scope.coming:
        return None
    return f"the strategy placed the same order less than {limits.duplicate_seconds:g} s ago, and it is live"


def stale(place: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.stale_seconds`."""
    if limits.stale_seconds is None:
        return None
    market = scope.markets.get(place.market_id)
    if market is None:
        return "nothing is known of the market"
    for what, at in (("prices", market.at), ("holdings", scope.held_at)):
        age = (scope.now - at).total_seconds()
        if age > limits.stale_seconds:
            return f"the {what} that it was decided on are {age:.0f} s old; the limit is {limits.stale_seconds:g} s"
    return None


def clock_offset(_: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.clock_offset_seconds`. An offset that is not known refuses nothing."""
    offset, limit = scope.clock_offset, limits.clock_offset_seconds
    if limit is None or offset is None or abs(offset) <= limit:
        return None
    return f"the exchange's clock is {offset:+.1f} s from ours; the limit is {limit:g} s. Set this machine's clock"


def allowed_market(place: Place, scope: Scope, limits: Limits) -> str | None:
    """See `Limits.markets`."""
    market = scope.markets.get(place.market_id)
    symbol = market.market.symbol if market else place.market_id
    if limits.markets is None or symbol in limits.markets:
        return None
    return f"{symbol} may not be traded; only {', '.join(limits.markets) or 'no market'} may"


RULES: dict[str, Rule] = {
    "markets": allowed_market,
    "stale_seconds": stale,
    "clock_offset_seconds": clock_offset,
    "price_collar": price,
    "max_order_units": order_units,
    "max_order_usd": order_usd,
    "duplicate_seconds": duplicate,
    "max_position_units": position,
    "max_usd_per_hour": usd_per_hour,
    "max_usd_per_day": usd_per_day,
    "max_open_orders": open_orders,
    "max_orders_per_minute": order_rate,
}
"""Every rule, by the name of its limit, in the order in which they are asked: the first that refuses is told."""


def _spending(place: Place, scope: Scope, spent: Decimal, limit: Decimal | None, window: str) -> str | None:
    if limit is None or place.side is Side.SELL:
        return None
    bids, usd = scope.bids_usd, place.price * place.quantity
    if spent + bids + usd <= limit:
        return None
    return (
        f"{plain(spent)} USD were spent within {window}, live bids may spend {plain(bids)}, and this one {plain(usd)}; "
        f"the limit is {plain(limit)}"
    )
