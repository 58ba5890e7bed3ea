"""Checks, every few minutes, that our books, the exchange's, and what the account holds agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.fill import Fill
from bot.domain.incident import Incident
from bot.domain.market import Market
from bot.portfolio.books import Drift, Statement, drifts, lasting
from bot.ports import Clock, Exchange, Store

log = structlog.stdlib.get_logger("auditor")

LATE = timedelta(minutes=2)
"""How long after it traded a fill, or a transfer, may come into sight: what is younger is not missed yet."""

TIMES_MISSED = 2
"""In how many audits, one after the other, a trade must be missed: it may have shown since the journal was compared."""

REACH = timedelta(hours=1)
"""How far back trades and transfers are read beyond the last statement: transfers may end late, and differently."""

TIMES_SEEN = 3
"""In how many audits, one after the other, the same drift must show: a list that is behind shows none the next time."""

TIMES_CHANGING = 12
"""The same for a drift that is another one every time: of that, what was there all the time counts."""

TOO_OLD = timedelta(hours=6)
"""After so long a time in which the account traded whenever it was looked at, the books are begun anew."""


class Violation(Exception):
    """What must always hold does not: going on would be a guess. The text says what, and what to do."""


class Auditor:
    """Compares statements of the account.

    Every unit and every dollar that came or went must be explained by a trade or a transfer that the exchange shows,
    and every trade of our orders must be in the journal. What came unexplained is a deposit: it is told and taken into
    the books. What is gone unexplained is a violation; without `halt_on_drift` it is told like a deposit.

    The first statement may be read in the middle of something, so that nothing counts until a second one has agreed
    with it, or a dozen have not.
    """

    def __init__(
        self,
        exchange: Exchange,
        store: Store,
        clock: Clock,
        markets: Sequence[Market],
        *,
        halt_on_drift: bool = True,
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._halts = halt_on_drift
        self._traded = {market.market_id: market.instrument_id for market in markets}
        self._books: Statement | None = None
        self._doubts = TIMES_CHANGING
        self._seen: list[list[Drift]] = []
        self._missed: Mapping[str, int] = {}

    async def audit(self) -> None:
        """Read a statement and check it; does nothing when the account trades meanwhile.

        Raises:
            Violation: something is gone, or a trade of ours was not in the journal for two audits; each is told once.
            ExchangeError: the exchange cannot be read.
        """
        now = self._clock.now()
        statement = await self._statement(now)
        if statement is None:
            if self._books is not None and now - self._books.at > TOO_OLD:
                self._books, self._doubts, self._seen = None, TIMES_CHANGING, []
            return
        await self._check_journal(list(statement.fills.values()), now)
        if self._books is None:
            self._books = statement
        elif found := drifts(self._books, statement, self._traded):
            await self._weigh(found, statement)
        else:
            self._books, self._doubts, self._seen = statement, 0, []

    async def _statement(self, now: datetime) -> Statement | None:
        """What there is now; None when something traded meanwhile, so that it does not belong together."""
        since, lately = (now if self._books is None else self._books.at) - REACH, now - LATE
        before = await self._exchange.fills(since=lately)
        cash = await self._exchange.cash()
        trading = await self._exchange.trading_units()
        transfers = await self._exchange.transfers(since=since)
        brought = await self._exchange.transfers_to_trading(since=since)
        after = await self._exchange.fills(since=lately)
        if {fill.trade_id for fill in before} != {fill.trade_id for fill in after}:
            return None
        older = [fill for fill in await self._exchange.fills(since=since) if fill.executed_at < lately]
        fills = [*older, *after]
        if not await self._knows({fill.market_id for fill in fills}):
            return None
        return Statement.of(now, cash, trading, fills, transfers, brought)

    async def _knows(self, market_ids: set[str]) -> bool:
        """Whether it is known what trades on these markets; there may be new ones."""
        if market_ids - self._traded.keys():
            self._traded |= {market.market_id: market.instrument_id for market in await self._exchange.markets()}
        if unlisted := market_ids - self._traded.keys():
            log.warning("no audit: trades on markets that the exchange does not list", markets=sorted(unlisted))
        return not unlisted

    async def _check_journal(self, fills: Sequence[Fill], now: datetime) -> None:
        due = {fill.trade_id: fill for fill in fills if fill.executed_at <= now - LATE}
        known = await self._store.known_trades(list(due)) if due else set()
        missing = [fill for trade_id, fill in due.items() if trade_id not in known]
        ours = await self._store.orders_by_order_id([fill.order_id for fill in missing]) if missing else {}
        missed = {fill.trade_id: fill for fill in missing if fill.order_id in ours}
        self._missed = {trade_id: self._missed.get(trade_id, 0) + 1 for trade_id in missed}
        for trade_id, fill in missed.items():
            if self._missed[trade_id] == TIMES_MISSED:
                raise Violation(
                    f"trade {trade_id} of our order {ours[fill.order_id].client_order_id} is not in the journal, "
                    f"{(now - fill.executed_at).total_seconds():.0f} s after it happened"
                )

    async def _weigh(self, found: list[Drift], statement: Statement) -> None:
        if self._doubts:
            self._books, self._doubts = statement, self._doubts - 1
            return
        self._seen.append(found)
        log.warning("the account holds what no trade explains; looking again", drift=_told(found))
        is_the_same = self._seen[-TIMES_SEEN:] == [found] * TIMES_SEEN
        if not is_the_same and len(self._seen) < TIMES_CHANGING:
            return
        certain = found if is_the_same else lasting(self._seen)
        self._books, self._seen = statement, []
        if not certain:
            return
        told = _told(certain)
        await self._store.add_incident(Incident(statement.at, "drift", told))
        if self._halts and any(one.amount < 0 for one in certain):
            raise Violation(
                f"something is gone from the account that no trade and no transfer explains: {told}. If you have taken "
                "it out yourself, go on with `gridbot resume`; else look into `gridbot fills` and the exchange's own "
                "statement first. If this exchange lists not all that it moves, set engine.on_drift to warn"
            )
        log.warning("the account changed, and no trade explains it; taken into the books", drift=told)


def _told(found: Sequence[Drift]) -> str:
    return ", ".join(str(one) for one in found)
