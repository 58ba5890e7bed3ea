"""A served exchange, a database, and settings for a bot: where kills are played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from bot.clock import SystemClock
from bot.grid.keys import SigningKey
from bot.grid.limiter import Limits
from bot.grid.trading import TradingClient
from bot.grid.transport import AiohttpTransport
from bot.sim.credentials import Credentials, read_credentials
from bot.storage import open_store
from bot.storage.store import SqlStore
from soak.audit import Journal, Shown
from soak.process import LOOK_SECONDS, Late, Process

PLENTY = 100_000
"""As good as no limit, of requests a minute and of rows."""

RECONCILE_SECONDS = 10.0
"""How often a bot compares everything with the exchange, and how soon one that was started must have done so."""

ENGINE = {
    "poll_seconds": 0.5,
    "stream_poll_seconds": 1,
    "settle_seconds": 0.5,
    "snapshot_seconds": 5,
    "stop_seconds": 10,
    "reconcile_seconds": RECONCILE_SECONDS,
}

RISK = {"price_collar": None, "max_orders_per_minute": None, "duplicate_seconds": None}
"""What would hold churning back."""

Strategies: TypeAlias = tuple[tuple[str, str, str, dict[str, Any]], ...]
"""Of each its name, what it is, its market and its parameters."""

BUSY: Strategies = (
    ("churn", "soak.churn:Churn", "code-prime", {}),
    ("stock", "replenish", "text-prime", {"floor": 10, "target": 25, "lot": 1, "max_price": "4.00"}),
)
QUIET: Strategies = tuple((name, "soak.churn:Quiet", symbol, {}) for name, _, symbol, _ in BUSY)


@dataclass(frozen=True, slots=True)
class Scene:
    """An exchange that is served, and what of it and of the bot's database can be read from outside.

    Attributes:
        folder: where the bots live.
        credentials: those of their account.
        client: reads the exchange with their key.
        store: reads their database.
    """

    folder: Path
    credentials: Credentials
    client: TradingClient
    store: SqlStore

    @property
    def traded(self) -> dict[str, str]:
        """The instrument of each market, by ids."""
        return {market.market_id: market.instrument_id for market in self.credentials.markets}

    async def shown(self, since: datetime | None = None) -> Shown:
        """What the exchange shows, all of it or what has happened since."""
        orders = await self.client.orders(since=since)
        fills = await self.client.fills(since=since)
        transfers = await self.client.transfers(since=since)
        cash, units = await self.client.cash(), await self.client.trading_units()
        return Shown(orders, fills, transfers, cash.total, {one: held.total for one, held in units.items()})

    async def journal(self) -> Journal:
        """What the database says."""
        return Journal(
            await self.store.recent_orders(PLENTY),
            await self.store.recent_fills(PLENTY),
            await self.store.recent_transfers(PLENTY),
            await self.store.recent_incidents(PLENTY),
            await self.store.latch(),
        )

    def bot(self, log: str, *, config: str = "busy.yaml", trap: Sequence[str] = ()) -> Process:
        """Start `gridbot run`, or, with a trap, a `soak.victim` with these options."""
        module = ("-m", "soak.victim", *trap, "--") if trap else ("-m", "bot.cli")
        return Process([*module, "-c", config, "run"], self.folder, self.folder / log)


@asynccontextmanager
async def scene(folder: Path, database_url: str, seed: int, **engine: Any) -> AsyncIterator[Scene]:
    """Serve an exchange while the block runs, and write `busy.yaml` and `quiet.yaml` for bots to trade on it."""
    file = folder / "credentials.json"
    with Process(["-m", "soak.exchange", str(file), str(seed)], folder, folder / "exchange.log") as process:
        while not file.exists():
            if process.status is not None:
                raise Late(f"the exchange has ended: {process.last_words()}")
            await asyncio.sleep(LOOK_SECONDS)
        credentials = read_credentials(file)
        for name, strategies in (("busy.yaml", BUSY), ("quiet.yaml", QUIET)):
            settings = _settings(credentials, database_url, ENGINE | engine, strategies)
            (folder / name).write_text(yaml.safe_dump(settings))
        client = _client(credentials)
        try:
            store = await open_store(database_url, create=True)
            try:
                yield Scene(folder, credentials, client, store)
            finally:
                await store.close()
        finally:
            await client.close()


def _client(credentials: Credentials) -> TradingClient:
    transport = AiohttpTransport(credentials.base_url)
    key = SigningKey.from_text(credentials.signing_key)
    limits = Limits(PLENTY, PLENTY, PLENTY)
    return TradingClient(transport, key, SystemClock(), base_path=transport.base_path, limits=limits)


def _settings(
    credentials: Credentials, database_url: str, engine: dict[str, Any], strategies: Strategies
) -> dict[str, Any]:
    return {
        "exchange": {"base_url": credentials.base_url, "signing_key": credentials.signing_key},
        "limits": {f"{kind}_per_minute": PLENTY for kind in ("requests", "orders", "cancels")},
        "database": {"url": database_url},
        "logging": {"format": "json"},
        "engine": engine,
        "risk": RISK,
        "strategies": [
            {"name": name, "strategy": kind, "markets": [symbol], "schedule": {"every": "1s"}, "parameters": given}
            for name, kind, symbol, given in strategies
        ],
    }
