"""The store: `bot.ports.Store` over a SQL database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.engine import Connection

from bot.domain.fill import Fill
from bot.domain.incident import Incident
from bot.domain.latch import Latch
from bot.domain.market import Market
from bot.domain.order import Order
from bot.domain.transfer import Transfer
from bot.ports import BalanceSnapshot, OrderRecord, Run
from bot.storage import incidents, latches, lease_row, migrate, orders, records, transfers
from bot.storage.database import Database

P = ParamSpec("P")
T = TypeVar("T")


async def open_store(url: str, *, create: bool) -> SqlStore:
    """The store at a database URL.

    With `create`, a missing SQLite file is made, and an empty or outdated database brought up to this gridbot's schema.

    Raises:
        StoreUnavailable: it cannot be opened or reached.
        SchemaOutdated: without `create`, it needs `gridbot db upgrade`.
        SchemaTooNew: it was written by a newer gridbot.
    """
    database = Database(url, create=create)
    try:
        if create:
            await migrate.bring_up(database)
        await migrate.verify(database)
    except BaseException:
        await database.close()
        raise
    return SqlStore(database)


class SqlStore:
    """Durable memory in SQLite or PostgreSQL; open it with `open_store`.

    Every method is one transaction, committed when it returns, and they run one at a time. All raise `StoreError`
    when the database refuses, and `StoreUnavailable` when it cannot be reached. Those that change something raise
    `LeaseLost`, and store nothing, when the lease that it had is another's (`bot.storage.lease`).
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._run = database.run
        self._check: Callable[[Connection], None] | None = None

    def __repr__(self) -> str:
        return f"SqlStore({self.database.name!r})"

    def guard(self, check: Callable[[Connection], None]) -> None:
        """Have every transaction that is to change anything begin with `check`; what that raises undoes it.

        Reading goes on unchecked.
        """
        self._check = check

    async def begin_run(self, run: Run) -> None:
        """Record a start."""
        await self._write(records.begin_run, run)

    async def run_kinds(self) -> list[str]:
        """The kinds of the runs that are stored, sorted."""
        return await self._run(records.run_kinds)

    async def latest_run(self) -> Run | None:
        """The run that was begun last."""
        return await self._run(records.latest_run)

    async def end_run(self, run_id: str, at: datetime) -> None:
        """Record a clean end."""
        await self._write(records.end_run, run_id, at)

    async def save_markets(self, markets: Sequence[Market]) -> None:
        """Store markets as the exchange shows them now."""
        await self._write(records.save_markets, markets)

    async def markets(self) -> list[Market]:
        """Every market that was ever stored, sorted by symbol."""
        return await self._run(records.all_markets)

    async def add_order(self, order: Order) -> None:
        """Journal a new order; to be called before its request goes out."""
        await self._write(orders.add, order)

    async def save_order(self, order: Order, record: OrderRecord) -> None:
        """Store an order's new state and the event that led to it.

        Refused when the stored order has another number of filled units: only `add_fill` changes that.
        """
        await self._write(orders.save, order, record)

    async def add_fill(self, fill: Fill, order: Order, record: OrderRecord) -> bool:
        """Store a fill, the state of its order after it, and the event; False, and nothing stored, when it is known.

        Refused when the stored order's filled units and this fill's do not make the new state's.
        """
        return await self._write(orders.add_fill, fill, order, record)

    async def order(self, client_order_id: str) -> Order | None:
        """One order."""
        return await self._run(orders.one, client_order_id)

    async def live_orders(self) -> list[Order]:
        """Orders that may still fill, oldest first."""
        return await self._run(orders.live)

    async def orders_by_order_id(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the exchange's order ids that are ours."""
        return await self._run(orders.by_order_id, order_ids)

    async def orders_by_client_id(self, client_order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the client order ids that are ours."""
        return await self._run(orders.by_client_id, client_order_ids)

    async def known_trades(self, trade_ids: Sequence[str]) -> set[str]:
        """Those of the trade ids that are stored."""
        return await self._run(orders.known_trades, trade_ids)

    async def orders_not_sent(self, since: datetime) -> list[Order]:
        """Orders that were judged never sent, and last changed at that time or later; oldest first."""
        return await self._run(orders.not_sent, since)

    async def fills_since(self, at: datetime) -> list[tuple[str, Fill]]:
        """Fills that traded at that time or later, each after the name of its strategy instance; oldest first."""
        return await self._run(orders.fills_since, at)

    async def newest_fills(self, most: int) -> list[tuple[str, Fill]]:
        """So many of each strategy instance's newest fills on each market, each after its name; oldest first."""
        return await self._run(orders.newest_fills_of_each, most)

    async def traded(self) -> list[tuple[str, str, int]]:
        """Units bought less units sold: (strategy instance, market id, units) each."""
        return await self._run(orders.traded)

    async def moved(self) -> list[tuple[str, str, int]]:
        """Units moved from Trading, or on their way, less issued ones that were moved there."""
        return await self._run(transfers.moved)

    async def issued(self) -> list[tuple[str, str, int]]:
        """Units that were issued and have still to be moved to Trading: (instance, instrument id, units) each."""
        return await self._run(transfers.issued)

    async def latest_fill_at(self) -> datetime | None:
        """When the newest stored fill traded."""
        return await self._run(orders.newest_fill_at)

    async def add_transfer(self, transfer: Transfer) -> None:
        """Journal a new transfer; to be called before its request goes out."""
        await self._write(transfers.add, transfer)

    async def save_transfer(self, transfer: Transfer) -> None:
        """Store a transfer's new state."""
        await self._write(transfers.save, transfer)

    async def open_transfers(self) -> list[Transfer]:
        """Transfers that may still be under way, oldest first."""
        return await self._run(transfers.still_open)

    async def known_transfers(self, transfer_ids: Sequence[str]) -> set[str]:
        """Those of the exchange's transfer ids that are stored."""
        return await self._run(transfers.known, transfer_ids)

    async def lease_holder(self) -> str | None:
        """Who has the lease; None while nobody has it."""
        return await self._run(lease_row.holder)

    async def latch(self) -> Latch | None:
        """The state that trading was put in last; None when nobody ever put it in one."""
        return await self._run(latches.newest)

    async def set_latch(self, latch: Latch) -> None:
        """Put trading in a state; the states before it are kept, too."""
        await self._write(latches.add, latch)

    async def add_incident(self, incident: Incident) -> None:
        """Store an incident."""
        await self._write(incidents.add, incident)

    async def recent_incidents(self, limit: int) -> list[Incident]:
        """The newest incidents, newest first."""
        return await self._run(incidents.newest, limit)

    async def save_balances(self, snapshots: Sequence[BalanceSnapshot]) -> None:
        """Store balance snapshots."""
        await self._write(records.save_balances, snapshots)

    async def load_state(self, strategy: str) -> dict[str, Any]:
        """A strategy instance's durable state; empty when it never stored one."""
        return await self._run(records.load_state, strategy)

    async def save_state(self, strategy: str, state: Mapping[str, Any], at: datetime) -> None:
        """Store a strategy instance's durable state; refused unless it comes back from JSON as it is."""
        await self._write(records.save_state, strategy, state, at)

    async def recent_orders(self, limit: int) -> list[Order]:
        """The newest orders, newest first."""
        return await self._run(orders.newest, limit)

    async def order_history(self, client_order_id: str) -> list[OrderRecord]:
        """What happened to an order, in the order in which it happened."""
        return await self._run(orders.history, client_order_id)

    async def recent_fills(self, limit: int, *, client_order_id: str | None = None) -> list[Fill]:
        """The newest fills, newest first, of one order or of all."""
        return await self._run(orders.newest_fills, limit, client_order_id=client_order_id)

    async def recent_transfers(self, limit: int) -> list[Transfer]:
        """The newest transfers, newest first."""
        return await self._run(transfers.newest, limit)

    async def latest_balances(self) -> list[BalanceSnapshot]:
        """The newest snapshot of every account and asset, sorted by them."""
        return await self._run(records.latest_balances)

    async def counts(self) -> dict[str, int]:
        """Rows stored: `orders`, `fills`, `transfers`."""
        return await self._run(records.counts)

    async def close(self) -> None:
        """Let go of connections."""
        await self.database.close()

    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def checked(db: Connection) -> T:
            if self._check is not None:
                self._check(db)
            return work(db, *args, **kwargs)

        return await self._run(checked)
