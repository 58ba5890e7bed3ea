"""An account's orders, fills, transfers and balances as the exchange's answers show them."""

from __future__ import annotations

from typing import Any

from bot.domain.money import TOKENS_PER_UNIT
from bot.sim.history import SimTransfer
from bot.sim.ledger import Account
from bot.sim.limits import WINDOW_SECONDS, RateLimits
from bot.sim.market import SimMarket
from bot.sim.market_views import mean_usd, usd
from bot.sim.orders import SimFill, SimOrder


def order_view(order: SimOrder) -> dict[str, Any]:
    """An order."""
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "market_id": order.market_id,
        "instrument_id": order.instrument_id,
        "trader_id": order.account.user_id,
        "side": order.side,
        "type": order.kind,
        "status": order.status,
        "quantity": order.quantity,
        "filled_quantity": order.filled,
        "remaining_quantity": order.remaining,
        "price": None if order.price is None else usd(order.price),
        "stop_price": None if order.stop_price is None else usd(order.stop_price),
        "average_price": mean_usd(order.notional, order.filled) if order.filled else None,
        "fee": "0.00",
        "time_in_force": order.time_in_force,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "closure_reason": order.closure_reason,
        "submitted_at": order.created_at,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "closed_at": order.closed_at,
    }


def fill_view(fill: SimFill) -> dict[str, Any]:
    """A trade as the owner of one of its orders sees it."""
    trade, order = fill.trade, fill.order
    return {
        "trade_id": trade.trade_id,
        "order_id": order.order_id,
        "market_id": order.market_id,
        "instrument_id": order.instrument_id,
        "side": order.side,
        "price": usd(trade.price),
        "quantity": trade.quantity,
        "total_value": usd(trade.price * trade.quantity),
        "fee": None,
        "status": "settled",
        "execution_timestamp": trade.executed_at,
        "settlement_timestamp": trade.executed_at,
        "trading_account_id": sub_account_id(order.account, "trading", order.instrument_id),
    }


def transfer_view(transfer: SimTransfer, account: Account) -> dict[str, Any]:
    """A transfer, under way or arrived."""
    way = transfer.way
    return {
        "transfer_id": transfer.transfer_id,
        "instrument_id": transfer.instrument_id,
        "quantity": transfer.quantity,
        "from_account_type": way.source,
        "sender_account_id": sub_account_id(account, way.source, transfer.instrument_id),
        "to_account_type": way.target,
        "account_id": sub_account_id(account, way.target, transfer.instrument_id),
        "status": transfer.status,
        "created_at": transfer.created_at,
        "transferred_at": transfer.arrived_at,
    }


def trading_account_view(account: Account, market: SimMarket) -> dict[str, Any]:
    """Units of one instrument that can be sold or moved; locked ones back resting sells."""
    units = account.units[market.instrument_id]
    return {
        "account_id": sub_account_id(account, "trading", market.instrument_id),
        "user_id": account.user_id,
        "market_id": market.market_id,
        "instrument_id": market.instrument_id,
        "instrument_symbol": market.symbol,
        "total_balance": units.total,
        "available_balance": units.available,
        "locked_balance": units.locked,
        "status": "active",
        "updated_at": account.updated_at,
    }


def currency_account_view(account: Account) -> dict[str, Any]:
    """US dollars; locked ones back resting buys."""
    return {
        "account_id": f"currency-{account.account_id}",
        "user_id": account.user_id,
        "currency": "usd",
        "total_balance": usd(account.cash.total),
        "available_balance": usd(account.cash.available),
        "locked_balance": usd(account.cash.locked),
        "status": "active",
        "updated_at": account.updated_at,
    }


def consumption_account_view(account: Account, market: SimMarket) -> dict[str, Any]:
    """Units of one instrument that inference can use, in whole units; committed ones are on their way from Trading."""
    lots = account.lots[market.instrument_id]
    arrived = lots.received // TOKENS_PER_UNIT
    return {
        "account_id": sub_account_id(account, "consumption", market.instrument_id),
        "user_id": account.user_id,
        "instrument_id": market.instrument_id,
        "status": "active",
        "available_balance": lots.units,
        "committed_balance": lots.in_transit,
        "total_balance": lots.units + lots.in_transit,
        "total_deposits": arrived,
        "total_withdrawals": arrived - lots.units,
        "total_commitments": lots.committed,
        "total_transfers_in": arrived,
        "total_transfers_out": lots.withdrawn // TOKENS_PER_UNIT,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
    }


def me_view(account: Account) -> dict[str, Any]:
    """The user."""
    return {"user_id": account.user_id, "email": f"{account.name}@gridbot.invalid", "account_mode": account.mode}


def limits_view(limits: RateLimits | None) -> dict[str, Any]:
    """How many orders may be placed, all of a minute's at once if need be; None where any number may."""
    orders = None if limits is None else limits.orders
    return {
        "order_rate_limits": {
            "scope": "user",
            "max_orders_per_second": orders,
            "max_orders_per_minute": orders,
            "burst_capacity": orders,
            "window_seconds": WINDOW_SECONDS,
        },
        "response_headers": {
            "limit": "x-ratelimit-limit",
            "remaining": "x-ratelimit-remaining",
            "retry_after": "retry-after",
        },
    }


def sub_account_id(account: Account, kind: str, instrument_id: str) -> str:
    """The id of the account for one instrument's units; `kind` is its type as transfers name it."""
    return f"{kind}-{account.account_id}-{instrument_id}"
