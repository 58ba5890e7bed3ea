"""Demand traces: how many tokens someone's inference used, slot by slot.

Two published formats are read: ServeGen's (`client,t_s,requests,tokens`, one row a slot and client) and that of the
Azure LLM inference traces (`TIMESTAMP,ContextTokens,GeneratedTokens`, one row a request).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.errors import DataError
from bot.tables import Row, Table

REQUEST_SLOT_SECONDS = 10
"""Slot length into which a trace that lists single requests is summed up, seconds."""


LONGEST_SLOT_SECONDS = 24 * 3600
"""The longest slot that a trace may have."""

LONGEST_LOG = timedelta(days=366)
"""The longest time that a log of single requests may cover."""


@dataclass(frozen=True, slots=True)
class DemandTrace:
    """Tokens asked for in consecutive slots of `slot_seconds`; after its end a trace begins anew."""

    slot_seconds: int
    slots: tuple[int, ...]

    def tokens(self, slot: int) -> int:
        """Tokens asked for in the slot of this number, counted from zero."""
        return self.slots[slot % len(self.slots)]


def read_trace(path: Path, client: str | None = None) -> DemandTrace:
    """Read a demand trace, and of several clients the one asked for.

    Raises:
        DataError: the file is malformed (file and line are named), or `client` is missing or unknown.
    """
    table = Table(path)
    if table.has("client", "t_s", "tokens"):
        return _slotted(path, _choose(path, table, client))
    if table.has("timestamp", "contexttokens", "generatedtokens"):
        if client is not None:
            raise DataError(f"{path} tells no clients apart; leave the client out instead of asking for {client!r}")
        return _summed(table)
    raise DataError(
        f"{path}, line 1: the columns are {', '.join(table.columns)}; a demand trace has client,t_s,requests,tokens "
        "or TIMESTAMP,ContextTokens,GeneratedTokens"
    )


def _choose(path: Path, table: Table, client: str | None) -> list[Row]:
    by_client: dict[str, list[Row]] = {}
    for row in table:
        by_client.setdefault(row.text("client"), []).append(row)
    if client is None:
        if len(by_client) > 1:
            some = ", ".join(list(by_client)[:3])
            raise DataError(f"{path} has {len(by_client)} clients; name one of them as the client, such as {some}")
        (client,) = by_client
    if client not in by_client:
        close = difflib.get_close_matches(client, by_client) or list(by_client)[:3]
        raise DataError(f"{path} has {len(by_client)} clients, none named {client!r}; try {', '.join(close)}")
    return by_client[client]


def _slotted(path: Path, rows: list[Row]) -> DemandTrace:
    if len(rows) < 2:
        raise DataError(f"{path}, line {rows[0].line}: a single row does not tell how long a slot is; add the next one")
    start = _seconds(rows[0])
    slot_seconds = _seconds(rows[1]) - start
    if slot_seconds <= 0:
        raise rows[1].fault(f"t_s is {start + slot_seconds}, after {start}; times must rise")
    if slot_seconds > LONGEST_SLOT_SECONDS:
        raise rows[1].fault(f"t_s is {start + slot_seconds}, after {start}; a slot is a day at most")
    for slot, row in enumerate(rows):
        due = start + slot * slot_seconds
        if _seconds(row) != due:
            raise row.fault(f"t_s is {row.text('t_s')}, but {due} is due: rows come every {slot_seconds} s")
    return DemandTrace(slot_seconds, tuple(_tokens(row, "tokens") for row in rows))


def _summed(table: Table) -> DemandTrace:
    slots: dict[int, int] = {}
    first = last = None
    for row in table:
        at = row.moment("timestamp")
        if last is not None and at < last:
            raise row.fault(f"{at} comes after {last}; times must not fall")
        first, last = first or at, at
        if at - first > LONGEST_LOG:
            raise row.fault(f"{at} is more than {LONGEST_LOG.days} days after the first request, {first}")
        slot = int((at - first).total_seconds()) // REQUEST_SLOT_SECONDS
        slots[slot] = slots.get(slot, 0) + _tokens(row, "contexttokens") + _tokens(row, "generatedtokens")
    return DemandTrace(REQUEST_SLOT_SECONDS, tuple(slots.get(slot, 0) for slot in range(max(slots) + 1)))


def _seconds(row: Row) -> int:
    seconds = row.number("t_s")
    if seconds != int(seconds):
        raise row.fault(f"t_s: {seconds} is not a whole number of seconds")
    return int(seconds)


def _tokens(row: Row, column: str) -> int:
    tokens = row.number(column)
    if tokens < 0:
        raise row.fault(f"{column}: {tokens} is negative")
    return round(tokens)
