"""Whether somebody amended one of our orders by hand: pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, VenueOrder
from bot.domain.transitions import Amended


def amendment(order: Order, shown: VenueOrder, fills: Sequence[Fill]) -> Amended | None:
    """The new terms of an order of which the exchange shows other ones than the journal has.

    None where they are the same, where the order is closed in the journal, and where what shows is from before trades
    that are known: it has filled less than the journal has, or leaves no room for `fills`, or none after them although
    it does not know of them yet.

    Args:
        order: as the journal has it.
        shown: as the exchange shows it; terms that it does not tell are as they were.
        fills: trades of it that are not in the journal yet.
    """
    terms = Amended(shown.quantity or order.quantity, shown.price or order.price)
    if not _can_change(order) or terms == Amended(order.quantity, order.price):
        return None
    filled = _filled(order, fills)
    told = filled if shown.filled is None else shown.filled
    would_end_early = terms.quantity == filled and told < filled
    if told < order.filled or terms.quantity < filled or would_end_early:
        return None
    return terms


def is_doubtful(order: Order, shown: VenueOrder, fills: Sequence[Fill]) -> bool:
    """Whether a row of a list of open orders is better checked by asking for the order itself.

    It shows terms that are new, or the order has filled all it had to and rests all the same: either the list is behind
    or the order was amended.
    """
    if shown.is_closed or not _can_change(order):
        return False
    return amendment(order, shown, fills) is not None or _filled(order, fills) >= order.quantity


def _can_change(order: Order) -> bool:
    return order.is_live or order.state is OrderState.NOT_SENT


def _filled(order: Order, fills: Sequence[Fill]) -> int:
    return order.filled + sum(fill.quantity for fill in fills)
