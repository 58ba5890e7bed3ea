"""Whether what was kept of an account adds up: each balance against the orders and transfers that made it.

An exchange that went on with sums that do not add up would make or lose money, so it is not brought back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.domain.money import TOKENS_PER_UNIT
from bot.domain.order import Side
from bot.sim.history import History, SimTransfer, Way
from bot.sim.ledger import Account, Balance
from bot.sim.lots import Lots
from bot.sim.orders import PENDING, SimOrder


def check_account(account: Account, history: History) -> None:
    """Let only an account pass whose balances add up.

    Raises:
        ValueError: something does not; says what.
    """
    for fault in _faults(account, history):
        raise ValueError(f"account {account.name!r}: {fault}")


def _faults(account: Account, history: History) -> Iterator[str]:
    if any(transfer.quantity < 1 for transfer in history.transfers):
        yield "a transfer has no units"
    if any(not 0 <= transfer.bouncing <= transfer.quantity for transfer in history.transfers):
        yield "more of a transfer comes back than went"
    if any(issuance.quantity < 1 for issuance in history.issuances):
        yield "an issuance has no units"
    yield from _order_faults(history)
    opened = list(history.open.values())
    bought = [order for order in opened if order.side is Side.BUY]
    yield from _balance_faults("cash", account.cash, bought)
    for instrument_id, units in account.units.items():
        sold = [order for order in opened if order.side is Side.SELL and order.instrument_id == instrument_id]
        yield from _balance_faults(f"units of {instrument_id}", units, sold)
        moved = [transfer for transfer in history.transfers if transfer.instrument_id == instrument_id]
        yield from _lot_faults(instrument_id, account.lots[instrument_id], moved)
        if account.issued[instrument_id].available < 0:
            yield f"more units of {instrument_id} left its issuance account than it issued"


def _order_faults(history: History) -> Iterator[str]:
    if len({order.order_id for order in history.orders}) < len(history.orders):
        yield "two orders have the same id"
    for order in history.orders:
        trades = [history.fills[place].trade for place in history.fills_of(order.order_id)]
        if order.filled != sum(trade.quantity for trade in trades):
            yield f"the fills of order {order.order_id} are not what it has filled"
        if order.notional != sum(trade.quantity * trade.price for trade in trades):
            yield f"the fills of order {order.order_id} did not cost what it has paid"
        if order.locked != _needed(order):
            yield f"order {order.order_id} does not lock what it needs"


def _needed(order: SimOrder) -> int | None:
    """What an order must have locked; None for one that cannot be."""
    if not order.is_open:
        return 0
    waits = order.status == PENDING
    if order.remaining < 1 or (waits and (order.stop_price is None or order.filled)) or not (waits or order.price):
        return None
    if order.side is Side.SELL:
        return order.remaining
    return order.remaining * (order.price or 0)


def _balance_faults(what: str, balance: Balance, locking: Iterable[SimOrder]) -> Iterator[str]:
    if balance.available < 0:
        yield f"less than no {what} available"
    if balance.locked != sum(order.locked for order in locking):
        yield f"the {what} locked are not what its open orders lock"


def _lot_faults(instrument_id: str, lots: Lots, moved: Iterable[SimTransfer]) -> Iterator[str]:
    what = f"the Consumption stock of {instrument_id}"
    if min(lots.used, lots.expired, lots.withdrawn, *(lot.tokens for lot in lots)) < 0:
        yield f"{what} has less than nothing somewhere"
    if lots.received != lots.tokens + lots.used + lots.expired + lots.withdrawn:
        yield f"{what} is not what came in less what went out"
    came = [transfer for transfer in moved if transfer.way is Way.TO_CONSUMPTION and not transfer.has_failed]
    under_way = sum(transfer.quantity for transfer in came if transfer.arrived_at is None)
    if lots.in_transit != under_way or lots.committed != sum(transfer.quantity for transfer in came):
        yield f"{what} does not await what transfers bring"
    if lots.received != (lots.committed - under_way) * TOKENS_PER_UNIT:
        yield f"{what} did not receive what transfers brought"
    went = sum(transfer.quantity for transfer in moved if transfer.way is Way.TO_TRADING)
    if lots.withdrawn != went * TOKENS_PER_UNIT:
        yield f"{what} did not give what transfers took"
