"""What is remembered, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from bot.domain.fill import Fill
from bot.domain.incident import Incident
from bot.domain.latch import Latch
from bot.domain.market import Market
from bot.domain.order import Order, OrderState
from bot.domain.transfer import Transfer


@dataclass(frozen=True, slots=True)
class Run:
    """One start of the daemon. `kind` is `run`, `paper` or `demo`; `ended_at` is None until it ends cleanly."""

    run_id: str
    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class BalanceSnapshot:
    """What was held of one asset at one moment.

    `account` is `cash`, `trading` or `consumption`; `asset` is `USD` or an instrument id. Cash is in USD, the rest
    in units.
    """

    at: datetime
    account: str
    asset: str
    total: Decimal
    available: Decimal
    locked: Decimal


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One line of an order's history: what happened, and the state that it led to."""

    at: datetime
    client_order_id: str
    event: str
    state: OrderState
    detail: str = ""


class Store(Protocol):
    """Durable memory. Every method is one transaction: when it returns, a crash cannot undo it.

    Raises `StoreError` when the database refuses.
    """

    async def begin_run(self, run: Run) -> None:
        """Record a start."""
        ...

    async def run_kinds(self) -> list[str]:
        """The kinds of the runs that are stored, sorted."""
        ...

    async def latest_run(self) -> Run | None:
        """The run that was begun last."""
        ...

    async def end_run(self, run_id: str, at: datetime) -> None:
        """Record a clean end."""
        ...

    async def save_markets(self, markets: Sequence[Market]) -> None:
        """Store markets as the exchange shows them now, so that ids can be told by their symbols."""
        ...

    async def markets(self) -> list[Market]:
        """Every market that was ever stored, sorted by symbol."""
        ...

    async def add_order(self, order: Order) -> None:
        """Journal a new order; to be called before its request goes out."""
        ...

    async def save_order(self, order: Order, record: OrderRecord) -> None:
        """Store an order's new state and the event that led to it."""
        ...

    async def add_fill(self, fill: Fill, order: Order, record: OrderRecord) -> bool:
        """Store a fill, the state of its order after it, and the event; False, and nothing stored, when it is known."""
        ...

    async def order(self, client_order_id: str) -> Order | None:
        """One order."""
        ...

    async def live_orders(self) -> list[Order]:
        """Orders that may still fill, oldest first."""
        ...

    async def orders_by_order_id(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the exchange's order ids that are ours."""
        ...

    async def orders_by_client_id(self, client_order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the client order ids that are ours."""
        ...

    async def known_trades(self, trade_ids: Sequence[str]) -> set[str]:
        """Those of the trade ids that are stored."""
        ...

    async def orders_not_sent(self, since: datetime) -> list[Order]:
        """Orders that were judged never sent, and last changed at that time or later; oldest first."""
        ...

    async def fills_since(self, at: datetime) -> list[tuple[str, Fill]]:
        """Fills that traded at that time or later, each after the name of its strategy instance; oldest first."""
        ...

    async def newest_fills(self, most: int) -> list[tuple[str, Fill]]:
        """So many of each strategy instance's newest fills on each market, each after its name; oldest first."""
        ...

    async def traded(self) -> list[tuple[str, str, int]]:
        """Units bought less units sold: (strategy instance, market id, units) each."""
        ...

    async def moved(self) -> list[tuple[str, str, int]]:
        """Units moved from Trading, or on their way, less issued ones that were moved there.

        (Strategy instance, instrument id, units) each.
        """
        ...

    async def issued(self) -> list[tuple[str, str, int]]:
        """Units that were issued and have still to be moved to Trading: (instance, instrument id, units) each."""
        ...

    async def latest_fill_at(self) -> datetime | None:
        """When the newest stored fill traded."""
        ...

    async def add_transfer(self, transfer: Transfer) -> None:
        """Journal a new transfer; to be called before its request goes out."""
        ...

    async def save_transfer(self, transfer: Transfer) -> None:
        """Store a transfer's new state."""
        ...

    async def open_transfers(self) -> list[Transfer]:
        """Transfers that may still be under way, oldest first."""
        ...

    async def known_transfers(self, transfer_ids: Sequence[str]) -> set[str]:
        """Those of the exchange's transfer ids that are stored."""
        ...

    async def lease_holder(self) -> str | None:
        """The process that has, or had at its end, the right to trade on this database; None once it was given up."""
        ...

    async def latch(self) -> Latch | None:
        """The state that trading was put in last; None when nobody ever put it in one."""
        ...

    async def set_latch(self, latch: Latch) -> None:
        """Put trading in a state; the states before it are kept, too."""
        ...

    async def add_incident(self, incident: Incident) -> None:
        """Store an incident."""
        ...

    async def recent_incidents(self, limit: int) -> list[Incident]:
        """The newest incidents, newest first."""
        ...

    async def save_balances(self, snapshots: Sequence[BalanceSnapshot]) -> None:
        """Store balance snapshots."""
        ...

    async def load_state(self, strategy: str) -> dict[str, Any]:
        """A strategy instance's durable state; empty when it never stored one."""
        ...

    async def save_state(self, strategy: str, state: Mapping[str, Any], at: datetime) -> None:
        """Store a strategy instance's durable state; values must be JSON."""
        ...

    async def recent_orders(self, limit: int) -> list[Order]:
        """The newest orders, newest first."""
        ...

    async def order_history(self, client_order_id: str) -> list[OrderRecord]:
        """What happened to an order, in the order in which it happened."""
        ...

    async def recent_fills(self, limit: int, *, client_order_id: str | None = None) -> list[Fill]:
        """The newest fills, newest first, of one order or of all."""
        ...

    async def recent_transfers(self, limit: int) -> list[Transfer]:
        """The newest transfers, newest first."""
        ...

    async def latest_balances(self) -> list[BalanceSnapshot]:
        """The newest snapshot of every account and asset."""
        ...

    async def counts(self) -> dict[str, int]:
        """Rows stored: `orders`, `fills`, `transfers`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
