"""`gridbot status`: whether the bot may trade, and what it has under way, from its database."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from bot.cli.balances import counted_units, stored_balances
from bot.cli.db import DatabaseUrl
from bot.cli.options import Options
from bot.cli.output import Json, details, document, say, table
from bot.cli.records import read_store
from bot.cli.symbols import Names

if TYPE_CHECKING:
    from bot.ports import Store

NEWEST = 10
"""How many incidents are shown."""

_COLUMNS = {
    "live_orders": ("created_at", "symbol", "side", "quantity", "filled", "price", "state", "strategy"),
    "open_transfers": ("created_at", "symbol", "quantity", "state", "strategy", "key"),
    "balances": ("at", "account", "symbol", "total", "available", "locked"),
    "incidents": ("at", "kind", "detail"),
}


def status(ctx: typer.Context, *, database_url: DatabaseUrl = None, as_json: Json = False) -> None:
    """Show whether the bot may trade, its last run, live orders, open transfers, balances and incidents."""
    found = read_store(Options.of(ctx).database_url(database_url), _read)
    if as_json:
        document(found)
        return
    run = found["last_run"]
    details(
        {
            "trading": found["state"],
            **{name: found[name] for name in ("reason", "by", "since")},
            "last_run": run and f"{run['kind']}, {_fate(run, found['held_by'])}",
            "started_at": run and run["started_at"],
            "ended_at": run and run["ended_at"],
        }
    )
    found["balances"] = [counted_units(one) for one in found["balances"] if one["total"] or one["account"] == "cash"]
    for name, columns in _COLUMNS.items():
        title = name.replace("_", " ")
        say("")
        if found[name]:
            say(title)
            table(found[name], columns)
        else:
            say(f"no {title}")


def _fate(run: dict[str, Any], held_by: str | None) -> str:
    """What became of a run; where it cannot be told, nothing is claimed."""
    from bot.storage import process_is_gone
    from bot.storage.process import spoken

    if run["ended_at"]:
        return "ended cleanly"
    return "ended early" if held_by is None or process_is_gone(held_by) else f"running as {spoken(held_by)}"


async def _read(store: Store) -> dict[str, Any]:
    latch, run = await store.latch(), await store.latest_run()
    names = Names(await store.markets())
    return {
        "state": "active" if latch is None else latch.state,
        "reason": None if latch is None else latch.reason,
        "by": None if latch is None else latch.by,
        "since": None if latch is None else latch.at,
        "last_run": None if run is None else asdict(run),
        "held_by": await store.lease_holder(),
        "live_orders": [{"symbol": names(one.market_id), **asdict(one)} for one in await store.live_orders()],
        "open_transfers": [{"symbol": names(one.instrument_id), **asdict(one)} for one in await store.open_transfers()],
        "balances": await stored_balances(store),
        "incidents": [asdict(one) for one in await store.recent_incidents(NEWEST)],
    }
