"""Checks, every few minutes, that our books, the exchange's, and what the account holds agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.fill import Fill
from bot.domain.incident import Incident
from bot.domain.market import Market
from bot.portfolio.books import Drift, Statement, drifts
from bot.ports import Clock, Exchange, Store

log = structlog.stdlib.get_logger("auditor")

LATE = timedelta(minutes=2)
"""How long after it traded a fill, or a transfer, may come into sight: what is younger is not missed yet."""

REACH = timedelta(hours=1)
"""How far back trades and transfers are read beyond the last statement: transfers may end late, and differently."""

TIMES_SEEN = 3
"""In how many audits, one after the other, the same drift must show: a list that is behind shows none the next time."""


class Violation(Exception):
    """What must always hold does not: going on would be a guess. The text says what, and what to do."""


class Auditor:
    """Compares statements of the account.

    Every unit and every dollar that came or went must be explained by a trade or a transfer that the exchange shows,
    and every trade of our orders must be in the journal. What came unexplained is a deposit: it is told and taken
    into the books. What is gone unexplained is a violation.

    The first statement may be read in the middle of something, so that nothing counts until a second one has agreed
    with it.
    """

    def __init__(self, exchange: Exchange, store: Store, clock: Clock, markets: Sequence[Market]) -> None:
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._traded = {market.market_id: market.instrument_id for market in markets}
        self._books: Statement | None = None
        self._confirmed = False
        self._seen: tuple[list[Drift], int] = ([], 0)

    async def audit(self) -> None:
        """Read a statement and check it; does nothing when the account trades meanwhile.

        Raises:
            Violation: something is gone, or a trade of ours is not in the journal.
            ExchangeError: the exchange cannot be read.
        """
        now = self._clock.now()
        statement = await self._statement(now)
        if statement is None:
            return
        await self._check_journal(list(statement.fills.values()), now)
        if self._books is None:
            self._books = statement
        elif found := drifts(self._books, statement, self._traded):
            await self._weigh(found, statement)
        else:
            self._books, self._confirmed, self._seen = statement, True, ([], 0)

    async def _statement(self, now: datetime) -> Statement | None:
        since = (now if self._books is None else self._books.at) - REACH
        before = await self._exchange.fills(since=since)
        cash = await self._exchange.cash()
        trading = await self._exchange.trading_units()
        transfers = await self._exchange.transfers(since=since)
        fills = await self._exchange.fills(since=since)
        if {fill.trade_id for fill in fills} != {fill.trade_id for fill in before}:
            return None
        return Statement.of(now, cash, trading, fills, transfers)

    async def _check_journal(self, fills: Sequence[Fill], now: datetime) -> None:
        due = {fill.trade_id: fill for fill in fills if fill.executed_at <= now - LATE}
        known = await self._store.known_trades(list(due)) if due else set()
        missing = [fill for trade_id, fill in due.items() if trade_id not in known]
        ours = await self._store.orders_by_order_id([fill.order_id for fill in missing]) if missing else {}
        for fill in missing:
            if order := ours.get(fill.order_id):
                raise Violation(
                    f"trade {fill.trade_id} of our order {order.client_order_id} is not in the journal, "
                    f"{(now - fill.executed_at).total_seconds():.0f} s after it happened"
                )

    async def _weigh(self, found: list[Drift], statement: Statement) -> None:
        if not self._confirmed:
            self._books = statement
            return
        drift, times = self._seen
        times = times + 1 if found == drift else 1
        self._seen = (found, times)
        told = ", ".join(str(one) for one in found)
        log.warning("the account holds what no trade explains; looking again", drift=told, times=times)
        if times < TIMES_SEEN:
            return
        self._books, self._seen = statement, ([], 0)
        await self._store.add_incident(Incident(statement.at, "drift", told))
        if any(one.amount < 0 for one in found):
            raise Violation(
                f"the account holds what no trade and no transfer explains: {told}. If you have taken it out yourself, "
                "go on with `gridbot resume`, else look into `gridbot fills` and the exchange's own statement first"
            )
        log.warning("taken for a deposit", drift=told)
