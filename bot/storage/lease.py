"""The lease in the database: `bot.ports.Lease` over one row.

The holder changes the row's beat every fifth of the lease's time, and takes the lease for lost once it could not do
so for three fifths of it. A standby takes over when the row has not changed for the whole of it, by the standby's
own clock. The two fifths between are for clocks that do not run alike, and for requests that are on their way. Should
a holder wake up late all the same, every transaction in which it would write sees that the lease has another token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy.engine import Connection

from bot.errors import LeaseLost, StoreError
from bot.ports import Clock
from bot.storage import lease_row
from bot.storage.lease_row import LeaseRow
from bot.storage.process import process_is_gone
from bot.storage.store import SqlStore

log = structlog.stdlib.get_logger("lease")

RENEW = 1 / 5
"""The part of the lease's time after which it is renewed, and after which a standby looks at it again."""

LOOK = 1.0
"""Seconds, at most, between two looks of a standby, which sees then whether the holder has ended."""

RETRY = 1 / 20
"""The part of the lease's time after which a renewal that failed is tried again."""

CERTAIN = 3 / 5
"""The part of the lease's time for which a renewal makes it certain that nobody else has it."""

SHORTEST_WAIT = 0.001
"""Seconds; a timer of less may come before the clock shows any change."""


class StoreLease:
    """The right to trade on the account of one database.

    Args:
        store: once the lease was acquired, it stores nothing unless the lease is still the same one.
        clock: ours.
        holder: who we are, to be told to the others; see `bot.storage.process.this_process`.
        seconds: how long a holder may be silent before another takes over.
        is_gone: whether it is certain that a holder has ended, so that nobody has to wait.
    """

    def __init__(
        self,
        store: SqlStore,
        clock: Clock,
        *,
        holder: str,
        seconds: float,
        is_gone: Callable[[str], bool] = process_is_gone,
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._seconds = seconds
        self._is_gone = is_gone
        self._token: int | None = None
        self._renewed: _Moment | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is ours for certain, by our own clock, without asking the database."""
        return self._renewed is not None and self._renewed.age < CERTAIN * self._seconds

    async def acquire(self) -> None:
        """Come back when it is ours; waits for as long as another process holds it.

        When this is cancelled, `release` is still to be called: it may have been taken at that very moment.

        Raises:
            StoreError: the database refused the first look; a standby asks it again and again.
        """
        standby = _Standby()
        refused = False
        while True:
            try:
                if await self._try(standby):
                    return
            except StoreError as error:
                if standby.row is None:
                    raise
                if not refused:
                    log.warning("the database refuses; standing by all the same", why=str(error))
                refused = True
            else:
                refused = False
            look_in = min(RENEW * self._seconds, LOOK)
            await self._clock.sleep(
                look_in if refused else max(SHORTEST_WAIT, min(look_in, self._seconds - standby.silence))
            )

    async def keep(self) -> None:
        """Renew it until cancelled.

        Raises:
            LeaseLost: somebody else has it, or it could not be renewed in time.
        """
        assert self._token is not None, "it is acquired first"
        failing = False
        while True:
            await self._clock.sleep(self._seconds * (RETRY if failing else RENEW))
            now = _Moment(self._clock)
            try:
                await self._store.database.run(self._if_ours, lease_row.renew, self._token)
            except LeaseLost:
                raise
            except StoreError as error:
                if not self.is_held:
                    raise self._not_renewed(error) from error
                if not failing:
                    log.warning("the lease cannot be renewed; trying again", why=str(error))
                failing = True
            else:
                self._renewed, failing = now, False

    async def release(self) -> None:
        """Give it up, so that a standby takes over at once; our store stores nothing from here on.

        Does nothing when it is not ours (any more). A database that refuses is no error: a standby waits then.
        """
        token, self._token, self._renewed = self._token, None, None
        if token is None:
            return
        try:
            await self._store.database.run(lease_row.release, token)
        except StoreError as error:
            log.warning("the lease cannot be given up; others wait until it is old", why=str(error))

    async def _try(self, standby: _Standby) -> bool:
        """Take the lease if it may be taken; whether it is ours."""
        now = _Moment(self._clock)
        row = await self._store.database.run(lease_row.look)
        standby.see(row)
        why = self._why_free(standby, row)
        if why is None:
            if not standby.told:
                log.warning(f"another gridbot holds this database's lease: {row.holder}; standing by")
            standby.told = True
            return False
        if not await self._store.database.run(self._take, row):
            return False  # another was quicker
        self._renewed = now
        log.info("the database's lease is ours", why=why, fence=self._token)
        return True

    def _why_free(self, standby: _Standby, row: LeaseRow) -> str | None:
        if not row.holder:
            return "nobody had it"
        if self._is_gone(row.holder):
            return f"its holder has ended: {row.holder}"
        if standby.silence >= self._seconds:
            return f"its holder was silent for {self._seconds:g} s: {row.holder}"
        return None

    def _take(self, db: Connection, row: LeaseRow) -> bool:
        if not lease_row.take(db, row, self._holder):
            return False
        # In here, so that `release` and the store know even when the caller is cancelled at this moment.
        self._token = row.token + 1
        self._store.guard(partial(self._if_ours, work=lease_row.hold, token=self._token))
        return True

    def _if_ours(self, db: Connection, work: Callable[[Connection, int], None], token: int) -> None:
        """Do what raises `LeaseLost` when the lease is not ours, and remember it."""
        try:
            work(db, token)
        except LeaseLost:
            self._renewed = None
            raise

    def _not_renewed(self, error: StoreError) -> LeaseLost:
        return LeaseLost(
            f"the database's lease could not be renewed for {CERTAIN * self._seconds:g} s, so another gridbot may "
            f"take it: {error}; nothing is sent any more. Start this one again once the database can be reached"
        )


class _Moment:
    """When it was made, and how long ago that is.

    The event loop's time goes on while the process is stopped and is never set back; the clock goes on while the
    machine sleeps. The longer of the two is the safe one for whoever has to stop in time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._at = clock.now()
        self._ticks = self._loop.time()

    @property
    def age(self) -> float:
        """Seconds, at least."""
        return max(self._loop.time() - self._ticks, (self._clock.now() - self._at).total_seconds())


class _Standby:
    """What one who waits for the lease has seen of it."""

    def __init__(self) -> None:
        self.row: LeaseRow | None = None
        self.told = False
        self._loop = asyncio.get_running_loop()
        self._changed = 0.0

    def see(self, row: LeaseRow) -> None:
        """Note the row as it is now."""
        if row != self.row:
            self.row, self._changed = row, self._loop.time()

    @property
    def silence(self) -> float:
        """Seconds since the row was first seen as it is, at most: by the time that is never set forward."""
        return self._loop.time() - self._changed
