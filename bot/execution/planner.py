"""From intents and live orders to actions: pure, so that it can be tested on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bot.domain.intents import Cancel, Intent, Issue, Place, PriceLevel, Quote, Stock
from bot.domain.order import Order, OrderState, Side

CANCELLABLE = frozenset({OrderState.OPEN})
"""States of an order for which a cancel makes sense: it is known to rest, and no cancel is under way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: cancels first, for they free cash and units, then transfers, issues, and new orders."""

    cancels: tuple[str, ...] = ()
    transfers: tuple[Stock, ...] = ()
    orders: tuple[Place, ...] = field(default=())
    issues: tuple[Issue, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.cancels or self.transfers or self.orders or self.issues)


def place_of(order: Order) -> Place:
    """The intent that an order carries out."""
    return Place(order.market_id, order.side, order.quantity, order.price, order.post_only)


def plan(intents: Iterable[Intent], live: Sequence[Order]) -> Plan:
    """What carries out the intents, given the live orders of the strategy instance that stated them.

    `live` must be the orders of the very snapshot that the hook saw. Planning on newer knowledge would buy again what
    has filled since the hook decided.

    A wanted quote keeps the orders that rest at its price, post-only or not, oldest first, as far as they fit; on a
    side where an order has to go, no new order comes before it is certain what the old one filled, so a side never
    holds more than wanted.
    """
    cancels: dict[str, None] = {}
    transfers: list[Stock] = []
    orders: list[Place] = []
    issues: list[Issue] = []
    by_id = {order.client_order_id: order for order in live}
    for intent in intents:
        match intent:
            case Cancel(client_order_id):
                order = by_id.get(client_order_id)
                if order is not None and order.state in CANCELLABLE:
                    cancels[client_order_id] = None
            case Stock():
                transfers.append(intent)
            case Issue():
                issues.append(intent)
            case Place():
                orders.append(intent)
            case Quote():
                for side, levels in ((Side.BUY, intent.bids), (Side.SELL, intent.asks)):
                    resting = [o for o in live if o.market_id == intent.market_id and o.side is side]
                    gone, missing = _requote(levels, resting)
                    cancels.update(dict.fromkeys(gone))
                    orders.extend(
                        Place(intent.market_id, side, level.quantity, level.price, intent.post_only)
                        for level in missing
                    )
    return Plan(tuple(cancels), tuple(transfers), tuple(orders), tuple(issues))


def _requote(levels: Sequence[PriceLevel], resting: Sequence[Order]) -> tuple[list[str], list[PriceLevel]]:
    """Which orders of a side have to go, and what is missing; either is empty."""
    wanted: Counter[Decimal] = Counter()
    for level in levels:
        wanted[level.price] += level.quantity
    unwanted = []
    for order in resting:
        if order.remaining <= wanted[order.price]:
            wanted[order.price] -= order.remaining
        else:
            unwanted.append(order)
    if unwanted:
        return [order.client_order_id for order in unwanted if order.state in CANCELLABLE], []
    return [], [PriceLevel(price, units) for price, units in wanted.items() if units > 0]
