"""What orders set aside, and how trades are paid.

A buy sets aside price times quantity, a sell its units; a market buy what it is about to pay. A stop order does so from
the start, but for a stop buy: it has no price, and sets nothing aside before it is triggered. Trades are made at the
resting order's price, and what a buyer set aside above that is given back at once. There are no fees.
"""

from __future__ import annotations

from bot.domain.money import plain, usd_of
from bot.sim.orders import BUY, SELL, SimOrder
from bot.sim.refusals import insufficient


def lock(order: SimOrder, units: int, cost: int) -> None:
    """Set aside so many units for a sell, or micro-dollars for a buy, instead of what was set aside before.

    Raises:
        Refusal: its owner does not have them.
    """
    account = order.account
    if order.side is BUY:
        balance, needed = account.cash, cost
    else:
        balance, needed = account.units[order.instrument_id], units
    more = needed - order.locked
    if more > balance.available:
        raise insufficient(_shortage(order, needed, balance.available + order.locked))
    balance.available -= more
    balance.locked += more
    order.locked = needed


def release(order: SimOrder) -> None:
    """Give back what is still set aside for an order."""
    account = order.account
    balance = account.cash if order.side is BUY else account.units[order.instrument_id]
    balance.locked -= order.locked
    balance.available += order.locked
    order.locked = 0


def settle(buy: SimOrder, sell: SimOrder, price: int, quantity: int) -> None:
    """Exchange cash and units of a trade, out of what both orders have set aside."""
    paid = price * quantity
    freed = paid if buy.price is None else buy.price * quantity
    buyer, seller = buy.account, sell.account
    cash = buyer.cash
    cash.locked -= freed
    cash.available += freed - paid
    buy.locked -= freed
    buyer.units[buy.instrument_id].available += quantity
    seller.units[sell.instrument_id].locked -= quantity
    sell.locked -= quantity
    seller.cash.available += paid
    buy.notional += paid
    sell.notional += paid


def _shortage(order: SimOrder, needed: int, available: int) -> str:
    if order.side is SELL:
        return f"the order needs {needed} units, {available} are available"
    return f"the order needs {plain(usd_of(needed))} USD, {plain(usd_of(available))} are available"
