"""What two reports of one order make together."""

from __future__ import annotations

from dataclasses import fields, replace

from bot.domain.order import VenueOrder

_RANKS = {"pending": 0, "active": 1, "open": 1, "partially_filled": 2, "cancellation_pending": 3}
"""How far an open order is, by the exchange's word for it."""


def first(told: VenueOrder) -> VenueOrder:
    """The order after the first report of it: a filled one has filled whole, even where the report does not say so."""
    return replace(told, filled=told.quantity) if told.status == "filled" and told.filled is None else told


def joined(known: VenueOrder, told: VenueOrder) -> VenueOrder:
    """The order after one more report of it.

    What has filled stays filled and what has closed stays closed, though it may still fill (a fill that crossed a
    cancel). For the rest, such as a price that was replaced, the newer report counts: the one that has filled more, or
    has closed, or carries the later time of the exchange, or the later status; failing all, the one that came later.
    """
    told = _completed(told, known)
    filled = max(_filled(known), _filled(told))
    newer = known if _is_behind(told, known) else told
    closed = [order for order in (newer, known, told) if order.is_closed]
    status = closed[0].status if closed else newer.status
    return replace(newer, status=status, filled=None if known.filled is told.filled is None else filled)


def is_news(known: VenueOrder, order: VenueOrder) -> bool:
    """Whether an order is another than it was: not by its mere words for it, and not by details that were missing."""
    if _filled(order) != _filled(known):
        return True
    if known.is_closed or order.is_closed:
        return not known.is_closed
    if (order.price, order.quantity, _stage(order)) != (known.price, known.quantity, _stage(known)):
        return True
    terms = ((known.stop_price, order.stop_price), (known.time_in_force, order.time_in_force))
    return any(before is not None and after != before for before, after in terms)


def _completed(told: VenueOrder, known: VenueOrder) -> VenueOrder:
    """What a report does not tell is as it was."""
    untold = {field.name for field in fields(told) if getattr(told, field.name) in (None, "")}
    told = first(replace(told, **{name: getattr(known, name) for name in untold - {"filled"}}))
    return replace(told, filled=known.filled) if told.filled is None else told


def _is_behind(told: VenueOrder, known: VenueOrder) -> bool:
    if _filled(told) != _filled(known):
        return _filled(told) < _filled(known)
    if told.is_closed or known.is_closed:
        return known.is_closed
    if told.updated_at != known.updated_at and told.updated_at is not None and known.updated_at is not None:
        return told.updated_at < known.updated_at
    ranks = _RANKS.get(told.status or ""), _RANKS.get(known.status or "")
    return ranks[0] is not None and ranks[1] is not None and ranks[0] < ranks[1]


def _filled(order: VenueOrder) -> int:
    return order.filled or 0


def _stage(order: VenueOrder) -> object:
    return _RANKS.get(order.status or "", order.status)
