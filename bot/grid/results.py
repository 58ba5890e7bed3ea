"""What the exchange tells that no strategy needs: accounts in full, limits, health, supply.

Money is in US dollars, quantities are whole units, moments are UTC. None is what the exchange did not say. Words such
as a status are the exchange's own, and it may add new ones.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from bot.domain.order import Side


class Instrument(Struct, frozen=True, kw_only=True):
    """Something that is traded, paid with or used up.

    Attributes:
        instrument_id: the exchange's id.
        symbol: what people call it, such as `text-prime`.
        name: how it is shown.
        instrument_type: `ai_commodity`, `currency` or `token`.
        status: `active`, or why it is not.
        is_active: whether it can be traded.
        precision: decimals of its quantities.
        created_at: since when the exchange has it.
        updated_at: when it last changed.
    """

    instrument_id: str
    symbol: str
    name: str | None = None
    instrument_type: str | None = None
    status: str | None = None
    is_active: bool | None = None
    precision: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class MarketStats(Struct, frozen=True, kw_only=True):
    """What was traded on a market in the last 24 hours; prices are USD per unit, None when nothing was.

    Attributes:
        market_id: the market.
        open: price of the first trade.
        high: highest price.
        low: lowest price.
        close: price of the last trade.
        volume: units traded.
        num_trades: number of trades.
    """

    market_id: str
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    volume: int | None = None
    num_trades: int | None = None


class OrderCount(Struct, frozen=True, kw_only=True):
    """How many open orders we have, in all and by market id; it may lag behind."""

    count: int
    by_market: dict[str, int]


class TradingAccount(Struct, frozen=True, kw_only=True):
    """Units of one instrument that can be sold or moved; `total` is `available` plus `locked`.

    Attributes:
        account_id: the exchange's id of the account.
        instrument_id: what is held; where older answers name no id, the symbol.
        total: units held.
        available: units that no order has locked.
        locked: units that back resting sells.
        user_id: whose it is.
        market_id: where the instrument is traded.
        instrument_symbol: what people call the instrument.
        status: `active`, or why it is not.
        updated_at: when it last changed.
    """

    account_id: str
    instrument_id: str
    total: int
    available: int
    locked: int
    user_id: str | None = None
    market_id: str | None = None
    instrument_symbol: str | None = None
    status: str | None = None
    updated_at: datetime | None = None


class CurrencyAccount(Struct, frozen=True, kw_only=True):
    """Money; `total` is `available` plus `locked`.

    Attributes:
        account_id: the exchange's id of the account.
        currency: lower-case code, such as `usd`.
        total: money held.
        available: money that no order has locked.
        locked: money that backs resting buys.
        user_id: whose it is.
        status: `active`, or why it is not.
        updated_at: when it last changed.
    """

    account_id: str
    currency: str
    total: Decimal
    available: Decimal
    locked: Decimal
    user_id: str | None = None
    status: str | None = None
    updated_at: datetime | None = None


class ConsumptionAccount(Struct, frozen=True, kw_only=True):
    """Units of one instrument that inference can use. A unit that is partly used does not count.

    Attributes:
        account_id: the exchange's id of the account.
        instrument_id: what is held.
        available: units that can be used.
        committed: units that are spoken for, such as those under way from Trading.
        total: units held.
        user_id: whose it is.
        status: `active`, or why it is not.
        total_deposits: units that ever came in.
        total_withdrawals: units that ever went out.
        total_commitments: units that were ever spoken for.
        total_transfers_in: units that ever came by transfer.
        total_transfers_out: units that ever went by transfer.
        created_at: since when there is the account.
        updated_at: when it last changed.
    """

    account_id: str
    instrument_id: str
    available: int
    committed: int | None = None
    total: int | None = None
    user_id: str | None = None
    status: str | None = None
    total_deposits: int | None = None
    total_withdrawals: int | None = None
    total_commitments: int | None = None
    total_transfers_in: int | None = None
    total_transfers_out: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Position(Struct, frozen=True, kw_only=True):
    """What is held of one instrument, and what it cost.

    Attributes:
        instrument_id: the exchange's id of the instrument.
        quantity: units held.
        status: `open` or `closed`.
        average_cost: USD per unit.
        total_cost: USD.
        current_market_value: USD.
        last_trade_price: USD per unit.
        opened_at: when it was opened.
        closed_at: when it was closed.
    """

    instrument_id: str
    quantity: int
    status: str | None = None
    average_cost: Decimal | None = None
    total_cost: Decimal | None = None
    current_market_value: Decimal | None = None
    last_trade_price: Decimal | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None


class TradeRecord(Struct, frozen=True, kw_only=True):
    """A trade of ours, with all that the exchange tells of it.

    Attributes:
        trade_id: the exchange's id of the trade.
        order_id: the exchange's id of our order.
        market_id: where it traded.
        side: whether we bought or sold.
        price: USD per unit.
        quantity: units.
        executed_at: when it traded.
        instrument_id: what was traded.
        total_value: price times quantity, USD.
        fee: USD.
        status: `executed`, or `settled` once what was traded is on the accounts.
        settled_at: when that was.
        trading_account_id: the account that it changed.
    """

    trade_id: str
    order_id: str
    market_id: str
    side: Side
    price: Decimal
    quantity: int
    executed_at: datetime
    instrument_id: str | None = None
    total_value: Decimal | None = None
    fee: Decimal | None = None
    status: str | None = None
    settled_at: datetime | None = None
    trading_account_id: str | None = None


class TransferRecord(Struct, frozen=True, kw_only=True):
    """A transfer between two of our accounts, whichever way it goes.

    Attributes:
        transfer_id: the exchange's id of the transfer.
        status: `pending`, `completed` or `failed`.
        instrument_id: what was moved.
        quantity: units moved.
        from_account_type: `trading`, `consumption` or `issuance`.
        sender_account_id: the account that the units left.
        to_account_type: likewise.
        account_id: the account that the units went to.
        created_at: when it was asked for.
        transferred_at: when it was done.
    """

    transfer_id: str
    status: str
    instrument_id: str | None = None
    quantity: int | None = None
    from_account_type: str | None = None
    sender_account_id: str | None = None
    to_account_type: str | None = None
    account_id: str | None = None
    created_at: datetime | None = None
    transferred_at: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """When it was asked for; where the exchange does not say, when it was done."""
        return self.transferred_at if self.created_at is None else self.created_at


class OrderRateLimit(Struct, frozen=True, kw_only=True):
    """How many orders may be placed.

    Attributes:
        scope: whose orders count: `user`, `market` or another word.
        max_orders_per_second: at most so many in a second.
        max_orders_per_minute: at most so many in a minute.
        burst_capacity: so many at once, after a pause.
        window_seconds: over how long the exchange counts.
    """

    scope: str | None = None
    max_orders_per_second: Decimal | None = None
    max_orders_per_minute: int | None = None
    burst_capacity: int | None = None
    window_seconds: int | None = None


class LimitHeaders(Struct, frozen=True, kw_only=True):
    """The names of the headers in which answers tell of limits."""

    limit: str | None = None
    remaining: str | None = None
    retry_after: str | None = None


class AccountLimits(Struct, frozen=True, kw_only=True):
    """The limits of an account; all of `order_rate_limits` hold at once."""

    order_rate_limits: tuple[OrderRateLimit, ...] = ()
    response_headers: LimitHeaders = LimitHeaders()


class User(Struct, frozen=True, kw_only=True):
    """Whose the signing key is.

    Attributes:
        user_id: the exchange's id of the user.
        email: the user's address.
        account_mode: `advanced`; in `easy` mode, also called Auto Mode, no orders of one's own are taken.
    """

    user_id: str
    email: str | None = None
    account_mode: str | None = None


class HealthCheck(Struct, frozen=True, kw_only=True):
    """One thing that the exchange has looked at, and what it found."""

    name: str
    status: str | None = None
    code: str | None = None
    detail: str | None = None


class Health(Struct, frozen=True, kw_only=True):
    """How the exchange is.

    Attributes:
        status: `ok`, or another word.
        service: which service answered.
        server_time: what time it is there.
        checks: what it has looked at.
        summary: all that in a few words.
    """

    status: str
    service: str | None = None
    server_time: datetime | None = None
    checks: tuple[HealthCheck, ...] = ()
    summary: str | None = None


class IssuanceAccount(Struct, frozen=True, kw_only=True):
    """A supplier's units of one instrument that were issued and not moved to Trading yet.

    Attributes:
        account_id: the exchange's id of the account.
        instrument_id: what is held.
        total: units held.
        available: units that can be moved.
        instrument_symbol: what people call the instrument.
        status: `active`, or why it is not.
        created_at: since when there is the account.
        updated_at: when it last changed.
    """

    account_id: str
    instrument_id: str
    total: int
    available: int
    instrument_symbol: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class SupplySummary(Struct, frozen=True, kw_only=True):
    """Units of one instrument that a supplier issued, moved to Trading, and has left to move."""

    instrument_id: str
    total_issued: int | None = None
    total_transferred: int | None = None
    available: int | None = None
