"""Looks on when the bot writes to the exchange, and knows what its journal must say at that moment."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any
from urllib.parse import unquote

import msgspec

from bot.ports import Request, Response
from bot.rehearsal.journal import EventJournal
from bot.rehearsal.plan import Violated

_NOT_APPLIED = (401, 404)
"""Answers after which a client may send the very same request again: a stale time stamp, a route of another layout."""

_EVENTS = "SELECT max(seq), max(CASE WHEN state = 'not_sent' THEN seq END) FROM order_events WHERE client_order_id = ?"


class _Placement(msgspec.Struct):
    client_order_id: str


class Witness:
    """Checks every write request against the database before it leaves.

    What is new must be journaled as being sent, and nothing new may go to a market, or move or issue units of an
    instrument, of which something is unclear. Nothing goes twice under one id unless the journal has judged in between
    that it was never sent.

    Args:
        database: what the bot's journal is kept in.
        broken: told the first time, and every time, that a rule is broken.
        journal: takes down what goes out and what is heard; None: nobody does.
    """

    def __init__(
        self, database: Connection, broken: Callable[[Violated], None], journal: EventJournal | None = None
    ) -> None:
        self._database = database
        self._broken = broken
        self._journal = journal
        self._sent: dict[str, int] = {}
        self._moved: set[str] = set()

    def sends(self, request: Request) -> None:
        """A write request is about to leave."""
        if self._journal is not None:
            self._journal.note("sends", request=_line(request), body=request.body.decode())
        try:
            self._check(request)
        except Violated as violated:
            self._broken(violated)

    def stores(self) -> None:
        """Something was stored: a transfer that is now judged never sent may go again under its key."""
        if self._moved:
            rows = self._database.execute("SELECT key FROM transfers WHERE state = 'not_sent'")
            self._moved.difference_update(key for (key,) in rows)

    def hears(self, request: Request, heard: Response | Exception) -> None:
        """The bot has got an answer, or none."""
        if isinstance(heard, Response) and heard.status in _NOT_APPLIED:
            self._sent.pop(_id_of(request), None)
            self._moved.discard(_id_of(request))
        if self._journal is not None and (request.method != "GET" or isinstance(heard, Exception)):
            answer = (
                {"status": heard.status, "body": heard.body.decode(errors="replace")}
                if isinstance(heard, Response)
                else {"error": f"{type(heard).__name__}: {heard}"}
            )
            self._journal.note("hears", request=_line(request), **answer)

    def _check(self, request: Request) -> None:
        match request.method, request.path.rpartition("/")[2]:
            case "POST", "orders":
                self._check_order(_id_of(request))
            case "POST", "trading-to-consumption" | "supply-issuances" | "transfer":
                self._check_transfer(_id_of(request))
            case "DELETE", order_id if order_id != "orders":
                self._check_cancel(unquote(order_id))

    def _check_order(self, client_order_id: str) -> None:
        row = self._one("SELECT state, market_id FROM orders WHERE client_order_id = ?", client_order_id)
        if row is None or row[0] != "submitting":
            raise Violated("journal_before_send", f"order {client_order_id} goes out and is journaled as {_state(row)}")
        others = self._one(
            "SELECT client_order_id, state FROM orders "
            "WHERE market_id = ? AND state IN ('submitting', 'unknown') AND client_order_id != ?",
            row[1],
            client_order_id,
        )
        if others is not None:
            raise Violated(
                "nothing_new_while_unclear", f"order {client_order_id} goes out while {others[0]} is {others[1]}"
            )
        self._check_once(client_order_id)

    def _check_transfer(self, key: str) -> None:
        row = self._one("SELECT state, instrument_id FROM transfers WHERE key = ?", key)
        if row is None or row[0] != "submitting":
            raise Violated("journal_before_send", f"transfer {key} goes out and is journaled as {_state(row)}")
        others = self._one(
            "SELECT key, state FROM transfers "
            "WHERE instrument_id = ? AND state IN ('submitting', 'unknown') AND key != ?",
            row[1],
            key,
        )
        if others is not None:
            raise Violated("nothing_new_while_unclear", f"transfer {key} goes out while {others[0]} is {others[1]}")
        if key in self._moved:
            raise Violated("sent_once", f"transfer {key} goes out again, and was not judged never sent since")
        self._moved.add(key)

    def _check_cancel(self, order_id: str) -> None:
        row = self._one("SELECT state FROM orders WHERE order_id = ?", order_id)
        if row is None:
            raise Violated("only_ours", f"a cancel goes out of order {order_id}, which is not in the journal")

    def _check_once(self, client_order_id: str) -> None:
        """It may go again only after an event, later than its last sending, that says that it was never sent."""
        row = self._one(_EVENTS, client_order_id)
        newest, not_sent = row or (0, 0)
        if client_order_id in self._sent and (not_sent or 0) <= self._sent[client_order_id]:
            raise Violated("sent_once", f"order {client_order_id} goes out again, and was not judged never sent since")
        self._sent[client_order_id] = newest or 0

    def _one(self, query: str, *parameters: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._database.execute(query, parameters).fetchone()
        return row


def _id_of(request: Request) -> str:
    """Our own id of what a write is about; empty where it has none."""
    if request.path.endswith("/orders") and request.body:
        return msgspec.json.decode(request.body, type=_Placement).client_order_id
    return unquote(request.headers.get("idempotency-key", ""))


def _line(request: Request) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query)
    return f"{request.method} {request.path}{'?' if query else ''}{query}"


def _state(row: tuple[Any, ...] | None) -> str:
    return "nothing at all" if row is None else str(row[0])
