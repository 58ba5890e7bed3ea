"""What must be true at any moment, and once everything has settled. Each rule raises `Violated` where it is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from bot.domain.money import TOKENS_PER_UNIT
from bot.domain.transfer import Way
from bot.rehearsal.facts import Books, Truth, is_by_hand
from bot.rehearsal.plan import Violated
from bot.sim.audit import check_account
from bot.sim.orders import SimOrder

_OVER = {"filled": {"filled"}, "cancelled": {"cancelled"}, "expired": {"expired", "cancelled"}}
"""How the journal may call what the exchange says of a closed order."""

_UNCLEAR = ("submitting", "unknown")


@dataclass(frozen=True, slots=True)
class Cap:
    """The most units that a strategy instance wants to rest on one side of a market at a time."""

    strategy: str
    market_id: str
    side: str
    units: int


@dataclass(frozen=True, slots=True)
class Bound:
    """The most units that a strategy instance wants to have bought on a market, less those sold, and to have on bid."""

    strategy: str
    market_id: str
    units: int


@dataclass(frozen=True, slots=True)
class Stock:
    """The units of an instrument that one strategy instance alone keeps in stock."""

    market_id: str
    instrument_id: str
    target: int


def at_any_moment(
    books: Books, truth: Truth, caps: Iterable[Cap], stocks: Iterable[Stock], bounds: Iterable[Bound]
) -> None:
    """What must hold also while requests are on their way and the bot is dead. Raises `Violated`."""
    every_order_is_journaled(books, truth)
    fills_are_trades(books, truth)
    orders_are_the_sum_of_their_fills(books)
    transfers_are_journaled(books, truth)
    no_more_rests_than_is_wanted(books, truth, caps)
    no_more_is_held_than_is_wanted(books, truth, bounds)
    no_more_is_bought_than_is_wanted(truth, stocks)
    the_exchange_adds_up(truth)
    nothing_was_halted(books)


def once_settled(books: Books, truth: Truth, recent: datetime) -> None:
    """What must hold besides when nothing has gone wrong since long before `recent`. Raises `Violated`."""
    every_trade_is_stored(books, truth)
    every_transfer_is_stored(books, truth, recent)
    what_is_issued_is_brought(truth, recent)
    orders_agree(books, truth)
    units_agree(books, truth)
    cash_agrees(books, truth)
    what_is_not_ours_is_left_alone(truth)


def every_order_is_journaled(books: Books, truth: Truth) -> None:
    """An order on the exchange has its row, and a row has one order at most."""
    orders = truth.orders
    for client_order_id, number in Counter(order.client_order_id for order in orders).items():
        row = books.orders.get(client_order_id or "")
        if row is None:
            raise Violated("journaled", f"the exchange has an order {client_order_id} that the journal does not have")
        if number > 1:
            raise Violated("one_order_per_intent", f"the exchange has {number} orders of {client_order_id}")
    by_id = {order.order_id: order for order in orders}
    for row in books.orders.values():
        order = by_id.get(row.order_id or "")
        if row.order_id is not None and (order is None or order.client_order_id != row.client_order_id):
            raise Violated("journaled", f"order {row.client_order_id} is journaled as {row.order_id}, which is not it")


def fills_are_trades(books: Books, truth: Truth) -> None:
    """A stored fill is a trade of our order, with its price and units, and stored once."""
    trades = {
        fill.trade.trade_id: (
            fill.order.order_id,
            fill.order.client_order_id,
            fill.order.market_id,
            str(fill.order.side),
            fill.trade.quantity,
            fill.trade.price,
        )
        for fill in truth.fills
    }
    seen = set()
    for row in books.fills:
        if row.trade_id in seen:
            raise Violated("fills_once", f"trade {row.trade_id} is stored twice")
        seen.add(row.trade_id)
        if trades.get(row.trade_id) != tuple(row[1:]):
            raise Violated("fills_are_trades", f"{row} is stored; the exchange has {trades.get(row.trade_id)}")


def orders_are_the_sum_of_their_fills(books: Books) -> None:
    """What an order has filled, in units and in money, is what its stored fills say; and no more than was ordered."""
    units: Counter[str] = Counter()
    money: Counter[str] = Counter()
    for row in books.fills:
        units[row.client_order_id] += row.quantity
        money[row.client_order_id] += row.quantity * row.price
    for order in books.orders.values():
        filled = (units[order.client_order_id], money[order.client_order_id])
        if filled != (order.filled, order.notional) or order.filled > order.quantity:
            raise Violated("fills_add_up", f"{order} does not agree with its fills, which are {filled}")


def transfers_are_journaled(books: Books, truth: Truth) -> None:
    """A transfer or issue has its row, unless the exchange began it itself; and a row names one that is there."""
    shown = truth.moves
    named = set()
    for row in books.transfers:
        if row.transfer_id is None:
            continue
        found = shown.get((row.way, row.transfer_id))
        if found is None or found.instrument_id != row.instrument_id or found.quantity > row.quantity:
            raise Violated("transfers_are_journaled", f"{row} is stored; the exchange has {found}")
        named.add((row.way, row.transfer_id))
    strangers = Counter(way for way, _ in shown.keys() - named)
    if truth.moves_units:
        del strangers[Way.TO_CONSUMPTION]
    unclear = Counter(row.way for row in books.transfers if row.transfer_id is None and row.state in _UNCLEAR)
    if strangers - unclear:
        raise Violated("transfers_are_journaled", f"of transfers {sorted(shown.keys() - named)} nothing is known")


def no_more_rests_than_is_wanted(books: Books, truth: Truth, caps: Iterable[Cap]) -> None:
    """An intent is on the book once: a side holds no more than its strategy ever wanted there."""
    resting: Counter[tuple[str, str, str]] = Counter()
    for order in truth.open_orders:
        resting[_strategy(books, order), order.market_id, str(order.side)] += order.remaining
    for cap in caps:
        if (units := resting[cap.strategy, cap.market_id, cap.side]) > cap.units:
            raise Violated("over_quoted", f"{cap.strategy} wants {cap.units} units at most; {units} rest ({cap.side})")


def no_more_is_held_than_is_wanted(books: Books, truth: Truth, bounds: Iterable[Bound]) -> None:
    """What a strategy has bought, less what it has sold, and what it bids for is no more than it ever wanted."""
    held: Counter[tuple[str, str]] = Counter()
    for fill in truth.fills:
        held[_strategy(books, fill.order), fill.order.market_id] += _signed(fill.order.side, fill.trade.quantity)
    for order in truth.open_orders:
        if order.side == "buy":
            held[_strategy(books, order), order.market_id] += order.remaining
    for bound in bounds:
        if (units := held[bound.strategy, bound.market_id]) > bound.units:
            raise Violated("over_held", f"{bound.strategy} wants {bound.units} units at most; has and bids for {units}")


def no_more_is_bought_than_is_wanted(truth: Truth, stocks: Iterable[Stock]) -> None:
    """What is held, moving and on order is the target at most; a unit that is partly used does not count as held."""
    account = truth.account
    by_hand = sum(fill.trade.quantity for fill in truth.fills_by_hand)
    for stock in stocks:
        lots = account.lots[stock.instrument_id]
        held = ceil(lots.tokens / TOKENS_PER_UNIT) + lots.in_transit + account.units[stock.instrument_id].total
        ordered = sum(
            order.remaining for order in truth.open_orders if order.market_id == stock.market_id and order.side == "buy"
        )
        if held + ordered > stock.target + 1 + by_hand:
            raise Violated("over_bought", f"{held} units held or moving and {ordered} on order; wanted {stock.target}")


def the_exchange_adds_up(truth: Truth) -> None:
    """Consumed, expired and remaining tokens are the lots received, and balances are what orders and transfers made."""
    try:
        check_account(truth.account, truth.history)
    except ValueError as error:
        raise Violated("lots_add_up", str(error)) from None


def nothing_was_halted(books: Books) -> None:
    """Nobody put trading on hold, so nothing did that the bot watches for."""
    for reason in books.halts:
        raise Violated("halted", reason)


def every_trade_is_stored(books: Books, truth: Truth) -> None:
    """With `fills_are_trades`: the stored fills are the trades."""
    missing = {fill.trade.trade_id for fill in truth.fills} - {row.trade_id for row in books.fills}
    if missing:
        raise Violated("fills_equal_trades", f"not stored: {sorted(missing)}")


def every_transfer_is_stored(books: Books, truth: Truth, recent: datetime) -> None:
    """The journal knows how each transfer and issue ended; of those begun since `recent` that they are under way."""
    shown = truth.moves
    for row in books.transfers:
        found = shown.get((row.way, row.transfer_id or ""))
        expected = ["not_sent", "refused"] if found is None else [found.status]
        if found is not None and found.created_at >= recent:
            expected.append("pending")
        if row.state not in expected:
            raise Violated("transfers_agree", f"{row} at the end; the exchange has {found}")


def what_is_issued_is_brought(truth: Truth, recent: datetime) -> None:
    """What was issued before `recent` has left for Trading."""
    left = Counter({instrument_id: issued.available for instrument_id, issued in truth.account.issued.items()})
    for one in truth.history.issuances:
        left[one.instrument_id] -= one.quantity if one.created_at >= recent else 0
    if +left:
        raise Violated("issued_is_brought", f"issued and not moved to Trading: {dict(+left)}")


def orders_agree(books: Books, truth: Truth) -> None:
    """The journal calls every order what the exchange calls it."""
    shown = {order.client_order_id: order for order in truth.orders}
    for row in books.orders.values():
        if row.state not in _possible(shown.get(row.client_order_id)):
            raise Violated(
                "orders_agree", f"{row} at the end; on the exchange: {_told(shown.get(row.client_order_id))}"
            )


def units_agree(books: Books, truth: Truth) -> None:
    """First units, issued ones and those bought, less those sold, are in Trading, on their way on, or were moved."""
    net = Counter(truth.first_units) + truth.brought
    for row in books.fills:
        net[truth.instruments[row.market_id]] += _signed(row.side, row.quantity)
    for fill in truth.fills_by_hand:
        net[fill.order.instrument_id] += _signed(fill.order.side, fill.trade.quantity)
    for instrument_id, units in truth.account.units.items():
        there = units.total + truth.account.lots[instrument_id].committed
        if there != net[instrument_id]:
            raise Violated(
                "units_agree", f"{net[instrument_id]} of {instrument_id} by the fills, {there} on the exchange"
            )


def cash_agrees(books: Books, truth: Truth) -> None:
    """The cash is what there was at first, less what was paid, and what was received."""
    spent = sum(_signed(row.side, row.quantity * row.price) for row in books.fills)
    spent += sum(_signed(fill.order.side, fill.trade.quantity * fill.trade.price) for fill in truth.fills_by_hand)
    if truth.account.cash.total != truth.first_cash - spent:
        raise Violated(
            "cash_agrees", f"{truth.account.cash.total} micro-dollars; {truth.first_cash - spent} by the fills"
        )


def what_is_not_ours_is_left_alone(truth: Truth) -> None:
    """An order that somebody placed by hand rests as it did, unless it has filled."""
    for order in truth.history.orders:
        if is_by_hand(order) and order.closed_at is not None and order.remaining:
            raise Violated("foreign_left_alone", f"an order placed by hand was closed: {order.closure_reason}")


def nothing_rests(truth: Truth) -> None:
    """After a stop that cancels nothing of ours is on the book."""
    for order in truth.open_orders:
        raise Violated("stopped_clean", f"order {order.client_order_id} rests after the stop")


def _possible(order: SimOrder | None) -> Iterable[str]:
    if order is None:
        return ("not_sent", "rejected")
    return ("open", "cancelling") if order.is_open else _OVER[order.status]


def _told(order: SimOrder | None) -> str:
    return "nothing" if order is None else f"{order.status}, {order.filled} of {order.quantity} filled"


def _strategy(books: Books, order: SimOrder) -> str:
    """The instance whose order it is; that it is journaled has been seen to."""
    return books.orders[order.client_order_id or ""].strategy


def _signed(side: str, amount: int) -> int:
    return amount if side == "buy" else -amount
