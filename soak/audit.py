"""What must hold between what the exchange shows of an account and what the bot's database says: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.domain.fill import Fill
from bot.domain.incident import Incident
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Order, OrderState, Side, VenueOrder
from bot.domain.transfer import Transfer, TransferState, VenueTransfer

NEVER_THERE = frozenset({OrderState.NOT_SENT, OrderState.REJECTED})
NEVER_MOVED = frozenset({TransferState.NOT_SENT, TransferState.REFUSED})


@dataclass(frozen=True, slots=True)
class Shown:
    """What the exchange shows: orders, trades and transfers since some moment, cash and Trading units now."""

    orders: list[VenueOrder]
    fills: list[Fill]
    transfers: list[VenueTransfer]
    cash: Decimal = Decimal(0)
    trading: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Journal:
    """All that the bot's database says."""

    orders: list[Order]
    fills: list[Fill]
    transfers: list[Transfer]
    incidents: list[Incident] = field(default_factory=list)
    latch: Latch | None = None


def unknown(shown: Shown, journal: Journal) -> Iterator[str]:
    """What the exchange shows and the journal does not have, and orders that are there twice."""
    ours = {order.client_order_id for order in journal.orders}
    for client_id, times in Counter(order.client_order_id for order in shown.orders).items():
        if client_id is None:
            yield f"{times} orders were placed without a client order id"
        elif client_id not in ours:
            yield f"order {client_id} is on the exchange and not in the journal"
        elif times > 1:
            yield f"order {client_id} is on the exchange {times} times"
    stored = {fill.trade_id for fill in journal.fills}
    for fill in shown.fills:
        if fill.trade_id not in stored:
            yield f"trade {fill.trade_id} of order {fill.order_id} is not in the journal"
    known = {transfer.transfer_id for transfer in journal.transfers}
    for transfer in shown.transfers:
        if transfer.transfer_id not in known:
            yield f"transfer {transfer.transfer_id} of {transfer.quantity} units is not in the journal"


def troubles(journal: Journal) -> Iterator[str]:
    """What the bot itself found wrong; an exchange that answers well gives it no reason to."""
    for incident in journal.incidents:
        yield f"incident {incident}"
    if journal.latch is not None and journal.latch.state is not TradingState.ACTIVE:
        yield f"trading is {journal.latch.state}: {journal.latch.reason}"


def at_rest(start: Shown, end: Shown, journal: Journal, traded: Mapping[str, str]) -> Iterator[str]:
    """All that is wrong once the bot has stopped cleanly and nothing is under way any more.

    Args:
        start: what the exchange showed before the bot's first start.
        end: all that it shows now.
        journal: what the database says.
        traded: the instrument of each market, by ids.
    """
    yield from unknown(end, journal)
    yield from _orders_differ(end, journal)
    yield from _fills_differ(end, journal)
    yield from _transfers_differ(end, journal)
    yield from _holdings_differ(start, end, traded)
    yield from troubles(journal)


def _orders_differ(end: Shown, journal: Journal) -> Iterator[str]:
    shown = {order.client_order_id: order for order in end.orders}
    for order in journal.orders:
        venue = shown.get(order.client_order_id)
        if venue is None:
            if order.state not in NEVER_THERE or order.filled:
                yield f"order {order.client_order_id} is {order.state} in the journal and not on the exchange"
            continue
        if not venue.is_closed:
            yield f"order {order.client_order_id} is still {venue.status} on the exchange"
        ours: list[Any] = [order.order_id, order.side, order.quantity, order.price, order.filled, order.state]
        theirs = [venue.order_id, venue.side, venue.quantity, venue.price, venue.filled, venue.status]
        if ours != theirs:
            yield f"order {order.client_order_id} is {ours} in the journal and {theirs} on the exchange"


def _fills_differ(end: Shown, journal: Journal) -> Iterator[str]:
    shown = {fill.trade_id: fill for fill in end.fills}
    for trade_id, times in Counter(fill.trade_id for fill in journal.fills).items():
        if times > 1:
            yield f"trade {trade_id} is in the journal {times} times"
    for fill in journal.fills:
        venue = shown.get(fill.trade_id)
        if venue is None:
            yield f"trade {fill.trade_id} is in the journal and not on the exchange"
        elif _terms(fill) != _terms(venue):
            yield f"trade {fill.trade_id} is {_terms(fill)} in the journal and {_terms(venue)} on the exchange"


def _terms(fill: Fill) -> tuple[object, ...]:
    return fill.order_id, fill.market_id, fill.side, fill.price, fill.quantity


def _transfers_differ(end: Shown, journal: Journal) -> Iterator[str]:
    shown = {transfer.transfer_id: transfer for transfer in end.transfers}
    for transfer_id, times in Counter(one.transfer_id for one in journal.transfers if one.transfer_id).items():
        if times > 1:
            yield f"transfer {transfer_id} is in the journal {times} times"
    for transfer in journal.transfers:
        venue = shown.get(transfer.transfer_id or "")
        if venue is None:
            if transfer.state not in NEVER_MOVED:
                yield f"transfer {transfer.key} is {transfer.state} in the journal and not on the exchange"
            continue
        ours: list[Any] = [transfer.instrument_id, transfer.quantity, transfer.state]
        theirs = [venue.instrument_id, venue.quantity, venue.status]
        if ours != theirs:
            yield f"transfer {transfer.key} is {ours} in the journal and {theirs} on the exchange"


def _holdings_differ(start: Shown, end: Shown, traded: Mapping[str, str]) -> Iterator[str]:
    cash, units = start.cash, Counter(start.trading)
    for fill in end.fills:
        way = 1 if fill.side is Side.BUY else -1
        cash -= way * fill.notional + fill.fee
        units[traded[fill.market_id]] += way * fill.quantity
    for transfer in end.transfers:
        units[transfer.instrument_id or ""] -= transfer.quantity or 0
    if cash != end.cash:
        yield f"there should be {cash} USD, and there are {end.cash}"
    for instrument_id in sorted({*units, *end.trading}):
        if units[instrument_id] != end.trading.get(instrument_id, 0):
            there = end.trading.get(instrument_id, 0)
            yield f"there should be {units[instrument_id]} units of {instrument_id} in Trading, and there are {there}"
